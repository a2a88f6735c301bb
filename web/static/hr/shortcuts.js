/** Whether single keys do something on this page; remembered by the browser. */

const KEY = "holdfast.shortcuts";

/**
 * @param {HTMLInputElement} box the tick
 * @param {Storage | null} storage null where the browser allows none
 */
export function rememberShortcuts(box, storage) {
  box.checked = read(storage) !== "off";
  box.addEventListener("change", () => {
    try {
      storage?.setItem(KEY, box.checked ? "on" : "off");
    } catch {
      // A full or forbidden storage: it counts for this page alone.
    }
  });
}

/** @param {Storage | null} storage */
function read(storage) {
  try {
    return storage?.getItem(KEY) ?? null;
  } catch {
    return null;
  }
}
