/**
 * What to expect, as elements.
 *
 * @typedef {import("./types.js").Interview} Interview
 */

import { need, say } from "../shared/dom.js";
import { localeOf } from "../shared/format.js";
import { duration, megabytes, takes } from "./expectations.js";

const DAY_MS = 86_400_000;

/** The screen between devices and practice. */
export class ExpectationsView {
  /**
   * @param {Document} document
   * @param {import("./texts.js").Texts} texts
   */
  constructor(document, texts) {
    this.document = document;
    this.texts = texts;
    /** @type {Interview | null} */
    this.shown = null;
  }

  /** @param {unknown} _flow @param {Interview} interview */
  render(_flow, interview) {
    if (interview === this.shown) return;
    this.shown = interview;
    const sentences = {
      minutes: this.#minutes(interview),
      questions: this.#questions(interview),
      recorded: this.texts.say(interview.answers_only ? "expect.recorded_answers" : "expect.recorded_all"),
      pause: this.#pause(interview),
      data: this.#data(interview),
      who: interview.notice.recipients,
      until: this.#until(interview),
      help: this.texts.say("expect.help_said", { contact: interview.help_contact || interview.notice.contact }),
    };
    for (const [name, sentence] of Object.entries(sentences)) say(need(this.document, `expect-${name}`, HTMLElement), sentence);
  }

  /** @param {Interview} interview */
  #minutes({ questions }) {
    const { minutes, isMost } = duration(questions);
    const most = takes(questions).most === 1 ? "expect.minutes_most" : "expect.minutes_once";
    return this.#counted(isMost ? most : "expect.minutes_about", minutes);
  }

  /** @param {Interview} interview */
  #questions({ questions }) {
    if (questions.length === 0) return this.texts.say("expect.questions_none");
    const { most, isSame } = takes(questions);
    const often = most === 1 ? "expect.takes_one" : isSame ? "expect.takes_each" : "expect.takes_some";
    return `${this.#counted("expect.questions", questions.length)} ${this.texts.say(often, { n: most })}`;
  }

  /** @param {Interview} interview */
  #pause({ deadline_at }) {
    return deadline_at ? this.texts.say("expect.pause_until", { date: this.#date(new Date(deadline_at)) }) : this.texts.say("expect.pause_said");
  }

  /** @param {Interview} interview */
  #data({ questions, limits }) {
    const size = megabytes(duration(questions).minutes, limits);
    const number = new Intl.NumberFormat(localeOf(this.document)).format(size);
    return this.texts.say("expect.data_said", { size: `${number}\u00a0MB` });
  }

  /** @param {Interview} interview */
  #until({ notice }) {
    const date = this.#date(new Date(Date.now() + notice.retention_days * DAY_MS));
    return this.texts.say("expect.until_said", { days: notice.retention_days, date });
  }

  /** @param {Date} date */
  #date(date) {
    return date.toLocaleDateString(localeOf(this.document), { dateStyle: "long" });
  }

  /** @param {string} path @param {number} n one of a thing has a sentence of its own */
  #counted(path, n) {
    return this.texts.say(n === 1 ? `${path}_one` : path, { n });
  }
}
