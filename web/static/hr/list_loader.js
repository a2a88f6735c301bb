/**
 * Loads the list again while somebody types or filters, and puts it in the place of the present one. The server makes the
 * same page as without this script; only the list is taken from it, so nothing else on the page moves.
 */

import { localiseTimes } from "../shared/local_times.js";

/** So long nothing is typed before the list is loaded. */
const PAUSE_MS = 180;
/** So many rows stand for those that are on their way. */
const SKELETONS = 4;

/** @typedef {{form: HTMLFormElement, list: HTMLElement, said: HTMLElement, menu: HTMLElement}} Places */

export class ListLoader {
  /**
   * @param {Document} document
   * @param {Places} places
   */
  constructor(document, { form, list, said, menu }) {
    this.document = document;
    this.form = form;
    this.list = list;
    this.said = said;
    this.menu = menu;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    this.asked = new AbortController();
  }

  listen() {
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#show(this.#address());
    });
    this.form.addEventListener("input", (event) => {
      const typed = event.target instanceof HTMLInputElement;
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.#show(this.#address()), typed ? PAUSE_MS : 0);
    });
    this.list.addEventListener("click", (event) => this.#clicked(event));
    window.addEventListener("popstate", () => location.reload());
  }

  /** @param {MouseEvent} event */
  #clicked(event) {
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    if (link === null || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    if (link.id === "more") {
      event.preventDefault();
      this.#append(link);
    } else if (link.hasAttribute("data-list-link")) {
      event.preventDefault();
      clearTimeout(this.timer);
      this.#show(link.href, keyOf(link));
    }
  }

  #address() {
    const address = new URL(this.form.action);
    for (const [name, value] of new FormData(this.form)) if (value !== "") address.searchParams.append(name, String(value));
    return address.href;
  }

  /**
   * @param {string} address
   * @param {string | null} focused what to focus afterwards, since what had the focus is replaced
   */
  async #show(address, focused = null) {
    const page = await this.#load(address);
    const list = page?.getElementById("list");
    if (!page || !list) return;
    this.form.after(this.menu); // it stands in the row that it was opened at
    this.list.replaceChildren(...list.childNodes);
    this.list.dispatchEvent(new CustomEvent("holdfast:rows"));
    const form = page.getElementById("filters");
    if (form instanceof HTMLFormElement) this.#takeHidden(form);
    history.replaceState(null, "", address);
    const wanted = focused === null ? null : this.list.querySelector(focused);
    if (wanted instanceof HTMLElement) wanted.focus();
    const rows = this.list.querySelectorAll("tbody tr").length;
    const more = this.list.querySelector("#more") !== null;
    this.said.textContent = rows === 0 ? "Nothing found" : `${rows} ${more ? "interviews shown, there are more" : rows === 1 ? "interview" : "interviews"}`;
  }

  /**
   * State and order stand in hidden fields, so that the next search keeps them.
   *
   * @param {HTMLFormElement} form as the server made it
   */
  #takeHidden(form) {
    for (const field of this.form.querySelectorAll('input[type="hidden"]')) field.remove();
    this.form.append(...form.querySelectorAll('input[type="hidden"]'));
  }

  /** Rows without words, where the next ones will stand. */
  #skeletons() {
    const body = this.list.querySelector("#interviews tbody");
    const first = body?.querySelector("tr");
    return Array.from({ length: SKELETONS }, () => {
      const row = this.document.createElement("tr");
      row.className = "skeleton";
      row.setAttribute("aria-hidden", "true");
      for (const cell of first?.cells ?? []) row.append(cell.cloneNode(false));
      body?.append(row);
      return row;
    });
  }

  /** @param {HTMLAnchorElement} link */
  async #append(link) {
    const skeletons = this.#skeletons();
    const page = await this.#load(link.href);
    for (const skeleton of skeletons) skeleton.remove();
    const rows = page?.querySelectorAll("#interviews tbody tr");
    const body = this.list.querySelector("#interviews tbody");
    if (!page || !rows || !body) return;
    const first = rows[0];
    body.append(...rows);
    this.list.dispatchEvent(new CustomEvent("holdfast:rows"));
    const next = page.getElementById("more");
    if (next instanceof HTMLAnchorElement) link.href = next.href;
    else link.remove();
    first?.querySelector("a")?.focus({ preventScroll: true });
    this.said.textContent = `${rows.length} more interviews`;
  }

  /**
   * @param {string} address
   * @returns {Promise<Document | null>} null when it was overtaken by a newer wish, or could not be loaded
   */
  async #load(address) {
    this.asked.abort();
    this.asked = new AbortController();
    this.list.setAttribute("aria-busy", "true");
    try {
      const response = await fetch(address, { signal: this.asked.signal });
      if (response.redirected || !response.ok) {
        location.assign(address); // signed out meanwhile, or a fault: the whole page tells what it is
        return null;
      }
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      localiseTimes(page);
      this.list.setAttribute("aria-busy", "false");
      return page;
    } catch (error) {
      if (error instanceof DOMException && error.name === "AbortError") return null;
      this.list.setAttribute("aria-busy", "false");
      this.said.textContent = "The list could not be loaded. Check your connection and try again.";
      return null;
    }
  }
}

/**
 * @param {HTMLAnchorElement} link
 * @returns {string} how to find it again in the new list
 */
function keyOf(link) {
  const column = link.closest("th");
  if (column) return `th:nth-child(${column.cellIndex + 1}) a`;
  return link.classList.contains("chip") ? '.chip[aria-current="true"]' : ".chip";
}
