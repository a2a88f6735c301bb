/**
 * Holdfast without its own page: a host platform's page records an interview, in its own words and looks.
 *
 *     import { Interview } from "https://interviews.example.org/static/embed/holdfast.js";
 *     const interview = new Interview({ sessionId, token });
 *     interview.addEventListener("change", () => show(interview.status));
 *     await interview.load();
 *     await interview.consent();            // after the candidate has read interview.details.notice
 *     await interview.start();              // opens camera and microphone, and records
 *     interview.mark("question", 1);        // where the host asks its own questions
 *     await interview.finish();
 *
 * It connects again by itself, tells only what the server has confirmed, and is the same state machine as the candidate's
 * page. The site has to be in the setting `embedding.cors_origins` (docs/embedding.md).
 */

import { wallClock } from "../candidate/clock.js";
import { request } from "../candidate/api.js";
import { missingSupport } from "../candidate/devices.js";
import { Room } from "../candidate/room.js";
import { WakeLock } from "../candidate/wake_lock.js";
import { BASE } from "../shared/base.js";

/**
 * @typedef {object} Status
 * @property {string} screen where it stands: loading, notice, devices, back, interview, elsewhere, thanks, problem
 * @property {boolean} recording the server records now
 * @property {number} savedMs so much of the interview is on the server's disk
 * @property {boolean} lagging what is said now is not being saved
 * @property {string} trouble why not, `none` when nothing is wrong (docs/embedding.md lists them)
 * @property {string | null} problem what ended it or keeps it from beginning
 * @property {string | null} deviceProblem what keeps camera or microphone shut
 * @property {import("../candidate/types.js").Place | null} place where the candidate is in the questions that the server asks
 */

/** One interview, recorded from this page. Fires `change` whenever `status` has changed. */
export class Interview extends EventTarget {
  /** @param {import("../candidate/credentials.js").Credentials} credentials */
  constructor(credentials) {
    super();
    this.credentials = credentials;
    /** @type {MediaStream | null} what camera and microphone give, for a picture of oneself */
    this.stream = null;
    const view = new SilentView(document, { render: () => this.dispatchEvent(new Event("change")), showStream: (stream) => { this.stream = stream; } });
    this.room = new Room({ credentials, view: /** @type {any} */ (view), window, wakeLock: new WakeLock(document) });
    window.addEventListener("pagehide", () => this.room.leave());
  }

  /** Why this browser cannot record; null when it can. */
  static get unsupported() {
    return missingSupport(window);
  }

  /** @returns {Status} */
  get status() {
    const { screen, recording, savedMs, lagging, trouble, problem, deviceProblem, questions } = this.room.flow;
    return { screen, recording, savedMs, lagging, trouble, problem, deviceProblem, place: questions.place };
  }

  /** The interview as the server told it: notice, questions, limits; null before it was loaded. */
  get details() {
    return this.room.flow.interview;
  }

  /** Ask the server what this interview is. */
  async load() {
    await this.room.load();
    return this.details;
  }

  /** The candidate has read the notice and agrees. */
  async consent() {
    this.room.dispatch({ type: "consent_pressed" });
    await this.#until((status) => status.screen !== "notice" || this.room.flow.problem !== null);
  }

  /** Open camera and microphone, and record. Resolves when the server says that it records, or something is wrong. */
  async start() {
    if (this.room.flow.screen === "back") this.room.dispatch({ type: "continue_pressed", now: this.room.now() });
    else this.room.dispatch({ type: "turn_on_pressed" });
    await this.#until(({ deviceProblem }) => deviceProblem !== null || this.room.flow.devices === "open");
    // The screens of our own page that prepare a candidate are the host's business here.
    while (this.room.flow.devices === "open" && isBeforeInterview(this.room.flow.screen)) {
      this.room.dispatch({ type: "go_on_pressed", now: this.room.now() });
    }
    await this.#until(({ recording, trouble, deviceProblem, problem }) => recording || trouble !== "none" || deviceProblem !== null || problem !== null);
  }

  /**
   * Where the server asks the questions: do what `status.place.can` allows.
   * @param {import("../candidate/types.js").Wish} wish
   * @param {number} [take] which take counts, with `choose_take`
   */
  do(wish, take) {
    this.room.dispatch({ type: "wish_pressed", wish, ...(take === undefined ? {} : { take }), now: this.room.now(), at: wallClock() });
  }

  /**
   * Where the host asks the questions: this one is asked, or an answer to it begins or ends, now.
   * @param {"question" | "take" | "take_end"} kind
   * @param {number} question from 1
   * @param {number} [take] which attempt, from 1
   */
  async mark(kind, question, take) {
    const { sessionId, token } = this.credentials;
    const body = JSON.stringify({ kind, question_index: question, take: kind === "question" ? null : take ?? 1, at: wallClock() });
    const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
    await request(`${BASE}/api/interviews/${encodeURIComponent(sessionId)}/marks`, { method: "POST", headers, body });
  }

  /** The candidate is done. Resolves when the server has said so. */
  async finish() {
    this.room.dispatch({ type: "finish_pressed" });
    this.room.dispatch({ type: "finish_confirmed" });
    await this.#until(({ screen, trouble }) => screen === "thanks" || trouble === "finish_failed" || trouble === "nothing_recorded");
  }

  /** The candidate declines or withdraws: camera off, what was recorded deleted. Resolves when the server has said so, or could not. */
  async withdraw() {
    this.room.dispatch({ type: "withdraw_pressed" });
    this.room.dispatch({ type: "withdraw_confirmed" });
    await this.#until(() => ["done", "failed"].includes(this.room.flow.withdrawal?.step ?? ""));
    return this.room.flow.withdrawal;
  }

  /** Let camera, microphone and connection go; the interview is interrupted and can go on. */
  leave() {
    this.room.leave();
    for (const track of this.stream?.getTracks() ?? []) track.stop();
  }

  /** @param {(status: Status) => boolean} isSo @returns {Promise<void>} */
  #until(isSo) {
    return new Promise((resolve) => {
      const look = () => {
        if (!isSo(this.status)) return;
        this.removeEventListener("change", look);
        resolve();
      };
      this.addEventListener("change", look);
      look();
    });
  }
}

/** @param {string} screen */
function isBeforeInterview(screen) {
  return screen === "devices" || screen === "expectations" || screen === "practice";
}

/** Stands where our own page has its view: the host's page draws what there is to see. */
class SilentView {
  /**
   * @param {Document} document
   * @param {{render: () => void, showStream: (stream: MediaStream | null) => void}} host
   */
  constructor(document, { render, showStream }) {
    this.document = document;
    this.render = render;
    this.showStream = showStream;
    this.devices = { showLevel() {}, showChoices() {} };
    this.interview = { question: { showSound() {} } };
  }
}
