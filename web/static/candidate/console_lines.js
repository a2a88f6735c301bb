/**
 * Lines in the browser's console that the request's troubleshooting looks for, each at the moment at which the server
 * has confirmed what it says. They are for operators, so they are not in the page's language.
 *
 * @typedef {import("./flow.js").Flow} Flow
 * @typedef {import("./types.js").Interview} Interview
 */

const BYTES_PER_MB = 1e6;

/**
 * The lines that a step of the flow brings: recording began, as the server says.
 *
 * @param {Pick<Flow, "everRecorded">} before
 * @param {Pick<Flow, "everRecorded">} after
 * @returns {string[]}
 */
export function linesOf(before, after) {
  return after.everRecorded && !before.everRecorded ? ["Video recording started"] : [];
}

/**
 * The lines that the end brings, from the interview as the server gave it after that; none where it is not over, or
 * where nothing of it lies on the server's disk.
 *
 * @param {Pick<Interview, "state" | "saved_bytes">} interview
 * @returns {string[]}
 */
export function linesOfTheEnd({ state, saved_bytes }) {
  const isOver = state === "completed" || state === "ready";
  return isOver && saved_bytes ? [`Video recorded: ${(saved_bytes / BYTES_PER_MB).toFixed(1)} MB`, "Video uploaded successfully"] : [];
}
