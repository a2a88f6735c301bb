/** Times as people read them. */

/**
 * @param {number} ms milliseconds, rounded down to the second: what is not whole yet is not told
 * @returns {string} `0:42`, `3:17`, `1:02:05`
 */
export function clockTime(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const pad = (/** @type {number} */ n) => String(n).padStart(2, "0");
  return h > 0 ? `${h}:${pad(m)}:${pad(s)}` : `${m}:${pad(s)}`;
}

/**
 * @param {string} text a sentence with `{name}` in it
 * @param {Record<string, string | number>} values
 * @returns {string} the sentence, filled; a name without a value stays as it is
 */
export function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

/**
 * How this reader writes dates and numbers: in the page's language, as their own country does where the browser tells.
 * @param {Document} document
 * @param {readonly string[]} [preferred] the browser's languages, best first
 * @returns {string} a BCP 47 tag, for example `en-GB` on an English page
 */
export function localeOf(document, preferred = navigator.languages) {
  const { lang } = document.documentElement;
  return preferred.find((tag) => tag.toLowerCase().split("-")[0] === lang) ?? lang;
}
