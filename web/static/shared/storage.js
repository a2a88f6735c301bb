/**
 * What a tab or a browser remembers for us, where it does: in another site's frame, or as its person wishes, it may refuse
 * even to be asked. Then the page remembers as long as it is open.
 */

/** @typedef {Pick<Storage, "getItem" | "setItem">} Memory */

/**
 * @param {Window} window
 * @returns {Memory} as long as the tab is open, through reloads
 */
export function tabMemory(window) {
  return orForNow(() => window.sessionStorage);
}

/**
 * @param {Window} window
 * @returns {Memory} for good
 */
export function lastingMemory(window) {
  return orForNow(() => window.localStorage);
}

/**
 * @param {() => Storage} storage throws where the browser refuses
 * @returns {Memory}
 */
function orForNow(storage) {
  try {
    return storage();
  } catch {
    /** @type {Map<string, string>} */
    const kept = new Map();
    return { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => void kept.set(key, value) };
  }
}
