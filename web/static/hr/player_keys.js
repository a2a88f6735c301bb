/**
 * The player's keys. Pure.
 *
 * @typedef {{type: "toggle"} | {type: "move", ms: number} | {type: "answer", direction: -1 | 1} | {type: "speed", direction: -1 | 1}
 *   | {type: "captions"} | {type: "mute"} | {type: "fullscreen"}} Wish
 * @typedef {"button" | "field" | "seek" | "answer" | "other"} Focus what has the focus
 */

const STEP_MS = 5000;
const LONG_STEP_MS = 10_000;

/** @type {Record<string, Wish>} Letters, whatever has the focus but a field. */
const LETTERS = {
  k: { type: "toggle" },
  j: { type: "move", ms: -LONG_STEP_MS },
  l: { type: "move", ms: LONG_STEP_MS },
  c: { type: "captions" },
  m: { type: "mute" },
  f: { type: "fullscreen" },
  "<": { type: "speed", direction: -1 },
  ">": { type: "speed", direction: 1 },
};

/**
 * @param {{key: string, ctrlKey: boolean, metaKey: boolean, altKey: boolean, shiftKey?: boolean}} event
 * @param {Focus} focus
 * @returns {Wish | null} null when the key is not the player's
 */
export function playerKey({ key, ctrlKey, metaKey, altKey, shiftKey = false }, focus) {
  if (ctrlKey || metaKey || altKey || focus === "field") return null;
  // Space presses the button that has the focus; the seek bar has no use of its own for it.
  if (key === " ") return focus === "button" || focus === "answer" ? null : { type: "toggle" };
  if (key === "ArrowLeft") return shiftKey ? { type: "answer", direction: -1 } : { type: "move", ms: -STEP_MS };
  if (key === "ArrowRight") return shiftKey ? { type: "answer", direction: 1 } : { type: "move", ms: STEP_MS };
  // Up and down scroll the page, but in the list of questions.
  if (focus === "answer" && key === "ArrowUp") return { type: "answer", direction: -1 };
  if (focus === "answer" && key === "ArrowDown") return { type: "answer", direction: 1 };
  return LETTERS[key.toLowerCase()] ?? null;
}

/**
 * @param {Element | null} element
 * @returns {Focus}
 */
export function focusKind(element) {
  if (element instanceof HTMLInputElement && element.type === "range") return "seek";
  if (element instanceof HTMLInputElement && element.type === "checkbox") return "button";
  if (element?.matches("[data-take] [data-player-at]")) return "answer";
  if (element instanceof HTMLButtonElement || element instanceof HTMLAnchorElement || element?.tagName === "SUMMARY") return "button";
  return element instanceof HTMLInputElement || element instanceof HTMLSelectElement || element instanceof HTMLTextAreaElement ? "field" : "other";
}
