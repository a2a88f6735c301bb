/**
 * The screen for whoever comes back into an interview that has begun: how long they were away, what is safe, one press.
 *
 * @typedef {import("./flow.js").Flow} Flow
 * @typedef {import("./types.js").Interview} Interview
 */

import { need, say } from "../shared/dom.js";
import { clockTime, localeOf } from "../shared/format.js";
import { hasBegun, ordinal } from "./questions.js";

const SECOND_MS = 1000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Who was away, and what comes next. */
export class BackView {
  /**
   * @param {Document} document
   * @param {import("./texts.js").Texts} texts
   */
  constructor(document, texts) {
    this.document = document;
    this.texts = texts;
    this.preview = need(document, "back-preview", HTMLVideoElement);
    this.goOn = need(document, "continue-interview", HTMLButtonElement);
  }

  /** @param {string} id */
  #element(id) {
    return need(this.document, id, HTMLElement);
  }

  /** @param {Flow} flow @param {Interview} interview */
  render(flow, interview) {
    say(this.#element("back-title"), this.texts.say(hasLeft(flow) ? "back.later_title" : "back.title"));
    say(this.#element("back-said"), this.#said(flow, interview));
    say(this.#element("back-next"), this.#next(flow, interview));
    const off = this.#element("back-off");
    off.hidden = flow.devices === "open" && flow.hasPicture;
    this.preview.hidden = !off.hidden;
    const sentence = flow.devices === "open" ? "devices.sound_only" : flow.devices === "opening" ? "devices.asking" : "back.camera_off";
    say(this.#element("back-off-said"), this.texts.say(sentence));
    this.goOn.disabled = flow.resuming;
  }

  /** @param {Flow} flow @param {Interview} interview */
  #said(flow, interview) {
    const time = clockTime(flow.savedMs);
    if (hasLeft(flow)) return this.#later(interview, time);
    if (interview.state === "in_progress" && !flow.current) return this.texts.say("back.open_elsewhere");
    if (flow.questions.place?.step === "paused") return this.texts.say("back.paused", { time });
    if (flow.savedMs === 0) return this.texts.say("back.nothing");
    return flow.awayMs < SECOND_MS ? this.texts.say("back.safe", { time }) : this.texts.say("back.away", { away: this.#span(flow.awayMs), time });
  }

  /** @param {Interview} interview @param {string} time */
  #later({ deadline_at }, time) {
    if (!deadline_at) return this.texts.say("back.later", { time });
    const date = new Date(deadline_at).toLocaleDateString(localeOf(this.document), { dateStyle: "long" });
    return this.texts.say("back.later_until", { time, date });
  }

  /** How long somebody was away, as one would say it. @param {number} ms */
  #span(ms) {
    if (ms >= 2 * DAY_MS) return this.texts.say("back.days", { n: Math.floor(ms / DAY_MS) });
    return ms >= 2 * HOUR_MS ? this.texts.say("back.hours", { n: Math.floor(ms / HOUR_MS) }) : clockTime(ms);
  }

  /** @param {Flow} flow @param {Interview} interview */
  #next({ questions: { place } }, interview) {
    if (place === null || place.questions === 0 || !hasBegun(place)) return "";
    return this.texts.say("back.next", { n: ordinal(interview, place), of: place.questions });
  }

  /** @param {MediaStream | null} stream */
  showStream(stream) {
    this.preview.srcObject = stream;
  }
}

/** The candidate has just chosen to finish later, on this very page. @param {Flow} flow */
function hasLeft({ questions: { place }, links, devices }) {
  return place?.step === "paused" && links > 0 && devices === "closed";
}
