/** Feeds a `<video>` with a part that is being written, through `MediaSource`: its head, then clusters as they are saved. */

import { Holes, MISSING_MS } from "./live_holes.js";
import { BlockReader, headWith, readTracks } from "./live_webm.js";

/** So much is fetched at once. */
const OCTETS = 512 * 1024;
/** So far ahead of what is shown is fetched when it is not the live edge that is watched. */
const AHEAD_S = 30;
/** So much of what was shown is kept when the browser wants room. */
const KEPT_S = 20;

/** Safari on iPhones has only the managed one. */
export const SOURCE = /** @type {typeof MediaSource | undefined} */ (
  globalThis.MediaSource ?? /** @type {any} */ (globalThis).ManagedMediaSource
);

/**
 * @typedef {import("./live_webm.js").Kind} Kind
 * @typedef {{position: number, timestamp_ms: number, keyframe: boolean}} Entry
 * @typedef {{index: (n: number, after: number) => Promise<{end: number, clusters: Entry[]}>, head: (n: number) => Promise<Uint8Array>, clusters: (n: number, start: number, end: number) => Promise<Uint8Array>}} PartReader
 */

/**
 * Where to begin reading so that `atMs` can be shown.
 * @param {Entry[]} entries by position
 * @param {number} atMs
 * @param {boolean} needsPicture
 * @returns {Entry | undefined}
 */
export function entryFor(entries, atMs, needsPicture) {
  const usable = needsPicture ? entries.filter(({ keyframe }) => keyframe) : entries;
  return usable.findLast(({ timestamp_ms }) => timestamp_ms <= atMs) ?? usable[0] ?? entries[0];
}

/** One part from one place on. Thrown away and made anew for every jump: that takes a tenth of a second. */
export class LiveSource {
  /**
   * @param {HTMLVideoElement} video
   * @param {number} n the part
   * @param {PartReader} reader
   * @param {Holes | null} known what was known of the same part
   * @param {() => void} onFailure
   */
  constructor(video, n, reader, known, onFailure) {
    this.video = video;
    this.n = n;
    this.reader = reader;
    this.onFailure = onFailure;
    /** Octets of the part that are saved. */
    this.end = 0;
    this.isClosed = false;
    this.isOver = false;
    this.known = known;
    this.holes = known ?? new Holes([], 0, null);
    /** @type {Kind[]} what is played */
    this.kinds = [];
    this.position = 0;
    this.isPumping = false;
    /** @type {SourceBuffer | null} */
    this.buffer = null;
    this.url = "";
  }

  /**
   * Begin.
   * @param {number} atMs where
   * @param {Kind[] | null} wanted which tracks; null: all
   * @returns {Promise<void>} fulfilled when playing can begin
   */
  async open(atMs, wanted) {
    const [{ end, clusters }, head] = await Promise.all([this.reader.index(this.n, -1), this.reader.head(this.n)]);
    const declared = readTracks(head);
    const tracks = declared.filter(({ kind }) => wanted?.includes(kind) ?? true);
    const entry = entryFor(clusters, atMs, tracks.some(({ kind }) => kind === "picture"));
    if (entry === undefined || this.isOver || SOURCE === undefined) return;
    this.end = Math.max(this.end, end);
    this.kinds = tracks.map(({ kind }) => kind);
    this.blocks = new BlockReader(declared, MISSING_MS);
    this.holes = new Holes(declared.map(({ kind }) => kind), entry.timestamp_ms, this.known);
    this.position = entry.position;
    const source = new SOURCE();
    this.source = source;
    this.url = URL.createObjectURL(source);
    this.video.disableRemotePlayback = true; // what the managed source asks for
    this.video.src = this.url;
    await happened(source, "sourceopen");
    if (this.isOver) return;
    this.buffer = source.addSourceBuffer(`${this.kinds.includes("picture") ? "video" : "audio"}/webm; codecs="${tracks.map(({ codec }) => codec).join(",")}"`);
    await this.#append(headWith(head, tracks));
    // Before there is anything to show, or the oldest picture would be shown first.
    this.video.currentTime = atMs / 1000;
    await this.pump();
    const [from, to] = [this.startS, this.bufferedEndS];
    const at = Math.max(from, Math.min(atMs / 1000, to - LEAST_S));
    if (!this.isOver && at !== this.video.currentTime) this.video.currentTime = at;
  }

  /** Throw it away. */
  close() {
    this.isOver = true;
    if (this.url !== "") URL.revokeObjectURL(this.url);
  }

  /** Where what is buffered ends, seconds of the part. */
  get bufferedEndS() {
    const { buffered } = this.video;
    return buffered.length === 0 ? 0 : buffered.end(buffered.length - 1);
  }

  /** Where it begins. */
  get startS() {
    return this.video.buffered.length === 0 ? 0 : this.video.buffered.start(0);
  }

  /** Fetch and append what there is, as far as it is wanted. Called whenever there may be more. */
  async pump() {
    if (this.isPumping || this.buffer === null || this.isOver) return;
    this.isPumping = true;
    try {
      while (!this.isOver && this.position < this.end && this.#aheadS < AHEAD_S) await this.#fetch();
      if (this.isClosed && this.position >= this.end && this.source?.readyState === "open") this.source.endOfStream();
    } catch {
      if (!this.isOver) this.onFailure();
    } finally {
      this.isPumping = false;
    }
  }

  get #aheadS() {
    return this.bufferedEndS - this.video.currentTime;
  }

  async #fetch() {
    const octets = await this.reader.clusters(this.n, this.position, Math.min(this.end, this.position + OCTETS));
    if (this.isOver || this.blocks === undefined) return;
    this.position += octets.length;
    const isNewest = this.position >= this.end;
    await this.#append(this.blocks.take(octets, isNewest, new Set(this.kinds), (block) => this.holes.note(block)));
    if (isNewest) this.holes.reachedNewest();
  }

  /** @param {Uint8Array<ArrayBuffer>} octets */
  async #append(octets) {
    const { buffer } = this;
    if (buffer === null || octets.length === 0) return;
    try {
      buffer.appendBuffer(octets);
    } catch (error) {
      if (!(error instanceof DOMException) || error.name !== "QuotaExceededError") throw error;
      buffer.remove(0, Math.max(0.1, this.video.currentTime - KEPT_S));
      await happened(buffer, "updateend");
      buffer.appendBuffer(octets);
    }
    await happened(buffer, "updateend");
  }
}

/** So much has to lie ahead for a browser to begin. */
const LEAST_S = 0.1;

/** So far behind what is saved playing goes on when it follows: saving comes in half seconds. */
export const EDGE_S = 0.7;

/** @param {EventTarget} target @param {string} name @returns {Promise<Event>} */
function happened(target, name) {
  return new Promise((resolve, reject) => {
    target.addEventListener(name, resolve, { once: true });
    target.addEventListener("error", reject, { once: true });
  });
}
