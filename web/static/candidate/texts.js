/** The page's sentences, from the one catalogue (web/texts). */

import { fill } from "../shared/format.js";

/** Looks sentences up by their path in the catalogue. */
export class Texts {
  /** @param {unknown} catalogue what the server embedded */
  constructor(catalogue) {
    this.catalogue = catalogue;
  }

  /**
   * @param {string} path for example `interview.saved`
   * @param {Record<string, string | number>} [values] what `{…}` in the sentence stands for
   * @returns {string}
   * @throws {Error} when the catalogue has no such sentence
   */
  say(path, values = {}) {
    const found = path.split(".").reduce((/** @type {any} */ node, key) => node?.[key], this.catalogue);
    if (typeof found !== "string") throw new Error(`The catalogue has no sentence ${path}.`);
    return fill(found, values);
  }
}
