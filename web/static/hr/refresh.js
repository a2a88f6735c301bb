/** Keeps the page up to date while the interview runs, is joined, or its previews are drawn: nothing jumps, nothing is lost. */

import { need, say } from "../shared/dom.js";
import { localiseTimes } from "../shared/local_times.js";

/** How soon to look again, by what the interview is. */
const RUNNING_MS = 3000;
const WAITING_MS = 10_000;
/** For how long after it is ready previews and answers' sounds are waited for. */
const MOST_LOOKS_WHEN_READY = 60;
const GOES_ON = ["invited", "consented", "in_progress", "interrupted", "completed"];

/**
 * What is compared between two looks: everything but what changes by the second.
 * @param {any} told what the API says of the interview
 * @returns {string}
 */
export function fingerprint(told) {
  const parts = told.parts.map((/** @type {any} */ part) => [part.n, part.state, part.duration_ms, part.url, part.gaps.length]);
  const takes = told.takes.map((/** @type {any} */ take) => [take.question_index, take.number, take.chosen, take.start, take.end, take.sound_url]);
  return JSON.stringify([told.state, parts, takes, told.marks.length, told.video_sha256, told.previews_url, told.captions_url, told.accommodations]);
}

/**
 * @param {string} state
 * @param {{previews_url: string | null} | null} told
 * @param {number} looks how often it was looked at since it was ready
 * @returns {number | null} milliseconds until the next look; null: nothing more comes
 */
export function nextLookMs(state, told, looks) {
  if (["in_progress", "interrupted", "completed"].includes(state)) return RUNNING_MS;
  if (GOES_ON.includes(state)) return WAITING_MS;
  return state === "ready" && !told?.previews_url && looks < MOST_LOOKS_WHEN_READY ? RUNNING_MS : null;
}

/** Looks, and brings the page up to date. */
export class Refresh {
  /**
   * @param {Document} document
   * @param {{onRefreshed: () => void}} listener
   */
  constructor(document, listener) {
    this.document = document;
    this.listener = listener;
    this.results = need(document, "results", HTMLElement);
    this.looks = 0;
    /** @type {string | null} */
    this.seen = null;
  }

  start() {
    this.document.addEventListener("holdfast:interview-changed", () => void this.look());
    void this.look();
  }

  /** Ask the API; when something is new, fetch the page and take over what differs. */
  async look() {
    clearTimeout(this.timer);
    const told = await this.#told();
    if (told !== null) {
      const now = fingerprint(told);
      // The page is as old as the first look, or nearly: what came in between is taken over as well.
      if (this.seen === null ? told.state !== this.results.dataset.state || this.#isStale(told) : now !== this.seen) await this.takeOver();
      this.seen = now;
      if (told.state === "ready") this.looks += 1;
    }
    const wait = nextLookMs(told?.state ?? this.results.dataset.state, told, this.looks);
    if (wait !== null) this.timer = setTimeout(() => void this.look(), this.document.hidden ? Math.max(wait, WAITING_MS) : wait);
  }

  /** Take the page's regions from a fresh copy of it. Where somebody is typing, their region waits. */
  async takeOver() {
    const answer = await fetch(this.document.location.pathname, { headers: { Accept: "text/html" } }).catch(() => null);
    if (answer === null || !answer.ok || answer.redirected) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    const before = this.results.dataset.stateWord;
    for (const region of this.document.querySelectorAll("[data-region]")) this.#replace(region, fresh);
    const results = fresh.getElementById("results");
    Object.assign(this.results.dataset, { state: results?.dataset.state, stateWord: results?.dataset.stateWord });
    this.#addPlayer(fresh);
    if (before !== this.results.dataset.stateWord) say(need(this.document, "page-news", HTMLElement), `Now: ${this.results.dataset.stateWord}.`);
    this.listener.onRefreshed();
  }

  async #told() {
    const answer = await fetch(this.results.dataset.api ?? "", { headers: { Accept: "application/json" } }).catch(() => null);
    return answer?.ok ? answer.json() : null;
  }

  /** @param {any} told */
  #isStale(told) {
    const closed = told.parts.filter((/** @type {any} */ part) => part.state !== "open" && part.duration_ms);
    const drawn = need(this.document, "about", HTMLElement).dataset.previews !== "";
    return this.document.querySelectorAll("#parts [data-url]").length !== closed.length || drawn !== Boolean(told.previews_url);
  }

  /** @param {Element} region @param {Document} fresh */
  #replace(region, fresh) {
    const other = fresh.querySelector(`[data-region="${region.getAttribute("data-region")}"]`);
    if (other === null) return;
    localiseTimes(other);
    // A form stays as it is, with what somebody has typed, for as long as there is one.
    if (region.innerHTML === other.innerHTML || other.querySelector("form") !== null) return;
    const { activeElement } = this.document;
    const within = activeElement !== null && region.contains(activeElement) ? activeElement : null;
    if (within instanceof HTMLInputElement && within.type !== "file") return;
    const label = within?.getAttribute("aria-label");
    region.replaceChildren(...other.childNodes);
    if (!within) return;
    const again = (within.id && this.document.getElementById(within.id)) || (label && region.querySelector(`[aria-label="${CSS.escape(label)}"]`));
    if (again instanceof HTMLElement) again.focus({ preventScroll: true });
  }

  /** The first part can be played: the player comes where its place was kept. @param {Document} fresh */
  #addPlayer(fresh) {
    const [player, timeline] = [fresh.getElementById("player"), fresh.getElementById("timeline")];
    if (this.document.getElementById("video") !== null || timeline === null || player === null) return;
    need(this.document, "player", HTMLElement).replaceWith(player);
    player.after(timeline);
  }
}
