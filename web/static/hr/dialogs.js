/** Dialogs of HR's pages: opened by buttons, one that asks first, one that shows a secret this once. */

import { copyText, need } from "../shared/dom.js";

/**
 * Buttons with `data-opens` open the dialog of that id, those with `data-closes` close theirs.
 * @param {Document} document
 */
export function bindDialogs(document) {
  for (const button of document.querySelectorAll("[data-opens]")) {
    button.addEventListener("click", () => need(document, button.getAttribute("data-opens") ?? "", HTMLDialogElement).showModal());
  }
  for (const button of document.querySelectorAll("[data-closes]")) {
    button.addEventListener("click", () => button.closest("dialog")?.close());
  }
}

/**
 * @param {Document} document
 * @param {string} id
 * @param {string} [name] what it is about
 * @returns {Promise<boolean>} whether the person said yes
 */
export function confirmed(document, id, name = "") {
  const dialog = need(document, id, HTMLDialogElement);
  const place = dialog.querySelector("[data-name]");
  if (place) place.textContent = name;
  return closed(dialog);
}

/**
 * Show something this once, to be copied.
 * @param {Document} document
 * @param {string} id
 * @param {string} text
 * @returns {Promise<boolean>} settled when the person is done
 */
export function showOnce(document, id, text) {
  const dialog = need(document, id, HTMLDialogElement);
  const field = dialog.querySelector("[data-shown]");
  const said = dialog.querySelector('[role="status"]');
  if (field instanceof HTMLInputElement) {
    field.value = text;
    dialog.querySelector('[data-do="copy"]')?.addEventListener("click", async () => {
      const copied = await copyText(document, text);
      if (!copied) field.select();
      if (said) said.textContent = copied ? "It is copied." : "Copy the selected text yourself: this browser does not let the page do it.";
    });
  }
  return closed(dialog);
}

/**
 * @param {HTMLFormElement} form
 * @param {string} sentence empty: nothing is wrong
 */
export function sayWrong(form, sentence) {
  const place = form.querySelector("[data-error]");
  if (!(place instanceof HTMLElement)) return;
  place.hidden = sentence === "";
  place.textContent = sentence;
}

/**
 * @param {HTMLDialogElement} dialog
 * @returns {Promise<boolean>}
 */
function closed(dialog) {
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((settle) => {
    dialog.addEventListener("close", () => settle(dialog.returnValue === "yes"), { once: true });
  });
}
