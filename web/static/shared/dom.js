/** Small helpers that every view shares. Each is given the document. */

/**
 * The element with this id, which the template promises.
 * @template {HTMLElement} T
 * @param {Document} document
 * @param {string} id
 * @param {new () => T} type what kind of element it must be
 * @returns {T}
 * @throws {Error} when template and script disagree
 */
export function need(document, id, type) {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`The page has no ${type.name} #${id}.`);
  return found;
}

/**
 * What the server embedded as `<script type="application/json">`.
 * @param {Document} document
 * @param {string} id
 * @returns {any} the template's head says which shape
 */
export function embedded(document, id) {
  return JSON.parse(need(document, id, HTMLScriptElement).textContent ?? "null");
}

/**
 * Show the one child that is meant and hide its siblings: `<span data-when="recording">`.
 * @param {HTMLElement} parent
 * @param {string} name
 */
export function showOnly(parent, name) {
  for (const child of parent.querySelectorAll("[data-when]")) {
    if (child instanceof HTMLElement) child.hidden = child.dataset.when !== name;
  }
}

/**
 * Change the text only when it differs, so that a screen reader hears it once.
 * @param {HTMLElement} element
 * @param {string} text
 */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Copy to the clipboard, also where the Clipboard API is missing (in-app browsers).
 * @param {Document} document
 * @param {string} text
 * @returns {Promise<boolean>} whether it worked
 */
export async function copyText(document, text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(document, text);
  }
}

/**
 * @param {Document} document
 * @param {string} text
 * @returns {boolean}
 */
function copyBySelection(document, text) {
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "visually-hidden";
  document.body.append(field);
  field.select();
  const copied = document.execCommand("copy");
  field.remove();
  return copied;
}
