/**
 * Interviews that are ticked in the list, to be downloaded together. The form is sent by the browser itself; this tells how
 * many there are and keeps the ticks where rows are loaded anew.
 */

import { say } from "../shared/dom.js";

/** As many as the server puts into one ZIP. */
const MOST = 500;

export class Selection {
  /**
   * @param {Document} document
   * @param {HTMLElement} list
   */
  constructor(document, list) {
    this.document = document;
    this.list = list;
    /** @type {Set<string>} */
    this.ticked = new Set();
    /** @type {HTMLInputElement | null} */
    this.last = null;
  }

  listen() {
    this.list.addEventListener("click", (event) => {
      if (event.target instanceof HTMLInputElement && event.target.name === "id") this.#reach(event.target, event.shiftKey);
      if (event.target instanceof Element && event.target.closest("#selected-clear")) this.#clear();
    });
    this.list.addEventListener("change", (event) => {
      if (event.target instanceof HTMLInputElement && event.target.id === "tick-all") {
        for (const box of this.#boxes()) box.checked = event.target.checked;
      }
      this.#tell();
    });
    this.list.addEventListener("holdfast:rows", () => this.#restore());
    this.#tell(); // a browser keeps ticks when it goes back
  }

  #boxes() {
    return [...this.list.querySelectorAll('input[name="id"]')].filter((box) => box instanceof HTMLInputElement);
  }

  /**
   * With Shift, everything from the last box that was ticked to this one.
   *
   * @param {HTMLInputElement} box
   * @param {boolean} wholeRange
   */
  #reach(box, wholeRange) {
    const boxes = this.#boxes();
    const ends = [boxes.indexOf(this.last ?? box), boxes.indexOf(box)];
    if (wholeRange && !ends.includes(-1)) {
      for (const each of boxes.slice(Math.min(...ends), Math.max(...ends) + 1)) each.checked = box.checked;
      this.#tell();
    }
    this.last = box;
  }

  #clear() {
    for (const box of this.#boxes()) box.checked = false;
    this.#tell();
    const all = this.list.querySelector("#tick-all");
    if (all instanceof HTMLInputElement) all.focus({ preventScroll: true });
  }

  #restore() {
    for (const box of this.#boxes()) box.checked = this.ticked.has(box.value);
    this.#tell();
  }

  #tell() {
    const boxes = this.#boxes();
    this.ticked = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
    const count = this.ticked.size;
    const all = this.list.querySelector("#tick-all");
    if (all instanceof HTMLInputElement) {
      all.checked = count > 0 && count === boxes.length;
      all.indeterminate = count > 0 && count < boxes.length;
      all.disabled = boxes.length === 0;
    }
    const bar = this.list.querySelector("#selected");
    const said = this.list.querySelector("#selected-said");
    const button = bar?.querySelector('button[type="submit"]');
    if (!(bar instanceof HTMLElement) || !(said instanceof HTMLElement) || !(button instanceof HTMLButtonElement)) return;
    bar.classList.toggle("selected--some", count > 0);
    button.disabled = count === 0 || count > MOST;
    say(said, count > MOST ? `${count} selected; one ZIP takes ${MOST}` : `${count} selected`);
  }
}
