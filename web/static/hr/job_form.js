/** Everything of a job that is saved together: what is on the page, what the server has, and saving it. */

import { BASE } from "../shared/base.js";
import { need, say } from "../shared/dom.js";
import { ask } from "./job_api.js";

/** @typedef {import("./job_api.js").Job} Job */
/** @typedef {import("./job_question.js").JobQuestion} JobQuestion */
/** @typedef {import("./job_questions.js").JobQuestions} JobQuestions */
/** @typedef {{ id: number | null, version: string | null }} Known what the server told of this job */
/** @typedef {import("./save_bar.js").SaveBar} SaveBar */

const DAYS = ["deadline_days", "retention_days"];
const WORDS = ["title", "help_contact", "notice_controller", "notice_contact", "notice_legal_basis"];
const TICKS = ["microphone_only_allowed", "answers_only"];

export class JobForm {
  #document;
  #form;
  #questions;
  #bar;
  #known;
  #saved;
  #isSaving = false;

  /**
   * @param {Document} document
   * @param {JobQuestions} questions
   * @param {SaveBar} bar
   * @param {Known} known
   */
  constructor(document, questions, bar, known) {
    this.#document = document;
    this.#form = need(document, "job", HTMLFormElement);
    this.#questions = questions;
    this.#bar = bar;
    this.#known = known;
    this.#saved = this.#snapshot();
  }

  /** Whether something on the page would be lost with it. */
  get isDirty() {
    const sounds = this.#questions.kept.some((question) => question.sound.isPending || question.sound.isRecording);
    return sounds || this.#snapshot() !== this.#saved;
  }

  /** Something was changed: say how things stand. */
  changed() {
    if (this.#isSaving) return;
    if (this.isDirty) this.#bar.show("dirty");
    else this.#bar.show(this.#known.id === null ? "new" : "saved");
  }

  /**
   * Send what is on the page. Nothing is called saved before the server has said so.
   * @param {{ overwrite?: boolean }} [how] overwrite: what somebody else changed meanwhile is lost
   */
  async save(how = {}) {
    if (this.#isSaving || !this.#check()) return;
    this.#isSaving = true;
    this.#bar.show("saving");
    const sent = this.#snapshot();
    const kept = this.#questions.kept;
    const outcome = await this.#send(kept, how.overwrite === true);
    if (!outcome.ok) {
      this.#isSaving = false;
      return this.#bar.refused(outcome);
    }
    const isNew = this.#known.id === null;
    this.#take(outcome.value, kept);
    this.#saved = sent;
    const refused = await this.#sendSounds(kept);
    this.#isSaving = false;
    if (refused !== null) return this.#bar.refused(refused);
    if (this.isDirty) this.#bar.show("dirty");
    else if (isNew) this.#document.location.replace(this.#address());
    else this.#bar.show("saved_now");
  }

  /**
   * @param {readonly JobQuestion[]} kept
   * @param {boolean} overwrite
   */
  async #send(kept, overwrite) {
    const body = { ...this.#settings(), questions: kept.map((question) => question.read()) };
    const { id } = this.#known;
    if (id === null) return /** @type {import("./job_api.js").Outcome<Job>} */ (await ask("POST", "", { body }));
    if (overwrite) {
      const now = /** @type {import("./job_api.js").Outcome<Job>} */ (await ask("GET", `/${id}`));
      if (!now.ok) return now;
      const there = new Set(now.value.questions.map((question) => question.id));
      // What somebody else removed meanwhile comes back as a new question.
      for (const question of body.questions) if (question.id !== undefined && !there.has(question.id)) delete question.id;
      this.#known.version = now.value.version;
    }
    const changed = await ask("PATCH", `/${id}`, { body, version: this.#known.version });
    return /** @type {import("./job_api.js").Outcome<Job>} */ (changed);
  }

  /**
   * The server has it: so far the page and the server agree.
   * @param {Job} job
   * @param {readonly JobQuestion[]} kept as they were sent
   */
  #take(job, kept) {
    if (this.#known.id === null) {
      this.#known.id = job.id;
      this.#document.defaultView?.history.replaceState(null, "", this.#address());
    }
    this.#known.version = job.version;
    this.#placeIds(job, kept);
    this.#questions.forgetRemoved();
    this.#tellOfNotice(job.notice_lacking);
    say(need(this.#document, "heading", HTMLElement), job.title);
    this.#document.title = job.title;
  }

  /** Whether somebody can be invited now. @param {string} lacking what the notice does not say; empty: nothing */
  #tellOfNotice(lacking) {
    const lacks = lacking !== "";
    for (const element of this.#document.querySelectorAll("[data-notice-lacks]")) element.toggleAttribute("hidden", !lacks);
    for (const element of this.#document.querySelectorAll("[data-notice-complete]")) element.toggleAttribute("hidden", lacks);
    this.#document.getElementById("notice-unread")?.toggleAttribute("hidden", true);
    const said = this.#document.getElementById("notice-lacking");
    if (said !== null) say(said, lacking);
  }

  /**
   * @param {Job} job
   * @param {readonly JobQuestion[]} kept
   */
  #placeIds(job, kept) {
    kept.forEach((question, place) => {
      const told = job.questions[place];
      if (told === undefined) return;
      question.id = told.id;
      if (!question.sound.isPending) question.sound.saved(told.sound_url);
    });
  }

  /**
   * The sounds follow one by one; what the server refuses stays here.
   * @param {readonly JobQuestion[]} kept
   * @returns {Promise<{ status: number, said: string } | null>} null: all of them are there
   */
  async #sendSounds(kept) {
    let refused = null;
    let sent = 0;
    for (const question of kept) {
      const { pending } = question.sound;
      if (pending === undefined) continue;
      const path = `/${this.#known.id}/questions/${question.id}/sound`;
      const outcome = pending === null ? await ask("DELETE", path) : await ask("PUT", path, { wav: pending });
      if (outcome.ok) {
        if (question.sound.pending === pending) question.sound.saved(null);
        sent += 1;
      } else {
        question.sound.refused(outcome.said);
        refused = { status: outcome.status, said: `Everything but a sound is saved. ${outcome.said}` };
      }
    }
    if (sent > 0) await this.#hearAgain(kept);
    return refused;
  }

  /** @param {readonly JobQuestion[]} kept */
  async #hearAgain(kept) {
    const job = /** @type {import("./job_api.js").Outcome<Job>} */ (await ask("GET", `/${this.#known.id}`));
    if (job.ok) this.#placeIds(job.value, kept);
  }

  /** Show what has to be put right, and go there. */
  #check() {
    const title = this.#field("title");
    const noTitle = title.value.trim() === "";
    const problem = need(this.#document, "title-problem", HTMLElement);
    problem.hidden = !noTitle;
    say(/** @type {HTMLElement} */ (problem.querySelector("span")), "Write what the job is called.");
    title.toggleAttribute("aria-invalid", false);
    if (noTitle) title.setAttribute("aria-invalid", "true");
    const questions = this.#questions.kept.map((question) => question.check());
    const days = DAYS.map((name) => this.#field(name)).filter((field) => !field.checkValidity() || field.value === "");
    for (const name of DAYS) this.#field(name).toggleAttribute("aria-invalid", days.includes(this.#field(name)));
    const wrong = [noTitle ? title : null, ...questions, ...days].filter((field) => field !== null);
    if (this.#questions.kept.some((question) => question.sound.isRecording)) {
      this.#bar.refused({ status: -1, said: "Not saved: stop the recording first." });
      return false;
    }
    if (wrong.length === 0) return true;
    const fields = wrong.length === 1 ? "one field needs" : `${wrong.length} fields need`;
    this.#bar.refused({ status: -1, said: `Not saved: ${fields} another look.` });
    wrong[0]?.focus();
    return false;
  }

  #settings() {
    return Object.fromEntries([
      ...WORDS.map((name) => [name, this.#field(name).value.trim()]),
      ...DAYS.map((name) => [name, Number(this.#field(name).value)]),
      ...TICKS.map((name) => [name, /** @type {HTMLInputElement} */ (this.#field(name)).checked]),
      ["notice_texts", this.#noticeTexts()],
    ]);
  }

  /** What the notice says in each language. */
  #noticeTexts() {
    /** @type {Record<string, Record<string, string>>} */
    const texts = {};
    for (const field of this.#form.querySelectorAll("textarea[data-notice]")) {
      if (!(field instanceof HTMLTextAreaElement)) continue;
      const { notice = "", language = "" } = field.dataset;
      (texts[language] ??= {})[notice] = field.value.trim();
    }
    return texts;
  }

  #snapshot() {
    // By our own keys: the server's ids come with the first save, which changes nothing.
    const questions = this.#questions.kept.map((question) => [question.key, Object.values({ id: 0, ...question.read() }).slice(1)]);
    return JSON.stringify([this.#settings(), questions]);
  }

  /** @param {string} name */
  #field(name) {
    const field = this.#form.elements.namedItem(name);
    if (field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement || field instanceof HTMLSelectElement) return field;
    throw new Error(`The form has no field ${name}.`);
  }

  #address() {
    return `${BASE}/hr/jobs/${this.#known.id}`;
  }
}
