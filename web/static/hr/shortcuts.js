/** Whether single keys do something on this page; remembered by the browser. */

const KEY = "holdfast.shortcuts";

/**
 * @param {HTMLInputElement} box the tick
 * @param {import("../shared/storage.js").Memory} storage
 */
export function rememberShortcuts(box, storage) {
  box.checked = read(storage) !== "off";
  box.addEventListener("change", () => {
    try {
      storage.setItem(KEY, box.checked ? "on" : "off");
    } catch {
      // A full or forbidden storage: it counts for this page alone.
    }
  });
}

/** @param {import("../shared/storage.js").Memory} storage */
function read(storage) {
  try {
    return storage.getItem(KEY);
  } catch {
    return null;
  }
}
