/** Wires a job's page. */

import { embedded, need } from "../shared/dom.js";
import { localiseTimes } from "../shared/local_times.js";
import { bindActions } from "./job_actions.js";
import { JobForm } from "./job_form.js";
import { JobQuestions } from "./job_questions.js";
import { bindTeam } from "./job_team.js";
import { SaveBar } from "./save_bar.js";

localiseTimes(document);

/** @type {{ id: number | null, version: string | null, user_id: number, most_seconds: number }} */
const data = embedded(document, "job-data");
if (data.id !== null) {
  bindActions(document, data.id);
  bindTeam(document, data.id, data.user_id);
}
if (document.getElementById("job") !== null) edit();
for (const button of document.querySelectorAll("[data-scripted]")) button.removeAttribute("disabled");

function edit() {
  /** @type {JobForm | null} */
  let form = null;
  const parts = {
    list: need(document, "questions", HTMLOListElement),
    template: need(document, "question-template", HTMLTemplateElement),
    none: need(document, "no-questions", HTMLElement),
    said: need(document, "said", HTMLElement),
  };
  const questions = new JobQuestions(parts, data.most_seconds, () => form?.changed());
  const ready = new JobForm(document, questions, new SaveBar(document), { id: data.id, version: data.version });
  form = ready;

  const element = need(document, "job", HTMLFormElement);
  element.addEventListener("input", (event) => {
    if (event.target instanceof Element && event.target.closest("#team") === null) ready.changed();
  });
  element.addEventListener("submit", (event) => {
    event.preventDefault();
    void ready.save();
  });
  need(document, "add", HTMLButtonElement).addEventListener("click", () => questions.add());
  need(document, "overwrite", HTMLButtonElement).addEventListener("click", () => ready.save({ overwrite: true }));
  need(document, "load-theirs", HTMLButtonElement).addEventListener("click", () => document.location.reload());
  window.addEventListener("beforeunload", (event) => {
    if (ready.isDirty) event.preventDefault();
  });
}
