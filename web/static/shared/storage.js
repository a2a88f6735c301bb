/**
 * The tab's memory, where the browser has one for us: in another site's frame it may refuse even to be asked for it. Then
 * the page remembers as long as it is open.
 */

/** @typedef {Pick<Storage, "getItem" | "setItem">} Memory */

/**
 * @param {Window} window
 * @returns {Memory}
 */
export function tabMemory(window) {
  try {
    return window.sessionStorage;
  } catch {
    /** @type {Map<string, string>} */
    const kept = new Map();
    return { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => void kept.set(key, value) };
  }
}
