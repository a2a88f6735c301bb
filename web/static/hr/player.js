/** Plays parts through one `<video>`, joined or one after another, as one recording. */

import { filesOf, placeOf, startOf, totalMs } from "./playlist.js";

/** How much of the very end counts as the end. */
const END_MS = 50;

/** One timeline over several files. */
export class PartsPlayer {
  /**
   * @param {HTMLVideoElement} video
   * @param {import("./playlist.js").Part[]} parts at least one, in order
   * @param {{onChange: () => void, onProblem: (failed: boolean) => void}} listener
   */
  constructor(video, parts, listener) {
    this.video = video;
    this.parts = parts;
    this.files = filesOf(parts);
    this.listener = listener;
    this.total = totalMs(parts);
    /** Which file is loaded. */
    this.loaded = 0;
    this.speed = 1;
    /** Where to go as soon as the file's head is read. */
    this.pendingMs = 0;
    this.wantsToPlay = false;
    this.video.preservesPitch = true;
    this.#listen();
    this.#load(0, 0);
  }

  /** Where we are on the whole timeline, in milliseconds. */
  get now() {
    const offset = this.video.readyState >= HTMLMediaElement.HAVE_METADATA ? this.video.currentTime * 1000 : this.pendingMs;
    return Math.min(this.total, startOf(this.files, this.loaded) + Math.min(offset, this.#file.durationMs));
  }

  /** Which part we are in, by its place in the list. */
  get index() {
    return placeOf(this.parts, this.now).index;
  }

  /** The part we are in. */
  get part() {
    return /** @type {import("./playlist.js").Part} */ (this.parts[this.index]);
  }

  get #file() {
    return /** @type {import("./playlist.js").MediaFile} */ (this.files[this.loaded]);
  }

  get playing() {
    return this.wantsToPlay;
  }

  /**
   * The interview has gone on, or its parts were joined: the same moment goes on playing.
   * @param {import("./playlist.js").Part[]} parts at least one, in order
   */
  setParts(parts) {
    const { now, wantsToPlay } = this;
    const { url } = this.#file;
    this.parts = parts;
    this.files = filesOf(parts);
    this.total = totalMs(parts);
    const { index, offsetMs } = placeOf(this.files, now);
    if (this.files[index]?.url !== url) this.#load(index, offsetMs);
    else this.loaded = index;
    this.wantsToPlay = wantsToPlay;
    this.listener.onChange();
  }

  toggle() {
    if (this.wantsToPlay) return this.pause();
    if (this.now >= this.total - END_MS) this.seek(0);
    return this.play();
  }

  play() {
    this.wantsToPlay = true;
    if (this.video.error !== null) this.#load(this.loaded, this.pendingMs);
    this.#start();
  }

  pause() {
    this.wantsToPlay = false;
    this.video.pause();
    this.listener.onChange();
  }

  /** @param {number} ms on the whole timeline */
  seek(ms) {
    // Once somebody has gone somewhere, the poster is not what is there.
    this.video.removeAttribute("poster");
    const { index, offsetMs } = placeOf(this.files, ms);
    this.pendingMs = offsetMs;
    if (index !== this.loaded) this.#load(index, offsetMs);
    else if (this.video.readyState >= HTMLMediaElement.HAVE_METADATA) this.video.currentTime = offsetMs / 1000;
    this.listener.onChange();
  }

  /** @param {number} speed 1 is as it was spoken */
  setSpeed(speed) {
    this.speed = speed;
    // What is loaded next begins at the default.
    this.video.defaultPlaybackRate = speed;
    this.video.playbackRate = speed;
    this.listener.onChange();
  }

  /**
   * @param {number} index
   * @param {number} offsetMs
   */
  #load(index, offsetMs) {
    this.loaded = index;
    this.pendingMs = offsetMs;
    this.listener.onProblem(false);
    this.video.src = this.#file.url;
    this.listener.onChange();
  }

  #start() {
    // A second press before the first has begun aborts it; the latest wish is what counts.
    this.video.play().catch(() => undefined);
    this.listener.onChange();
  }

  #listen() {
    const { video } = this;
    video.addEventListener("loadedmetadata", () => this.#loaded());
    video.addEventListener("ended", () => this.#ended());
    video.addEventListener("timeupdate", () => this.listener.onChange());
    video.addEventListener("seeked", () => this.listener.onChange());
    video.addEventListener("error", () => this.#failed());
  }

  #loaded() {
    this.video.playbackRate = this.speed;
    if (this.pendingMs > 0) this.video.currentTime = this.pendingMs / 1000;
    if (this.wantsToPlay) this.#start();
  }

  #ended() {
    if (this.loaded + 1 < this.files.length) this.#load(this.loaded + 1, 0);
    else this.pause();
  }

  #failed() {
    this.wantsToPlay = false;
    this.listener.onProblem(true);
    this.listener.onChange();
  }
}
