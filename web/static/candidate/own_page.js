/** The candidate's own page, once the interview is over: carries out what they press, shows what came of it. */

import { need } from "../shared/dom.js";
import { ApiProblem } from "./api.js";

/** One's own page. */
export class OwnPage {
  /**
   * @param {{api: import("./own_api.js").OwnApi, view: import("./own_view.js").OwnView, window: Window}} parts
   */
  constructor({ api, view, window }) {
    this.api = api;
    this.view = view;
    this.window = window;
    /** @type {import("./own_api.js").Own | null} */
    this.own = null;
    this.#listen();
  }

  /**
   * Load it and draw it.
   * @throws {ApiProblem} there is no such page, or the server cannot be reached
   */
  async open() {
    this.#told(await this.api.load());
  }

  #listen() {
    const { view } = this;
    const on = (/** @type {string} */ id, /** @type {() => unknown} */ action) => view.button(id).addEventListener("click", action);
    on("own-ask", () => view.sure.showModal());
    on("own-no", () => view.sure.close());
    on("own-yes", () => this.#ask());
    on("own-send", () => this.#tried(view.button("own-send"), () => this.#send()));
    on("own-open", () => this.#tried(view.button("own-open"), () => this.#unlock(null)));
    on("own-receipt", () => this.#tried(view.button("own-receipt"), () => this.#download()));
    on("own-print", () => this.window.print());
    view.codeForm.addEventListener("submit", (event) => {
      event.preventDefault();
      const button = view.codeForm.querySelector("button");
      if (button) void this.#tried(button, () => this.#unlock(view.code.value));
    });
    // The hour is over, or the release was taken back: what plays no longer says why by itself.
    view.player.addEventListener("error", () => void this.#tried(null, () => this.open()));
  }

  /** @param {import("./own_api.js").Own} own */
  #told(own) {
    this.own = own;
    this.view.render(own);
  }

  #ask() {
    this.view.sure.close();
    void this.#tried(this.view.button("own-ask"), async () => {
      this.#told(await this.api.askForDeletion());
      need(this.view.document, "own-asked-title", HTMLElement).focus();
    });
  }

  async #send() {
    await this.api.sendCode();
    this.view.showSent(this.own?.viewing?.sent_to ?? "");
  }

  /** @param {string | null} code */
  async #unlock(code) {
    await this.api.unlock(code);
    await this.open();
    this.view.player.focus();
  }

  async #download() {
    const { text, name } = await this.api.receipt();
    const link = this.view.document.createElement("a");
    link.href = URL.createObjectURL(text);
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  }

  /**
   * One action at a time; what went wrong is said.
   * @param {HTMLButtonElement | null} button
   * @param {() => Promise<void>} action
   */
  async #tried(button, action) {
    if (button?.disabled) return;
    if (button) button.disabled = true;
    this.view.showProblem(null, "");
    try {
      await action();
    } catch (error) {
      if (!(error instanceof ApiProblem)) throw error;
      this.view.showProblem(error, this.own?.contact ?? "");
    } finally {
      if (button) button.disabled = false;
    }
  }
}
