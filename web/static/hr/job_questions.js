/** The questions of a job in their order: added, moved by buttons or by dragging, removed and taken back. */

import { say } from "../shared/dom.js";
import { JobQuestion } from "./job_question.js";

export class JobQuestions {
  #list;
  #template;
  #none;
  #said;
  #mostSeconds;
  #onChange;
  /** @type {Map<Element, JobQuestion>} */
  #byElement = new Map();
  /** @type {HTMLElement | null} */
  #dragged = null;

  /**
   * @param {{ list: HTMLElement, template: HTMLTemplateElement, none: HTMLElement, said: HTMLElement }} parts
   * @param {number} mostSeconds of sound
   * @param {() => void} onChange
   */
  constructor(parts, mostSeconds, onChange) {
    this.#list = parts.list;
    this.#template = parts.template;
    this.#none = parts.none;
    this.#said = parts.said;
    this.#mostSeconds = mostSeconds;
    this.#onChange = onChange;
    for (const element of parts.list.children) if (element instanceof HTMLElement) this.#adopt(element);
    this.#list.addEventListener("dragover", (event) => this.#dragOver(event));
    this.#list.addEventListener("drop", (event) => event.preventDefault());
    this.#number();
  }

  /** Those that stay, in order. @returns {JobQuestion[]} */
  get kept() {
    return this.#all.filter((question) => !question.isRemoved);
  }

  /** An empty one at the end, ready to be written. */
  add() {
    const element = this.#template.content.firstElementChild?.cloneNode(true);
    if (!(element instanceof HTMLElement)) throw new Error("There is no template for questions.");
    this.#list.append(element);
    const question = this.#adopt(element);
    this.#changed();
    question.text.focus();
  }

  /** Those that were removed are gone for good: the server has been told. */
  forgetRemoved() {
    for (const question of this.#all) {
      if (!question.isRemoved) continue;
      this.#byElement.delete(question.element);
      question.element.remove();
    }
    this.#number();
  }

  /** @returns {JobQuestion[]} */
  get #all() {
    return [...this.#list.children].flatMap((element) => this.#byElement.get(element) ?? []);
  }

  /** @param {HTMLElement} element */
  #adopt(element) {
    const question = new JobQuestion(element, this.#mostSeconds, this.#onChange);
    this.#byElement.set(element, question);
    question.part("[data-up]").addEventListener("click", () => this.#move(question, -1));
    question.part("[data-down]").addEventListener("click", () => this.#move(question, 1));
    question.part("[data-remove]").addEventListener("click", () => this.#remove(question));
    question.part("[data-undo]").addEventListener("click", () => this.#takeBack(question));
    const grip = question.part("[data-grip]");
    grip.addEventListener("dragstart", (event) => this.#dragStart(event, element));
    grip.addEventListener("dragend", () => this.#dragEnd());
    return question;
  }

  /**
   * @param {JobQuestion} question
   * @param {1 | -1} by
   */
  #move(question, by) {
    const kept = this.kept;
    const other = kept[kept.indexOf(question) + by];
    if (other === undefined) return;
    const button = question.part(by < 0 ? "[data-up]" : "[data-down]");
    if (by < 0) other.element.before(question.element);
    else other.element.after(question.element);
    button.focus();
    this.#changed();
    this.#tellPlace(question);
  }

  /** @param {JobQuestion} question */
  #remove(question) {
    question.setRemoved(true);
    question.part("[data-undo]").focus();
    this.#changed();
    this.#tell("Question removed. It is gone once you save.");
  }

  /** @param {JobQuestion} question */
  #takeBack(question) {
    question.setRemoved(false);
    question.text.focus();
    this.#changed();
    this.#tell("Question is back.");
  }

  /**
   * @param {DragEvent} event
   * @param {HTMLElement} element
   */
  #dragStart(event, element) {
    this.#dragged = element;
    event.dataTransfer?.setData("text/plain", "");
    event.dataTransfer?.setDragImage(element, 24, 24);
    element.classList.add("question--dragged");
  }

  /** @param {DragEvent} event */
  #dragOver(event) {
    const dragged = this.#dragged;
    if (dragged === null) return;
    event.preventDefault();
    const over = event.target instanceof Element ? event.target.closest("[data-question]") : null;
    if (over === null || over === dragged) return;
    const box = over.getBoundingClientRect();
    if (event.clientY < box.top + box.height / 2) over.before(dragged);
    else over.after(dragged);
  }

  #dragEnd() {
    const dragged = this.#dragged;
    this.#dragged = null;
    dragged?.classList.remove("question--dragged");
    this.#changed();
    const question = dragged === null ? undefined : this.#byElement.get(dragged);
    if (question !== undefined) this.#tellPlace(question);
  }

  #changed() {
    this.#number();
    this.#onChange();
  }

  #number() {
    const kept = this.kept;
    kept.forEach((question, place) => question.setPlace(place + 1, kept.length));
    this.#none.hidden = this.#list.children.length > 0;
  }

  /** @param {JobQuestion} question */
  #tellPlace(question) {
    const kept = this.kept;
    this.#tell(`Now question ${kept.indexOf(question) + 1} of ${kept.length}.`);
  }

  /** @param {string} sentence */
  #tell(sentence) {
    this.#said.textContent = ""; // The same sentence twice is told twice.
    say(this.#said, sentence);
  }
}
