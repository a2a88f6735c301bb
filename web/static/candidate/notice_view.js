/**
 * The notice, word for word as the server says it: what is agreed to is exactly what stands here.
 *
 * @typedef {import("./types.js").Interview} Interview
 * @typedef {import("./flow.js").Flow} Flow
 */

import { need, say } from "../shared/dom.js";

/** The first screen. */
export class NoticeView {
  /**
   * @param {Document} document
   * @param {import("./texts.js").Texts} texts
   * @param {(flow: Flow) => string} problemSentence
   */
  constructor(document, texts, problemSentence) {
    this.document = document;
    this.texts = texts;
    this.problemSentence = problemSentence;
    this.drawn = "";
  }

  /** @param {Flow} flow @param {Interview} interview */
  render(flow, { candidate, job, notice }) {
    this.#say("notice-greeting", this.texts.say("notice.greeting", { name: candidate.name, job: job.title }));
    this.#say("notice-version", this.texts.say("notice.version", { version: notice.version }));
    this.#say("consent-said", notice.acknowledgement);
    if (this.drawn !== notice.version) this.#draw(notice);
    need(this.document, "continue", HTMLButtonElement).disabled = flow.waiting;
    const problem = need(this.document, "consent-problem", HTMLElement);
    problem.hidden = flow.problem === null;
    say(problem, flow.problem === null ? "" : this.problemSentence(flow));
  }

  /** @param {import("./types.js").Notice} notice */
  #draw(notice) {
    this.drawn = notice.version;
    this.#say("notice-title", notice.title);
    const list = need(this.document, "notice-passages", HTMLElement);
    list.replaceChildren(...notice.passages.flatMap(({ title, text }) => [this.#element("dt", title), this.#element("dd", text)]));
  }

  /** @param {"dt" | "dd"} name @param {string} text */
  #element(name, text) {
    const element = this.document.createElement(name);
    element.textContent = text;
    return element;
  }

  /** @param {string} id @param {string} sentence */
  #say(id, sentence) {
    say(need(this.document, id, HTMLElement), sentence);
  }
}
