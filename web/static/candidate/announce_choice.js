/** Whether the end of an answer's time is told to a screen reader: the candidate's choice, kept in this tab. */

const KEY = "holdfast.announce-time";

/**
 * @param {Document} document
 * @param {import("../shared/storage.js").Memory} storage
 * @param {(isWanted: boolean) => void} onChoice
 */
export function followChoice(document, storage, onChoice) {
  const boxes = [...document.querySelectorAll("[data-announce-time] input")].filter((box) => box instanceof HTMLInputElement);
  const choose = (/** @type {boolean} */ isWanted) => {
    for (const box of boxes) box.checked = isWanted;
    onChoice(isWanted);
  };
  for (const box of boxes) {
    box.addEventListener("change", () => {
      choose(box.checked);
      try {
        storage.setItem(KEY, String(box.checked));
      } catch {
        // Storage is switched off: the choice lasts as long as this page.
      }
    });
  }
  choose(kept(storage));
}

/** @param {import("../shared/storage.js").Memory} storage */
function kept(storage) {
  try {
    return storage.getItem(KEY) === "true";
  } catch {
    return false;
  }
}
