/** The timeline as elements: answers, what is missing, where parts meet, the waveform, and a peek at what is under the pointer. */

import { need, say } from "../shared/dom.js";
import { clockTime } from "../shared/format.js";
import { answerAt, nameOf, thumbnailAt, wavePath } from "./answers.js";
import { startOf } from "./playlist.js";

const SVG = "http://www.w3.org/2000/svg";
/** Room for the round end of the seek bar, on either side, in pixels: its middle is where the time is. */
const INSET_PX = 8;

/**
 * @typedef {{interval_ms: number, count: number, columns: number, width: number, height: number}} Sheet
 * @typedef {{sheet: Sheet | null, peaks: number[], thumbnailsUrl: string}} Previews
 */

/** Draws what stays as it is while the recording plays, and the peek. */
export class TimelineView {
  /** @param {Document} document */
  constructor(document) {
    this.document = document;
    this.track = need(document, "track", HTMLElement);
    this.peek = need(document, "peek", HTMLElement);
    this.picture = need(document, "peek-picture", HTMLElement);
    this.played = /** @type {SVGElement | null} */ (/** @type {unknown} */ (document.getElementById("wave-played")));
    /** @type {Previews | null} */
    this.previews = null;
    /** @type {readonly import("./answers.js").Answer[]} */
    this.answers = [];
    this.total = 1;
  }

  /** Where answers lie, from the list of questions. @returns {import("./answers.js").Answer[]} in order of time */
  readAnswers() {
    const rows = [...this.document.querySelectorAll("[data-take][data-start]")].filter((row) => row instanceof HTMLElement);
    const answers = rows.map(({ dataset }) => ({
      startMs: Number(dataset.start),
      endMs: dataset.end === undefined ? null : Number(dataset.end),
      nth: dataset.nth ?? "",
      take: Number(dataset.take?.split(":")[1]),
      counts: dataset.counts !== undefined,
    }));
    return answers.sort((one, other) => one.startMs - other.startMs);
  }

  /**
   * @param {{parts: readonly import("./playlist.js").Part[], total: number}} player
   * @param {readonly import("./answers.js").Answer[]} answers
   */
  draw({ parts, total }, answers) {
    this.answers = answers;
    this.total = Math.max(1, total);
    const spans = answers.map((answer) => this.#answer(answer));
    const borders = parts.slice(1).map((_, index) => this.#span("mark--part", startOf(parts, index + 1), null));
    need(this.document, "timeline-marks", HTMLElement).replaceChildren(...spans);
    const gaps = parts.flatMap((part, index) => part.gaps.map((gap) => this.#span("mark--gap", startOf(parts, index) + gap.startMs, startOf(parts, index) + gap.endMs)));
    need(this.document, "timeline-lost", HTMLElement).replaceChildren(...gaps, ...borders);
  }

  /** @param {number} now milliseconds */
  render(now) {
    if (this.played !== null) this.played.style.clipPath = `inset(0 ${(100 - (now / this.total) * 100).toFixed(2)}% 0 0)`;
  }

  /** @param {Previews} previews */
  showPreviews(previews) {
    this.previews = previews;
    const d = wavePath(previews.peaks);
    for (const id of ["wave", "wave-played"]) {
      const path = this.document.createElementNS(SVG, "path");
      path.setAttribute("d", d);
      this.document.getElementById(id)?.replaceChildren(path);
    }
    const { sheet } = previews;
    this.picture.hidden = sheet === null;
    if (sheet === null) return;
    // The whole sheet is fetched before somebody points at the timeline, so that the peek never blinks.
    new Image().src = previews.thumbnailsUrl;
    this.picture.style.width = `${sheet.width}px`;
    this.picture.style.height = `${sheet.height}px`;
    this.picture.style.backgroundImage = `url("${previews.thumbnailsUrl}")`;
  }

  /** What somebody's pointer is at. @param {number} clientX @returns {number} milliseconds */
  timeAt(clientX) {
    const { left, width } = this.track.getBoundingClientRect();
    return Math.min(1, Math.max(0, (clientX - left - INSET_PX) / Math.max(1, width - 2 * INSET_PX))) * this.total;
  }

  /** @param {number} ms */
  showPeek(ms) {
    this.peek.hidden = false;
    say(need(this.document, "peek-time", HTMLElement), clockTime(ms));
    say(need(this.document, "peek-about", HTMLElement), nameOf(answerAt(this.answers, ms), this.answers));
    const sheet = this.previews?.sheet;
    if (sheet) {
      const { x, y } = thumbnailAt(sheet, ms);
      this.picture.style.backgroundPosition = `-${x}px -${y}px`;
    }
    const { width } = this.track.getBoundingClientRect();
    const half = this.peek.offsetWidth / 2;
    const middle = INSET_PX + (ms / this.total) * (width - 2 * INSET_PX);
    this.peek.style.left = `${Math.min(Math.max(middle, half), Math.max(half, width - half))}px`;
  }

  hidePeek() {
    this.peek.hidden = true;
  }

  /** @param {import("./answers.js").Answer} answer */
  #answer(answer) {
    const next = this.answers.find(({ startMs }) => startMs > answer.startMs)?.startMs ?? this.total;
    const mark = this.#span("mark", answer.startMs, answer.endMs ?? next);
    mark.classList.add(answer.counts ? "mark--answer" : "mark--take");
    mark.dataset.nth = answer.nth;
    mark.dataset.playerAt = String(answer.startMs);
    mark.title = nameOf(answer, this.answers);
    return mark;
  }

  /** @param {string} name @param {number} startMs @param {number | null} endMs null for a moment */
  #span(name, startMs, endMs) {
    const mark = this.document.createElement("span");
    mark.className = name;
    mark.style.insetInlineStart = `${((startMs / this.total) * 100).toFixed(3)}%`;
    if (endMs !== null) mark.style.width = `${(((endMs - startMs) / this.total) * 100).toFixed(3)}%`;
    return mark;
  }
}
