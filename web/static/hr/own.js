/** What HR does about a candidate's own page: release the recording to them, delete what they asked to have deleted. */

import { need, say } from "../shared/dom.js";
import { confirmed } from "./dialogs.js";

/**
 * The page brings itself up to date and replaces what stands there, so the document listens.
 * @param {Document} document
 */
export function bindOwn(document) {
  document.addEventListener("change", ({ target }) => {
    if (target instanceof HTMLInputElement && target.dataset.release) void release(document, target, target.dataset.release);
  });
  document.addEventListener("click", ({ target }) => {
    const button = target instanceof Element ? target.closest("[data-grant]") : null;
    if (button instanceof HTMLButtonElement) void grant(document, button.dataset.grant ?? "");
  });
}

/**
 * @param {Document} document
 * @param {HTMLInputElement} tick
 * @param {string} url
 */
async function release(document, tick, url) {
  tick.disabled = true;
  const done = await sent(url, "PUT", { released: tick.checked });
  tick.disabled = false;
  if (!done) tick.checked = !tick.checked;
  const now = tick.checked ? "The candidate can see their recording now: their link shows a button for it." : "The candidate needs a code from now on.";
  tell(document, done ? now : "That did not work. Nothing was changed. Load the page again and try once more.");
  tick.focus();
}

/** @param {Document} document @param {string} url */
async function grant(document, url) {
  if (!(await confirmed(document, "grant-dialog"))) return;
  if (await sent(url, "POST", {})) location.assign(need(document, "grant-dialog", HTMLDialogElement).dataset.list ?? "");
  else tell(document, "It was not deleted. An interview on legal hold is kept until the hold is lifted; otherwise load the page again and try once more.");
}

/**
 * @param {string} url
 * @param {string} method
 * @param {object} body
 */
async function sent(url, method, body) {
  try {
    return (await fetch(url, { method, headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) })).ok;
  } catch {
    return false;
  }
}

/** @param {Document} document @param {string} sentence */
function tell(document, sentence) {
  const said = need(document, "own-said", HTMLElement);
  // Emptied first: the same sentence twice is told twice.
  said.textContent = "";
  say(said, sentence);
}
