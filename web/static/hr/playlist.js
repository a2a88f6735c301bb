/**
 * Several parts as one stretch of time. Pure.
 *
 * @typedef {object} Part
 * @property {number} n the part's number
 * @property {string} url where its bytes are; parts that were joined share one
 * @property {number} durationMs
 * @property {boolean} hasPicture
 * @property {{startMs: number, endMs: number}[]} gaps where sound or picture is missing, from the part's start
 *
 * @typedef {{url: string, durationMs: number}} MediaFile what a `<video>` loads at a time: a part, or parts that were joined
 * @typedef {{index: number, offsetMs: number}} Place a part (or file) by its place in the list, and a time within it
 */

/**
 * @param {readonly Part[]} parts
 * @returns {MediaFile[]} in order
 */
export function filesOf(parts) {
  /** @type {MediaFile[]} */
  const files = [];
  for (const { url, durationMs } of parts) {
    const last = files.at(-1);
    if (last?.url === url) last.durationMs += durationMs;
    else files.push({ url, durationMs });
  }
  return files;
}

/**
 * @param {readonly {durationMs: number}[]} parts
 * @returns {number} milliseconds of all parts together
 */
export function totalMs(parts) {
  return startOf(parts, parts.length);
}

/**
 * @param {readonly {durationMs: number}[]} parts
 * @param {number} index
 * @returns {number} where the part begins on the whole timeline
 */
export function startOf(parts, index) {
  return parts.slice(0, index).reduce((sum, part) => sum + part.durationMs, 0);
}

/**
 * @param {readonly {durationMs: number}[]} parts at least one
 * @param {number} ms on the whole timeline; outside of it the nearest end counts
 * @returns {Place}
 */
export function placeOf(parts, ms) {
  let start = 0;
  for (const [index, part] of parts.entries()) {
    if (ms < start + part.durationMs) return { index, offsetMs: Math.max(0, ms - start) };
    start += part.durationMs;
  }
  return { index: parts.length - 1, offsetMs: parts.at(-1)?.durationMs ?? 0 };
}

/**
 * @param {readonly Part[]} parts
 * @param {string} target `part number:offset in ms`, as the page's buttons carry it
 * @returns {number} on the whole timeline; the beginning for a part that is not in the list
 */
export function timeOf(parts, target) {
  const [n, offset] = target.split(":").map(Number);
  const index = parts.findIndex((part) => part.n === n);
  return index < 0 ? 0 : startOf(parts, index) + (offset ?? 0);
}
