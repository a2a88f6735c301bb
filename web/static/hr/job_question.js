/** One question of a job, as it stands on the page. */

import { say } from "../shared/dom.js";
import { JobSound } from "./job_sound.js";

/**
 * A question as the API takes it.
 * @typedef {{ id?: number, text: string, think_ms: number | null, answer_ms: number | null, max_takes: number, optional: boolean }} QuestionWanted
 */

let made = 0;

export class JobQuestion {
  /** Tells it from all others on this page, whether the server knows it or not. */
  key = (made += 1);
  /** @type {number | null} the server's id; null while it has not heard of it */
  id;
  element;
  sound;
  isRemoved = false;

  /**
   * @param {HTMLElement} element
   * @param {number} mostSeconds of sound
   * @param {() => void} onChange
   */
  constructor(element, mostSeconds, onChange) {
    this.element = element;
    this.id = element.dataset.id === undefined ? null : Number(element.dataset.id);
    this.sound = new JobSound(this.part("[data-sound-area]"), element.dataset.sound ?? null, mostSeconds, onChange);
    element.addEventListener("input", () => this.#showLimits());
    element.addEventListener("change", () => this.#showLimits());
    this.#showLimits();
  }

  /** @returns {QuestionWanted} */
  read() {
    const seconds = (/** @type {string} */ name) => Math.round(Number(this.#input(name).value)) * 1000;
    const think = this.#select("[data-think]").value;
    return {
      ...(this.id === null ? {} : { id: this.id }),
      text: this.text.value.trim(),
      think_ms: think === "none" ? 0 : think === "unlimited" ? null : seconds("[data-think-seconds]"),
      answer_ms: this.#select("[data-answer]").value === "limited" ? seconds("[data-answer-seconds]") : null,
      max_takes: Math.round(Number(this.#input("[data-takes]").value)),
      optional: this.#input("[data-optional]").checked,
    };
  }

  /**
   * What is wrong with it, shown beside it.
   * @returns {HTMLElement | null} the first field that has to be put right
   */
  check() {
    const [sentence, field] = this.#wrong() ?? ["", null];
    const problem = this.part("[data-problem]");
    problem.hidden = field === null;
    say(this.part("[data-problem] > span"), sentence);
    for (const each of this.element.querySelectorAll("[aria-invalid]")) each.removeAttribute("aria-invalid");
    field?.setAttribute("aria-invalid", "true");
    return field;
  }

  /** @param {string} sentence what the server said of it */
  refused(sentence) {
    this.part("[data-problem]").hidden = false;
    say(this.part("[data-problem] > span"), sentence);
  }

  /** @param {boolean} removed */
  setRemoved(removed) {
    this.isRemoved = removed;
    if (removed) this.sound.close();
    this.part("[data-whole]").hidden = removed;
    this.part("[data-gone]").hidden = !removed;
    const words = this.text.value.trim();
    say(this.part("[data-gone-said]"), words === "" ? "Question removed." : `Removed: “${shortened(words)}”`);
  }

  /** @param {number} number from 1 @param {number} count of all that stay */
  setPlace(number, count) {
    say(this.part("[data-number]"), `Question ${number}`);
    this.part("[data-up]").setAttribute("aria-disabled", String(number === 1));
    this.part("[data-down]").setAttribute("aria-disabled", String(number === count));
  }

  /** @returns {HTMLTextAreaElement} */
  get text() {
    const text = this.part("[data-text]");
    if (!(text instanceof HTMLTextAreaElement)) throw new Error("A question has no field for its text.");
    return text;
  }

  /** @param {string} selector */
  part(selector) {
    const found = this.element.querySelector(selector);
    if (!(found instanceof HTMLElement)) throw new Error(`A question has no ${selector}.`);
    return found;
  }

  /** @returns {[string, HTMLElement] | null} */
  #wrong() {
    if (this.text.value.trim() === "") return ["Write what is asked, or remove this question.", this.text];
    for (const [when, name, word] of /** @type {const} */ ([
      [this.#select("[data-think]").value === "limited", "[data-think-seconds]", "Seconds to think"],
      [this.#select("[data-answer]").value === "limited", "[data-answer-seconds]", "Seconds to answer"],
      [true, "[data-takes]", "Takes"],
    ])) {
      const field = this.#input(name);
      if (when && !field.checkValidity()) return [`${word}: a whole number from ${field.min} to ${field.max}.`, field];
      if (when && field.value === "") return [`${word}: write a number.`, field];
    }
    return null;
  }

  #showLimits() {
    this.part("[data-think-limit]").hidden = this.#select("[data-think]").value !== "limited";
    this.part("[data-answer-limit]").hidden = this.#select("[data-answer]").value !== "limited";
  }

  /** @param {string} selector */
  #input(selector) {
    const found = this.part(selector);
    if (!(found instanceof HTMLInputElement)) throw new Error(`${selector} is no field.`);
    return found;
  }

  /** @param {string} selector */
  #select(selector) {
    const found = this.part(selector);
    if (!(found instanceof HTMLSelectElement)) throw new Error(`${selector} is no choice.`);
    return found;
  }
}

/** @param {string} words */
function shortened(words) {
  return words.length > 60 ? `${words.slice(0, 59).trimEnd()}…` : words;
}
