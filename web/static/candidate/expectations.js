/**
 * What an interview will take, from its limits and the caps. Pure.
 *
 * @typedef {Pick<import("./types.js").Question, "think_ms" | "answer_ms" | "max_takes">} Limits
 */

const MINUTE_MS = 60_000;
/** What an answer takes where it may take any time; people speak for one to three minutes. */
const ANSWER_MS = 2 * MINUTE_MS;
/** And what people think where they may think as long as they like. */
const THINK_MS = 30_000;
/** Headers of packets, repairs, and pages: what travels besides picture and sound. */
const OVERHEAD = 1.1;

/**
 * @param {readonly Limits[]} questions
 * @returns {{minutes: number, isMost: boolean}} whole minutes, at least 1; `isMost` when no answer can take longer (in one take)
 */
export function duration(questions) {
  const total = questions.reduce((sum, { think_ms, answer_ms }) => sum + (think_ms ?? THINK_MS) + (answer_ms ?? ANSWER_MS), 0);
  return { minutes: Math.max(1, Math.ceil(total / MINUTE_MS)), isMost: questions.length > 0 && questions.every(isLimited) };
}

/** @param {Limits} question */
function isLimited({ think_ms, answer_ms }) {
  return think_ms !== null && answer_ms !== null;
}

/**
 * @param {number} minutes
 * @param {{video_bps: number, audio_bps: number}} caps
 * @returns {number} whole megabytes (10^6 bytes) that are sent in this time at the most, at least 1
 */
export function megabytes(minutes, { video_bps, audio_bps }) {
  return Math.max(1, Math.ceil((minutes * 60 * (video_bps + audio_bps) * OVERHEAD) / 8 / 1_000_000));
}

/**
 * @param {readonly Limits[]} questions
 * @returns {{most: number, isSame: boolean}} how often a question may be answered at the most, and whether each may
 */
export function takes(questions) {
  const all = questions.map(({ max_takes }) => max_takes ?? 1);
  const most = Math.max(1, ...all);
  return { most, isSame: all.every((one) => one === most) };
}
