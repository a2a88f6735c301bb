/**
 * Whether one of the two tracks is missing. `MediaSource` plays only where both are: while the camera stalls, the
 * picture has to be left out, or the sound would wait for it.
 */

/** A track that is this far behind the other is missing, not late. */
export const MISSING_MS = 900;

/** It counts as missing this much before its end: playing must not run into it. */
const EARLY_MS = 300;

/** @typedef {import("./live_webm.js").Kind} Kind */

/** Where each track of a part ends, as far as it was read. */
export class Holes {
  /**
   * @param {Kind[]} kinds what the part declares
   * @param {number} startMs where reading began
   * @param {Holes | null} before what was known of the same part
   */
  constructor(kinds, startMs, before) {
    this.kinds = kinds;
    /** @type {Map<Kind, number>} */
    this.lastMs = new Map(kinds.map((kind) => [kind, before?.lastMs.get(kind) ?? startMs]));
    /** @type {number | null} the newest picture that was read */
    this.pictureMs = null;
    /** Whether the newest picture has been followed by one after its time: what was appended before lacks a link. */
    this.isTorn = false;
    /** @type {number | null} the last picture that was appended as the newest */
    this.newestMs = null;
  }

  /** @param {import("./live_webm.js").Block} block */
  note({ kind, ms }) {
    if (kind === "picture") {
      if (this.newestMs !== null && this.newestMs === this.pictureMs && ms - this.newestMs > MISSING_MS) this.isTorn = true;
      this.pictureMs = ms;
    }
    this.lastMs.set(kind, Math.max(this.lastMs.get(kind) ?? 0, ms));
  }

  /** All that there is has been appended. */
  reachedNewest() {
    this.newestMs = this.pictureMs;
  }

  /**
   * What can be played from here on.
   * @param {number} nowMs of the part
   * @returns {Kind[]} never empty
   */
  present(nowMs) {
    const [picture, sound] = [this.lastMs.get("picture"), this.lastMs.get("sound")];
    if (picture === undefined || sound === undefined) return this.kinds;
    if (sound - picture > MISSING_MS && nowMs > picture - EARLY_MS) return ["sound"];
    if (picture - sound > MISSING_MS && nowMs > sound - EARLY_MS) return ["picture"];
    return this.kinds;
  }
}
