/** Asks for an MP4 of the recording, follows it, and downloads it when it is there. */

import { say } from "../shared/dom.js";

/** @typedef {{ state: string, progress: number, size_bytes: number | null }} Told what GET …/exports/mp4 gives */

const SAID = {
  waiting: "The MP4 is being made. You can go on.",
  running: "The MP4 is being made. You can go on.",
  ready: "The MP4 is ready. Its download begins.",
  failed: "The MP4 could not be made. The interview video is unharmed.",
  none: "",
  signed_out: "You are signed out. Load the page again and sign in.",
  unreachable: "The server cannot be reached. It is asked again in a moment.",
};

const EVERY_MS = 1000;
const AFTER_TROUBLE_MS = 4000;

/**
 * @param {string} state
 * @returns {string} a sentence
 */
export function sentenceOf(state) {
  return SAID[/** @type {keyof typeof SAID} */ (state)] ?? "";
}

/**
 * @param {number} progress 0 to 1
 * @returns {number} whole per cent; 100 only when all of it is made
 */
export function percentOf(progress) {
  return progress >= 1 ? 100 : Math.min(99, Math.max(0, Math.floor(progress * 100)));
}

/**
 * @param {number | null} bytes
 * @returns {string} `, 12.5 MB`
 */
export function sizeOf(bytes) {
  return bytes === null ? "" : `, ${(bytes / 1e6).toFixed(1)} MB`;
}

/**
 * Follows the MP4 of the page's interview. Elements are looked up each time: the page replaces them when the interview changes.
 */
export class Mp4 {
  /** @param {Document} document */
  constructor(document) {
    this.document = document;
    this.asked = false;
    this.following = false;
  }

  /** Hear the button, and go on following what was asked for before. */
  start() {
    this.document.addEventListener("click", (event) => {
      const button = event.target instanceof Element ? event.target.closest("#mp4-ask") : null;
      if (button !== null && button.getAttribute("aria-disabled") !== "true") void this.ask();
    });
    const state = this.#place?.dataset.state;
    if (state === "waiting" || state === "running") void this.#follow();
  }

  /** Ask for it, and follow it. */
  async ask() {
    this.asked = true;
    this.#show({ state: "waiting", progress: 0, size_bytes: null });
    const told = await this.#fetch("POST");
    if (told === null) return;
    this.#show(told);
    if (told.state !== "ready") await this.#follow();
  }

  async #follow() {
    if (this.following) return;
    this.following = true;
    let wait = EVERY_MS;
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, wait));
      const told = await this.#fetch("GET");
      wait = told === null ? AFTER_TROUBLE_MS : EVERY_MS;
      if (told === null) {
        if (this.#place === null || this.#place.dataset.state === "signed_out") break;
        continue;
      }
      this.#show(told);
      if (told.state !== "waiting" && told.state !== "running") break;
    }
    this.following = false;
  }

  /**
   * @param {"GET" | "POST"} method
   * @returns {Promise<Told | null>} null when there is no answer; the page says why
   */
  async #fetch(method) {
    const url = this.#place?.dataset.url;
    if (url === undefined) return null;
    try {
      const response = await fetch(url, { method });
      if (response.ok) return await response.json();
      this.#trouble(response.status === 401 ? "signed_out" : "unreachable", method);
    } catch {
      this.#trouble("unreachable", method);
    }
    return null;
  }

  /**
   * @param {string} state
   * @param {string} method of the request that failed: nothing was begun by a POST
   */
  #trouble(state, method) {
    if (this.#place !== null && (state === "signed_out" || method === "POST")) this.#place.dataset.state = state;
    if (method === "POST") {
      this.#show({ state: "none", progress: 0, size_bytes: null });
      this.#say(state === "signed_out" ? SAID.signed_out : "The server could not be reached. Try again.");
    } else {
      this.#say(sentenceOf(state));
    }
  }

  /** @param {Told} told */
  #show(told) {
    const coming = told.state === "waiting" || told.state === "running";
    const ready = told.state === "ready";
    const hadFocus = this.document.activeElement?.id === "mp4-ask";
    if (this.#place !== null) this.#place.dataset.state = told.state;
    this.#of("mp4-ask")?.toggleAttribute("hidden", ready);
    this.#of("mp4-ask")?.setAttribute("aria-disabled", String(coming));
    this.#of("mp4-file")?.toggleAttribute("hidden", !ready);
    for (const id of ["mp4-progress", "mp4-share"]) this.#of(id)?.toggleAttribute("hidden", !coming);
    const progress = this.#of("mp4-progress");
    if (progress instanceof HTMLProgressElement) progress.value = percentOf(told.progress);
    const share = this.#of("mp4-share");
    if (share !== null) say(share, `${percentOf(told.progress)} %`);
    this.#say(ready && !this.asked ? "The MP4 is ready." : sentenceOf(told.state));
    if (ready) this.#arrived(told, hadFocus);
  }

  /**
   * @param {Told} told
   * @param {boolean} hadFocus
   */
  #arrived(told, hadFocus) {
    const [file, size] = [this.#of("mp4-file"), this.#of("mp4-size")];
    if (size !== null) say(size, `MP4${sizeOf(told.size_bytes)}`);
    if (hadFocus) file?.focus(); // the button that had it is gone
    if (this.asked) file?.click();
    this.asked = false;
  }

  /** @param {string} text */
  #say(text) {
    const said = this.#of("mp4-said");
    if (said !== null) say(said, text);
  }

  get #place() {
    return this.#of("downloads");
  }

  /** @param {string} id */
  #of(id) {
    return this.document.getElementById(id);
  }
}
