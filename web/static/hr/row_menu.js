/**
 * What can be done with one interview, from its row in the list: a menu that opens at the row's button. It offers what the
 * reader's role allows; the server decides in any case. What needs a question first leads to Interview Results, which asks.
 */

import { copyText } from "../shared/dom.js";

const OPEN = ["invited", "consented", "in_progress", "interrupted"];

/**
 * @typedef {{label: string, href?: string, download?: boolean, do?: "copy", danger?: boolean}} Action
 * @typedef {{list: HTMLElement, menu: HTMLElement, say: (sentence: string) => void}} Places
 */

/**
 * @param {string} state
 * @param {string} role
 * @param {string} page the address of Interview Results
 * @param {string} api the address of the interview in the API
 * @returns {Action[]}
 */
export function actionsFor(state, role, page, api) {
  /** @type {Action[]} */
  const actions = [{ label: "Open", href: page }];
  if (state === "ready") actions.push({ label: "Download video", href: `${api}/video/download`, download: true });
  if (role !== "reviewer" && OPEN.includes(state)) {
    actions.push(
      { label: "Copy link", do: "copy" },
      { label: "Extend\u2026", href: `${page}#extend-dialog` },
      { label: "New link\u2026", href: `${page}#reissue-dialog` },
      { label: "Revoke link\u2026", href: `${page}#revoke-dialog` },
    );
  }
  if (role !== "reviewer" && state === "expired") actions.push({ label: "Open again\u2026", href: `${page}#extend-dialog` });
  if (role === "owner") actions.push({ label: "Delete\u2026", href: `${page}#delete-dialog`, danger: true });
  return actions;
}

export class RowMenu {
  /**
   * @param {Document} document
   * @param {Places} places
   */
  constructor(document, { list, menu, say }) {
    this.document = document;
    this.list = list;
    this.menu = menu;
    this.say = say;
    /** @type {HTMLButtonElement | null} */
    this.opener = null;
  }

  listen() {
    this.list.addEventListener("click", (event) => {
      const button = event.target instanceof Element ? event.target.closest("[data-menu]") : null;
      if (button instanceof HTMLButtonElement) this.#toggle(button);
    });
    this.menu.addEventListener("toggle", () => {
      if (!this.menu.matches(":popover-open")) this.#closed();
    });
    this.menu.addEventListener("keydown", (event) => this.#pressed(event));
    this.document.addEventListener("scroll", () => this.menu.hidePopover(), { capture: true, passive: true });
  }

  /** @param {HTMLButtonElement} button */
  #toggle(button) {
    const again = this.opener === button;
    this.menu.hidePopover();
    this.#closed();
    const row = button.closest("tr");
    if (again || row === null) return;
    const id = encodeURIComponent(row.dataset.sessionId ?? "");
    const api = `${this.list.dataset.api}${id}`;
    const actions = actionsFor(row.dataset.state ?? "", row.dataset.role ?? "", `${this.list.dataset.interviews}${id}`, api);
    this.menu.replaceChildren(...actions.map((action) => this.#item(action, api)));
    button.after(this.menu); // so that Tab goes from the button into the menu
    button.setAttribute("aria-expanded", "true");
    this.opener = button;
    this.menu.showPopover();
    const place = button.getBoundingClientRect();
    const below = place.bottom + this.menu.offsetHeight <= window.innerHeight;
    this.menu.style.top = `${below ? place.bottom : Math.max(0, place.top - this.menu.offsetHeight)}px`;
    this.menu.style.left = `${Math.max(8, place.right - this.menu.offsetWidth)}px`;
    this.#items()[0]?.focus({ preventScroll: true });
  }

  /**
   * @param {Action} action
   * @param {string} api
   */
  #item(action, api) {
    const item = this.document.createElement(action.href === undefined ? "button" : "a");
    if (item instanceof HTMLAnchorElement) {
      item.href = action.href ?? "";
      if (action.download) item.download = "";
    } else {
      item.type = "button";
      item.addEventListener("click", () => this.#copy(api));
    }
    item.className = action.danger ? "menu__item menu__item--danger" : "menu__item";
    item.textContent = action.label;
    return item;
  }

  /** @param {string} api */
  async #copy(api) {
    const opener = this.opener;
    this.menu.hidePopover();
    opener?.focus({ preventScroll: true });
    try {
      const response = await fetch(`${api}/link`);
      const told = await response.json();
      if (!response.ok) return this.say(String(told.detail ?? "The link could not be read. Please try again."));
      if (told.candidate_url === null) return this.say("The link is revoked. Make a new one on Interview Results.");
      const copied = await copyText(this.document, told.candidate_url);
      return this.say(copied ? "The link is copied." : "This browser does not let the page copy. Open the interview and copy the link there.");
    } catch {
      return this.say("The server did not answer. Check your connection and try again.");
    }
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    const items = this.#items();
    const at = items.findIndex((item) => item === this.document.activeElement);
    const to = { ArrowDown: (at + 1) % items.length, ArrowUp: (at - 1 + items.length) % items.length, Home: 0, End: items.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    items[to]?.focus();
  }

  /** @returns {HTMLElement[]} */
  #items() {
    return [...this.menu.querySelectorAll("a, button")].filter((item) => item instanceof HTMLElement);
  }

  #closed() {
    this.opener?.setAttribute("aria-expanded", "false");
    this.opener = null;
  }
}
