/** Follows an interview while it is recorded: the part that is being written, and those before it, on one timeline. */

import { EDGE_S, LiveSource } from "./live_source.js";

/** How often what is played is compared with what there is. */
const TICK_MS = 200;
/** Farther behind the edge than this, playing jumps there; nearer, it hurries a little. */
const JUMP_S = 3;
const HURRY_S = 1.2;
const HURRY_RATE = 1.08;
const RETRY_MS = 1_000;

/**
 * @typedef {import("./live_api.js").News} News
 * @typedef {import("./live_api.js").PartSeen} PartSeen
 * @typedef {import("./live_webm.js").Kind} Kind
 */

/**
 * Where a time of the whole lies.
 * @param {PartSeen[]} parts
 * @param {number} ms of the whole
 * @returns {{part: PartSeen, offsetMs: number} | null} null while there is no part
 */
export function placeIn(parts, ms) {
  let startMs = 0;
  for (const [at, part] of parts.entries()) {
    if (ms < startMs + part.duration_ms || at === parts.length - 1) return { part, offsetMs: Math.max(0, ms - startMs) };
    startMs += part.duration_ms;
  }
  return null;
}

/** @param {PartSeen[]} parts @param {number} n @returns {number} milliseconds of the whole before part n */
export function startOf(parts, n) {
  return parts.reduce((sum, part) => (part.n < n ? sum + part.duration_ms : sum), 0);
}

/** As late as playing can begin in it, milliseconds. @param {PartSeen} part */
function edgeOf(part) {
  return Math.max(0, part.duration_ms - EDGE_S * 1000);
}

/** One `<video>` and what it shows. */
export class LivePlayer {
  /**
   * @param {HTMLVideoElement} video
   * @param {import("./live_api.js").WatchApi} api
   * @param {{onChange: () => void, onFreeze: () => void}} listener `onFreeze`: what is shown is about to go; keep it in sight
   */
  constructor(video, api, listener) {
    this.video = video;
    this.api = api;
    this.listener = listener;
    /** @type {News | null} */
    this.news = null;
    /** @type {number | null} which part is loaded */
    this.n = null;
    /** @type {LiveSource | null} when it is one that is being written */
    this.source = null;
    this.isLoading = false;
    this.wantsToPlay = false;
    /** Whether the newest is what is wanted, whatever comes. */
    this.follows = true;
    this.isAtEnd = false;
    this.loads = 0;
    video.addEventListener("ended", () => this.#ended());
    video.addEventListener("error", () => this.#failed());
    for (const name of ["timeupdate", "playing", "waiting", "seeked"]) video.addEventListener(name, () => listener.onChange());
    setInterval(() => this.#tick(), TICK_MS);
  }

  get parts() {
    return this.news?.parts.filter(({ duration_ms }) => duration_ms > 0) ?? [];
  }

  /** The whole length so far, milliseconds. */
  get totalMs() {
    return this.parts.reduce((sum, { duration_ms }) => sum + duration_ms, 0);
  }

  /** Where we are on it. */
  get nowMs() {
    return this.n === null ? 0 : Math.min(this.totalMs, startOf(this.parts, this.n) + this.video.currentTime * 1000);
  }

  /** What is missing of what is shown: the camera stands still, or no sound comes. @returns {Kind | null} */
  get missing() {
    const { source } = this;
    if (source === null || source.kinds.length === source.holes.kinds.length) return null;
    return source.kinds.includes("sound") ? "picture" : "sound";
  }

  /** Whether the candidate is being recorded right now. */
  get isRecording() {
    return this.parts.some(({ open }) => open);
  }

  /** @param {News} news */
  hear(news) {
    this.news = news;
    const { source } = this;
    const part = news.parts.find(({ n }) => n === source?.n);
    if (source !== null && part !== undefined) {
      source.isClosed = !part.open;
      if (part.end === null) void this.#load(part, this.video.currentTime * 1000);
      else source.end = Math.max(source.end, part.end);
      void source.pump();
      if (this.isAtEnd && part.open) this.#resume();
    }
    if (this.wantsToPlay && (this.n === null || this.isAtEnd)) this.#next();
    this.listener.onChange();
  }

  play() {
    this.wantsToPlay = true;
    if (this.n === null) this.goLive();
    else this.#start();
  }

  pause() {
    this.wantsToPlay = false;
    this.follows = false;
    this.video.pause();
    this.listener.onChange();
  }

  /** To what is newest. */
  goLive() {
    this.follows = true;
    this.wantsToPlay = true;
    const part = this.parts.at(-1);
    if (part !== undefined) void this.#load(part, edgeOf(part));
    this.listener.onChange();
  }

  /** @param {number} ms of the whole */
  seek(ms) {
    const place = placeIn(this.parts, Math.max(0, ms));
    if (place === null) return;
    this.follows = ms > this.totalMs - EDGE_S * 1000 && place.part.open;
    void this.#load(place.part, this.follows ? edgeOf(place.part) : place.offsetMs);
    this.listener.onChange();
  }

  /**
   * @param {PartSeen} part
   * @param {number} atMs of it
   * @param {Kind[] | null} [kinds] which tracks; null: what there is
   */
  async #load(part, atMs, kinds = null) {
    const load = (this.loads += 1);
    this.listener.onFreeze();
    this.source?.close();
    const known = this.source?.n === part.n ? this.source.holes : null;
    this.n = part.n;
    this.isAtEnd = false;
    this.isLoading = true;
    this.source = part.open && part.end !== null ? new LiveSource(this.video, part.n, this.api, known, () => this.#failed()) : null;
    try {
      if (this.source !== null) await this.source.open(atMs, kinds);
      else await this.#open(this.api.partUrl(part.n), atMs);
      if (load === this.loads && this.wantsToPlay) this.#start();
    } catch {
      if (load === this.loads) this.#failed();
    } finally {
      if (load === this.loads) this.isLoading = false;
    }
  }

  /** @param {string} url @param {number} atMs */
  async #open(url, atMs) {
    this.video.src = url;
    await new Promise((resolve, reject) => {
      this.video.addEventListener("loadedmetadata", resolve, { once: true });
      this.video.addEventListener("error", reject, { once: true });
    });
    this.video.currentTime = atMs / 1000;
  }

  #start() {
    this.video.play().catch(() => {
      // Without a gesture of the person's, browsers play without sound alone.
      if (!this.video.paused || this.video.muted) return;
      this.video.muted = true;
      this.video.play().catch(() => undefined);
    });
    this.listener.onChange();
  }

  #resume() {
    this.isAtEnd = false;
    if (this.wantsToPlay) this.#start();
  }

  #ended() {
    this.isAtEnd = true;
    this.#next();
    this.listener.onChange();
  }

  /** Go on with the part after the one that has been played. */
  #next() {
    const { n } = this;
    const part = n === null ? this.parts.at(-1) : this.parts.find((each) => each.n > n);
    if (part !== undefined) void this.#load(part, n === null ? edgeOf(part) : 0);
  }

  /** What failed is tried again: the part may have just been closed, or the server may be coming back. */
  #failed() {
    const load = this.loads;
    const atMs = this.video.currentTime * 1000;
    this.isLoading = true;
    setTimeout(() => {
      const part = this.news?.parts.find(({ n }) => n === this.n);
      if (load === this.loads && part !== undefined) void this.#load(part, this.follows && part.open ? edgeOf(part) : atMs);
    }, RETRY_MS);
  }

  #tick() {
    const { source } = this;
    if (source === null || this.isLoading) return;
    void source.pump();
    const nowMs = this.video.currentTime * 1000;
    const present = source.holes.present(nowMs);
    const part = this.parts.find(({ n }) => n === source.n);
    const isOther = present.join() !== source.kinds.join() || (source.holes.isTorn && source.kinds.includes("picture"));
    if (part?.open && isOther) void this.#load(part, nowMs, present);
    else this.#keepUp(source);
  }

  /** @param {LiveSource} source */
  #keepUp(source) {
    const behindS = source.bufferedEndS - this.video.currentTime;
    const isFollowing = this.follows && !this.video.paused && !source.isClosed;
    if (isFollowing && behindS > JUMP_S) this.video.currentTime = source.bufferedEndS - EDGE_S;
    this.video.playbackRate = isFollowing && behindS > HURRY_S ? HURRY_RATE : 1;
  }
}
