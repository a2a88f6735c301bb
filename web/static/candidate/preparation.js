/** The screens between the notice and the interview, in their order. Pure. */

/** @typedef {"devices" | "expectations" | "practice"} PreparationScreen */

/** @type {readonly PreparationScreen[]} */
export const ORDER = ["devices", "expectations", "practice"];

/**
 * @param {string} screen
 * @returns {PreparationScreen | "interview" | null} what follows; null when this is no screen of the preparation
 */
export function following(screen) {
  const place = ORDER.findIndex((one) => one === screen);
  return place < 0 ? null : ORDER[place + 1] ?? "interview";
}

/**
 * @param {string} screen
 * @returns {PreparationScreen | null} what came before; null at the first
 */
export function preceding(screen) {
  return ORDER[ORDER.findIndex((one) => one === screen) - 1] ?? null;
}
