/** The player's keys. Pure. */

const STEP_MS = 5000;

/**
 * @param {{key: string, ctrlKey: boolean, metaKey: boolean, altKey: boolean}} event
 * @param {"button" | "field" | "seek" | "other"} focus what has the focus
 * @returns {{type: "toggle"} | {type: "move", ms: number} | null} null when the key is not the player's
 */
export function playerKey({ key, ctrlKey, metaKey, altKey }, focus) {
  if (ctrlKey || metaKey || altKey || focus === "field") return null;
  // Space presses the button that has the focus; the seek bar has no use of its own for it.
  if (key === " ") return focus === "button" ? null : { type: "toggle" };
  if (key === "ArrowLeft") return { type: "move", ms: -STEP_MS };
  if (key === "ArrowRight") return { type: "move", ms: STEP_MS };
  return null;
}

/**
 * @param {Element | null} element
 * @returns {"button" | "field" | "seek" | "other"}
 */
export function focusKind(element) {
  if (element instanceof HTMLInputElement && element.type === "range") return "seek";
  if (element instanceof HTMLButtonElement || element instanceof HTMLAnchorElement) return "button";
  return element instanceof HTMLInputElement || element instanceof HTMLSelectElement ? "field" : "other";
}
