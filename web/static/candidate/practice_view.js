/** A question that is answered for practice: recorded in this page's memory, played back, thrown away. */

import { need, say, showOnly } from "../shared/dom.js";
import { clockTime } from "../shared/format.js";
import { Sample } from "./sample.js";

/** Long enough to hear oneself, short enough not to become an interview. */
const ANSWER_MS = 30_000;
const SECOND_MS = 1000;

/** The last screen before the first question. */
export class PracticeView {
  /**
   * @param {Document} document
   * @param {import("./texts.js").Texts} texts
   */
  constructor(document, texts) {
    this.document = document;
    this.texts = texts;
    this.section = need(document, "practice", HTMLElement);
    this.self = need(document, "practice-self", HTMLVideoElement);
    this.start = need(document, "practice-start", HTMLButtonElement);
    this.end = need(document, "practice-end", HTMLButtonElement);
    this.play = need(document, "practice-play", HTMLButtonElement);
    this.goOn = need(document, "practice-go-on", HTMLButtonElement);
    /** @type {MediaStream | null} */
    this.stream = null;
    this.sample = new Sample(need(document, "practice-sample", HTMLVideoElement), () => this.#draw());
    this.start.addEventListener("click", () => this.#record());
    this.end.addEventListener("click", () => this.sample.stop());
    this.play.addEventListener("click", () => this.sample.play());
  }

  /** @param {import("./flow.js").Flow} flow */
  render(flow) {
    need(this.document, "practice-off", HTMLElement).hidden = flow.hasPicture;
    this.#draw();
  }

  /** @param {MediaStream | null} stream */
  showStream(stream) {
    this.stream = stream;
    this.self.srcObject = stream;
    this.sample.forget();
    this.#draw();
  }

  #record() {
    if (this.stream !== null) this.sample.record(this.stream, ANSWER_MS);
  }

  #draw() {
    const { state } = this.sample;
    const isRecording = state === "recording";
    const hasOne = state === "recorded" || state === "playing";
    const held = this.document.activeElement;
    this.section.dataset.sample = state;
    this.start.hidden = isRecording || state === "failed";
    this.end.hidden = !isRecording;
    this.play.hidden = !hasOne;
    say(this.start, this.texts.say(hasOne ? "practice.again" : "practice.start"));
    say(this.goOn, this.texts.say(hasOne ? "practice.go_on" : "practice.skip"));
    // There is one main thing to do: first to try, then to begin.
    this.start.classList.toggle("button--primary", !hasOne);
    this.goOn.classList.toggle("button--primary", hasOne || state === "failed");
    say(need(this.document, "practice-said", HTMLElement), this.texts.say(`practice.${state}`));
    showOnly(need(this.document, "practice-timer", HTMLElement), isRecording ? "left" : "limit");
    // What is left is rounded up: 0:00 means that it is over.
    say(need(this.document, "practice-left", HTMLElement), clockTime((isRecording ? this.sample.leftMs : ANSWER_MS) + SECOND_MS - 1));
    this.#keepFocus(held);
  }

  /** The focus goes from a button that is gone to the one that took its place. @param {Element | null} held */
  #keepFocus(held) {
    if (!(held instanceof HTMLButtonElement) || !held.hidden || !this.section.contains(held)) return;
    const next = [this.end, this.play, this.start].find((button) => !button.hidden);
    next?.focus({ preventScroll: true });
  }
}
