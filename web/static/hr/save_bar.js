/** Says whether what is on the page is saved, and what to do when it is not. */

import { need, say } from "../shared/dom.js";

const SAID = {
  new: "Not saved yet",
  dirty: "Unsaved changes",
  saving: "Saving…",
  saved: "All changes are saved",
  saved_now: "Saved at {time}",
};
/** @typedef {keyof typeof SAID} Standing */

const SIGNED_OUT = 401;
const CHANGED_MEANWHILE = 412;

export class SaveBar {
  #document;

  /** @param {Document} document */
  constructor(document) {
    this.#document = document;
  }

  /** @param {Standing} standing */
  show(standing) {
    const time = new Date().toLocaleTimeString(undefined, { timeStyle: "short" });
    this.#say(standing, SAID[standing].replace("{time}", time));
    this.#offer(0);
    need(this.#document, "save", HTMLButtonElement).setAttribute("aria-disabled", String(standing === "saving"));
  }

  /** @param {{ status: number, said: string }} refused */
  refused(refused) {
    this.#say("problem", refused.said);
    this.#offer(refused.status);
    need(this.#document, "save", HTMLButtonElement).setAttribute("aria-disabled", "false");
  }

  /** @param {number} status what there is to do about it */
  #offer(status) {
    need(this.#document, "conflict", HTMLElement).hidden = status !== CHANGED_MEANWHILE;
    need(this.#document, "sign-in-again", HTMLElement).hidden = status !== SIGNED_OUT;
  }

  /**
   * @param {string} state
   * @param {string} sentence
   */
  #say(state, sentence) {
    need(this.#document, "save-said", HTMLElement).dataset.state = state;
    say(need(this.#document, "save-text", HTMLElement), sentence);
  }
}
