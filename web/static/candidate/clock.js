/** The page's clock as the server takes it: milliseconds since 1970 that run evenly, whatever is done to the system's clock. */

/** @returns {number} */
export function wallClock() {
  return performance.timeOrigin + performance.now();
}
