/** The order of rows. Pure. */

/** Columns that hold numbers; the others hold words. */
const NUMBERS = new Set(["length", "size"]);
/** An interview's life, in order: that is how states sort. */
const STATES = ["in_progress", "interrupted", "consented", "invited", "completed", "ready", "expired", "withdrawn", "deleted"];

/**
 * @param {string} key the column: name, job, state, length, size or date
 * @param {string} a a cell's value
 * @param {string} b
 * @returns {number} below 0 when `a` comes first, ascending
 */
export function compareCells(key, a, b) {
  if (NUMBERS.has(key)) return Number(a) - Number(b);
  if (key === "state") return STATES.indexOf(a) - STATES.indexOf(b);
  return a.localeCompare(b, undefined, { numeric: true, sensitivity: "base" });
}

/**
 * @param {string} key the column that was pressed
 * @param {string | null} order its `aria-sort` until now
 * @returns {"ascending" | "descending"} words begin at A, numbers and dates with the most
 */
export function nextOrder(key, order) {
  const first = NUMBERS.has(key) || key === "date" ? "descending" : "ascending";
  const second = first === "ascending" ? "descending" : "ascending";
  return order === first ? second : first;
}
