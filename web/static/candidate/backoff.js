/** How long to wait before the next try: 0.5, 1, 2, 4, then 8 seconds. Pure. */

const FIRST_MS = 500;
const LONGEST_MS = 8000;

/**
 * @param {number} tries how many tries have failed in a row, 0 before the first
 * @returns {number} milliseconds
 */
export function backoff(tries) {
  return Math.min(FIRST_MS * 2 ** tries, LONGEST_MS);
}
