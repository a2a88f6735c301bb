/** A table whose head sorts it. The sort buttons name a column; each row's cell carries its value as `data-<column>`. */

import { compareCells, nextOrder } from "./sort_rows.js";

/** Sorts a `<table>` in place. */
export class SortableTable {
  /** @param {HTMLTableElement} table */
  constructor(table) {
    this.table = table;
  }

  listen() {
    for (const button of this.table.querySelectorAll("button[data-sort]")) {
      button.addEventListener("click", () => this.#sortBy(button.getAttribute("data-sort") ?? "", button.closest("th")));
    }
  }

  /**
   * @param {string} key
   * @param {HTMLTableCellElement | null} head
   */
  #sortBy(key, head) {
    const body = this.table.tBodies[0];
    if (body === undefined || head === null) return;
    const order = nextOrder(key, head.getAttribute("aria-sort"));
    for (const other of this.table.querySelectorAll("th[aria-sort]")) other.setAttribute("aria-sort", "none");
    head.setAttribute("aria-sort", order);
    const sign = order === "ascending" ? 1 : -1;
    body.append(...[...body.rows].sort((a, b) => sign * compareCells(key, cell(a, key), cell(b, key))));
  }
}

/**
 * @param {HTMLTableRowElement} row
 * @param {string} key
 */
function cell(row, key) {
  return row.querySelector(`[data-${key}]`)?.getAttribute(`data-${key}`) ?? "";
}
