/**
 * Answers on the recording's timeline. Pure.
 *
 * @typedef {object} Answer
 * @property {number} startMs in the recording
 * @property {number | null} endMs null while it is not known
 * @property {string} nth the question's number, as the page counts
 * @property {number} take
 * @property {boolean} counts whether it is the take that was chosen
 */

/** Who wants the previous answer within its first seconds means the one before. */
const AT_ITS_BEGINNING_MS = 2000;
/** A player lands up to this much beside where it was sent. */
const NEAR_MS = 250;

/**
 * @param {readonly Answer[]} answers in order of time
 * @param {number} now milliseconds
 * @param {-1 | 1} direction
 * @returns {number | null} where to go; null when there is nothing further that way
 */
export function besideMs(answers, now, direction) {
  if (direction > 0) return answers.find(({ startMs }) => startMs > now + NEAR_MS)?.startMs ?? null;
  const before = answers.filter(({ startMs }) => startMs <= now - AT_ITS_BEGINNING_MS);
  if (before.length > 0) return before[before.length - 1]?.startMs ?? null;
  return now > NEAR_MS ? 0 : null;
}

/**
 * @param {readonly Answer[]} answers in order of time
 * @param {number} now milliseconds
 * @returns {Answer | null} the one that is being given then
 */
export function answerAt(answers, now) {
  const begun = answers.filter(({ startMs }) => startMs <= now + NEAR_MS);
  const last = begun[begun.length - 1];
  return last !== undefined && (last.endMs === null || now < last.endMs) ? last : null;
}

/**
 * @param {Answer | null} answer
 * @param {readonly Answer[]} answers all of them
 * @returns {string} `Question 3`, or with its take where there are several
 */
export function nameOf(answer, answers) {
  if (answer === null) return "";
  const several = answers.filter(({ nth }) => nth === answer.nth).length > 1;
  return `Question ${answer.nth}${several ? `, answer ${answer.take}` : ""}`;
}

/**
 * The time that a link asks for.
 * @param {string} search as in `?t=134`, in seconds
 * @returns {number | null} milliseconds; null when it asks for none
 */
export function linkedMs(search) {
  const text = new URLSearchParams(search).get("t");
  if (text === null || !/^\d{1,6}(\.\d{1,3})?$/.test(text)) return null;
  return Math.round(Number(text) * 1000);
}

/**
 * @param {{interval_ms: number, count: number, columns: number, width: number, height: number}} sheet
 * @param {number} ms
 * @returns {{x: number, y: number}} where in the sheet the thumbnail of that moment begins, in pixels
 */
export function thumbnailAt(sheet, ms) {
  const index = Math.min(sheet.count - 1, Math.max(0, Math.floor(ms / sheet.interval_ms)));
  return { x: (index % sheet.columns) * sheet.width, y: Math.floor(index / sheet.columns) * sheet.height };
}

/**
 * @param {readonly number[]} peaks 0 to 255
 * @returns {string} an SVG path in a box of 1000 × 100, mirrored at its middle
 */
export function wavePath(peaks) {
  if (peaks.length === 0) return "";
  const step = 1000 / peaks.length;
  const bars = peaks.map((peak, index) => {
    // The ear hears loudness by its root, more or less: soft speech stays visible.
    const half = Math.max(1, Math.sqrt(peak / 255) * 48);
    return `M${((index + 0.5) * step).toFixed(1)} ${(50 - half).toFixed(0)}V${(50 + half).toFixed(0)}`;
  });
  return bars.join("");
}
