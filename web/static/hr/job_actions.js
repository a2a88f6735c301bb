/** What is done with a job as a whole: copied, archived, taken out of the archive, deleted. */

import { BASE } from "../shared/base.js";
import { need, say } from "../shared/dom.js";
import { ask } from "./job_api.js";

/** @typedef {import("./job_api.js").Outcome<import("./job_api.js").Job | null>} Done */

/**
 * @param {Document} document
 * @param {number} jobId
 */
export function bindActions(document, jobId) {
  const here = `${BASE}/hr/jobs/${jobId}`;
  /** @param {string} id @param {() => void} act */
  const on = (id, act) => document.getElementById(id)?.addEventListener("click", act);

  /**
   * @param {string} method
   * @param {string} path
   * @param {object | undefined} body
   * @param {(outcome: Done & { ok: true }) => string} next where to go then
   */
  const act = async (method, path, body, next) => {
    const outcome = /** @type {Done} */ (await ask(method, `/${jobId}${path}`, { body }));
    if (outcome.ok) return document.location.assign(next(outcome));
    for (const dialog of document.querySelectorAll("dialog")) dialog.close();
    const problem = need(document, "action-problem", HTMLElement);
    problem.hidden = false;
    say(/** @type {HTMLElement} */ (problem.querySelector("span")), outcome.said);
  };

  on("archive", () => act("POST", "/archive", undefined, () => here));
  on("unarchive", () => act("POST", "/unarchive", undefined, () => here));
  on("copy", () => {
    need(document, "copy-dialog", HTMLDialogElement).showModal();
    need(document, "copy-title", HTMLInputElement).select();
  });
  const copy = () => {
    const title = need(document, "copy-title", HTMLInputElement);
    if (title.reportValidity()) {
      void act("POST", "/copy", { title: title.value }, ({ value }) => `${BASE}/hr/jobs/${value?.id ?? jobId}`);
    }
  };
  on("copy-yes", copy);
  document.getElementById("copy-title")?.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault(); // It would close the dialog by its first button.
    copy();
  });
  on("delete", () => need(document, "delete-dialog", HTMLDialogElement).showModal());
  on("delete-yes", () => act("DELETE", "", undefined, () => `${BASE}/hr/jobs`));
}
