/**
 * The question, its time, and what can be done now, as elements. Draws what questions.js says.
 *
 * @typedef {import("./flow.js").Flow} Flow
 * @typedef {import("./types.js").Interview} Interview
 * @typedef {import("./types.js").Place} Place
 */

import { need, say } from "../shared/dom.js";
import { clockTime, localeOf } from "../shared/format.js";
import { isSettling, ordinal, timer } from "./questions.js";

/** A time that stands is told of after this long: every step begins with a moment that is not saved yet. */
const STANDS_MS = 1500;
const SECOND_MS = 1000;

/** What can be done in each step; the first that is shown is the main one. @type {Record<import("./types.js").Step, string[]>} */
const BUTTONS = {
  before: [],
  thinking: ["start-answer", "skip", "pause", "later"],
  answering: ["end-answer", "skip", "pause", "later"],
  answered: ["next-question", "finish", "retake", "pause", "later"],
  paused: ["go-on", "finish"],
  done: ["finish"],
};
const ALL = ["start-answer", "end-answer", "next-question", "go-on", "finish", "retake", "skip", "pause", "later"];

/** The question and the buttons of the dock. */
export class QuestionView {
  /**
   * @param {Document} document
   * @param {import("./texts.js").Texts} texts
   */
  constructor(document, texts) {
    this.document = document;
    this.texts = texts;
    this.title = this.#element("question-title");
    this.takes = this.#element("takes-list");
    /** What is shown: question and step. */
    this.shown = "";
    this.question = 0;
    /** Whether the end of an answer's time is told to a screen reader. */
    this.announces = false;
  }

  /** @param {string} id */
  #element(id) {
    return need(this.document, id, HTMLElement);
  }

  /** @param {Flow} flow @param {Interview} interview */
  render(flow, interview) {
    const { place } = flow.questions;
    const held = this.document.activeElement;
    this.#drawQuestion(place, interview);
    this.#drawButtons(flow, interview);
    this.#drawTakes(flow.questions);
    this.#drawTimer(flow);
    this.#keepFocus(place, held);
  }

  /** @param {Place | null} place @param {Interview} interview */
  #drawQuestion(place, interview) {
    const isAsked = place !== null && place.questions > 0 && place.step !== "before";
    const n = isAsked ? ordinal(interview, place) : 0;
    const question = interview.questions[n - 1];
    const nth = question?.optional ? "question.nth_optional" : "question.nth";
    say(this.#element("question-nth"), isAsked ? this.texts.say(nth, { n, of: place.questions }) : interview.job.title);
    const waits = place?.step === "before" && place.questions > 0;
    // While the server has not said where the candidate is, every question is there.
    const all = place === null ? interview.questions.map(({ text }) => text).join(" ") : "";
    say(this.title, question?.text || all || this.texts.say(waits ? "question.soon" : "question.free"));
    say(this.#element("question-said"), waits ? this.texts.say("question.soon_said") : isAsked ? this.#stepSaid(place, interview) : "");
    this.#element("hear").hidden = !question?.sound_url || place?.step === "paused";
    this.#element("hear").dataset.url = question?.sound_url ?? "";
  }

  /** @param {Place} place @param {Interview} interview */
  #stepSaid(place, interview) {
    switch (place.step) {
      case "thinking": return this.texts.say(place.think_limit_ms === null ? "question.think_free_said" : "question.think_said");
      case "answering": return this.texts.say("question.answering_said");
      case "answered": return this.texts.say(isLast(place, interview) ? "question.last_answered_said" : place.by_itself ? "question.time_over_said" : "question.answered_said");
      case "paused": return this.#leaveSaid(interview);
      default: return "";
    }
  }

  /** @param {Interview} interview */
  #leaveSaid({ deadline_at }) {
    if (!deadline_at) return this.texts.say("pause.leave");
    const date = new Date(deadline_at).toLocaleDateString(localeOf(this.document), { dateStyle: "long" });
    return this.texts.say("pause.leave_until", { date });
  }

  /** @param {Flow} flow @param {Interview} interview */
  #drawButtons(flow, interview) {
    const { place, asked } = flow.questions;
    const shown = buttonsShown(place, interview);
    const isBusy = asked !== null || isSettling(flow.questions, flow.now);
    for (const id of ALL) {
      const button = this.#element(id);
      button.hidden = !shown.includes(id);
      if (id !== "finish") button.toggleAttribute("data-busy", isBusy);
      if (isBusy && id !== "finish") button.setAttribute("aria-disabled", "true");
      else button.removeAttribute("aria-disabled");
    }
    // There is one main thing to do; while paused that is to go on.
    this.#element("finish").classList.toggle("button--primary", place?.step !== "paused");
    say(this.#element("retake"), this.texts.say("take.again", { left: place?.takes_left ?? 0 }));
  }

  /**
   * What the candidate has just chosen stays chosen while the server has not answered.
   * @param {import("./questions.js").Questions} questions
   */
  #drawTakes({ place, asked }) {
    const takes = place?.step === "answered" && place.takes.length > 1 ? place.takes : [];
    this.#element("takes").hidden = takes.length === 0;
    if (this.takes.childElementCount !== takes.length) this.takes.replaceChildren(...takes.map(({ number }) => this.#takeChoice(number)));
    const wished = asked?.event === "choose_take" ? asked.take : null;
    for (const { number, chosen } of takes) need(this.document, `take-${number}`, HTMLInputElement).checked = wished === null ? chosen : wished === number;
  }

  /** @param {number} number */
  #takeChoice(number) {
    const label = this.document.createElement("label");
    const choice = this.document.createElement("input");
    Object.assign(choice, { type: "radio", name: "take", id: `take-${number}`, value: String(number) });
    label.className = "takes__one";
    label.append(choice, this.texts.say("take.nth", { n: number }));
    return label;
  }

  /** @param {Flow} flow */
  #drawTimer(flow) {
    const shown = timer(flow.questions, flow.now);
    const box = this.#element("timer");
    box.dataset.timer = shown === null ? "none" : shown.leftMs === null ? "free" : shown.kind;
    box.dataset.last = String(shown?.isLast ?? false);
    const label = shown === null ? "" : shown.leftMs === null ? "no_limit" : shown.isLast ? "answer_last" : shown.kind;
    say(this.#element("timer-label"), label === "" ? "" : this.texts.say(`question.${label}`));
    // What is left is rounded up: 0:00 means that it is over.
    say(this.#element("timer-value"), shown === null || shown.leftMs === null ? "" : clockTime(shown.leftMs + SECOND_MS - 1));
    const stands = shown !== null && shown.leftMs !== null && (flow.lagging || (shown.stands && flow.now - flow.questions.arrivedAt > STANDS_MS));
    say(this.#element("timer-said"), stands ? this.texts.say("question.stands") : "");
    const isTold = this.announces && shown !== null && shown.leftMs !== null && shown.isLast;
    // The number is the one at which it was first said; a status that changes every second would be read every second.
    const announcer = this.#element("time-announcer");
    if (!isTold) say(announcer, "");
    else if (announcer.textContent === "") say(announcer, this.texts.say("question.seconds_left", { seconds: Math.ceil((shown.leftMs ?? 0) / SECOND_MS) }));
  }

  /**
   * A new question takes the focus to its heading; within a question the focus goes from a button that is gone to the
   * one that took its place.
   * @param {Place | null} place
   * @param {Element | null} held what had the focus before
   */
  #keepFocus(place, held) {
    const shown = `${place?.question} ${place?.step}`;
    if (shown === this.shown) return;
    this.shown = shown;
    const isAsked = place !== null && place.step !== "before";
    const isNew = isAsked && place.question !== this.question;
    if (isAsked) this.question = place.question;
    if (isNew) {
      this.title.focus({ preventScroll: true });
      this.document.defaultView?.scrollTo(0, 0);
    } else if (held instanceof HTMLElement && held.closest("[data-screen='interview']") !== null && held.closest("[hidden]") !== null) {
      this.#mainButton()?.focus({ preventScroll: true });
    }
  }

  #mainButton() {
    return ALL.map((id) => this.#element(id)).find((button) => !button.hidden);
  }

  /** @param {"idle" | "playing" | "failed"} state of the question's sound */
  showSound(state) {
    say(this.#element("hear-said"), this.texts.say(state === "playing" ? "question.hear_stop" : "question.hear"));
    say(this.#element("hear-failed"), state === "failed" ? this.texts.say("question.hear_failed") : "");
  }
}

/** @param {Place} place @param {Interview} interview */
function isLast(place, interview) {
  return ordinal(interview, place) === place.questions;
}

/** @param {Place | null} place @param {Interview} interview @returns {string[]} ids */
function buttonsShown(place, interview) {
  // Without questions there is one thing to do.
  if (place === null || place.questions === 0) return ["finish"];
  const hidden = new Set([isLast(place, interview) ? "next-question" : place.step === "answered" ? "finish" : "", place.takes_left === 0 ? "retake" : "", place.can.includes("skip") ? "" : "skip"]);
  return BUTTONS[place.step].filter((id) => !hidden.has(id));
}
