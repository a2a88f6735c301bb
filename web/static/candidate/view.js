/**
 * The candidate's page as elements. `render` draws a flow and decides nothing.
 *
 * @typedef {import("./flow.js").Flow} Flow
 * @typedef {import("./types.js").Interview} Interview
 */

import { need, say } from "../shared/dom.js";
import { clockTime, localeOf } from "../shared/format.js";
import { BackView } from "./back_view.js";
import { DevicesView } from "./devices_view.js";
import { InterviewView } from "./interview_view.js";
import { NoticeView } from "./notice_view.js";
import { WithdrawalView } from "./withdrawal_view.js";

/** Problems that a copy of the link solves. */
const COPY_THE_LINK = new Set(["insecure_page", "no_api", "not_acceptable"]);
const DAY_MS = 86_400_000;

/**
 * @typedef {{render: (flow: Flow, interview: Interview) => void}} ScreenView
 * @typedef {{showStream: (stream: MediaStream | null) => void}} StreamView one's own picture
 */

/** Everything on the page. */
export class RoomView {
  /**
   * @param {Document} document
   * @param {import("./texts.js").Texts} texts
   */
  constructor(document, texts) {
    this.document = document;
    this.texts = texts;
    this.devices = new DevicesView(document, texts);
    this.back = new BackView(document, texts);
    this.interview = new InterviewView(document, texts);
    this.withdrawal = new WithdrawalView(document, texts);
    const notice = new NoticeView(document, texts, (flow) => this.#problemSentence(flow));
    /** What draws which screen; the others are drawn here. @type {Map<Flow["screen"], ScreenView>} */
    this.screens = new Map();
    this.screens.set("notice", notice).set("devices", this.devices).set("back", this.back).set("interview", this.interview);
    /** @type {StreamView[]} */
    this.streamViews = [this.devices, this.back, this.interview];
    /** Who else is told of every flow. @type {((flow: Flow) => void)[]} */
    this.listeners = [];
    /** @type {Flow["screen"]} */
    this.shown = "loading";
  }

  /** @param {string} id */
  element(id) {
    return need(this.document, id, HTMLElement);
  }

  /** @param {string} id */
  button(id) {
    return need(this.document, id, HTMLButtonElement);
  }

  /** @param {Flow} flow */
  render(flow) {
    this.#drawScreen(flow);
    this.#switchTo(flow.screen);
    for (const listener of this.listeners) listener(flow);
  }

  /** @param {Flow} flow */
  #drawScreen(flow) {
    if (flow.screen === "problem") this.#drawProblem(flow);
    if (flow.screen === "elsewhere") say(this.element("elsewhere-said"), this.texts.say("elsewhere.said", { time: clockTime(flow.savedMs) }));
    if (flow.interview === null) return;
    this.screens.get(flow.screen)?.render(flow, flow.interview);
    this.withdrawal.render(flow, flow.interview);
    this.#drawAnnounceChoice(flow.interview);
    if (flow.screen === "thanks") this.#drawThanks(flow, flow.interview);
  }

  /** Where no answer has an end, nobody need be told of it. @param {Interview} interview */
  #drawAnnounceChoice({ questions }) {
    const hasEnd = questions.some(({ answer_ms }) => typeof answer_ms === "number");
    for (const choice of this.document.querySelectorAll("[data-announce-time]")) {
      if (choice instanceof HTMLElement) choice.hidden = !hasEnd;
    }
  }

  /** @param {Flow["screen"]} screen */
  #switchTo(screen) {
    if (screen === this.shown) return;
    this.shown = screen;
    if (screen !== "interview") this.interview.dialog.close();
    for (const section of this.document.querySelectorAll("[data-screen]")) {
      if (section instanceof HTMLElement) section.hidden = section.dataset.screen !== screen;
    }
    const heading = this.document.querySelector(`[data-screen="${screen}"] h1`);
    if (heading instanceof HTMLElement) heading.focus({ preventScroll: true });
    this.document.defaultView?.scrollTo(0, 0);
  }

  /** @param {Flow} flow */
  #problemSentence(flow) {
    const values = { time: clockTime(flow.savedMs) };
    const path = `problems.${flow.problem}`;
    return `${this.texts.say(`${path}.title`)}. ${this.texts.say(`${path}.said`, values)} ${this.texts.say(`${path}.todo`)}`;
  }

  /** @param {Flow} flow @param {Interview} interview */
  #drawThanks(flow, { candidate, notice }) {
    const last = new Date(Date.now() + notice.retention_days * DAY_MS);
    const date = last.toLocaleDateString(localeOf(this.document), { dateStyle: "long" });
    say(this.element("thanks-title"), this.texts.say("thanks.title", candidate));
    say(this.element("thanks-stored"), this.texts.say("thanks.stored_said", { length: clockTime(flow.savedMs), controller: notice.controller }));
    say(this.element("thanks-until"), this.texts.say("thanks.until_said", { date }));
    say(this.element("thanks-ask"), this.texts.say("thanks.ask_said", { contact: notice.contact }));
  }

  /** @param {Flow} flow */
  #drawProblem(flow) {
    const path = `problems.${flow.problem}`;
    const values = { time: clockTime(flow.savedMs) };
    for (const part of ["title", "said", "todo"]) say(this.element(`problem-${part}`), this.texts.say(`${path}.${part}`, values));
    const isDone = flow.problem === "finished";
    this.element("problem-withdraw").hidden = !isDone || flow.interview === null;
    for (const mark of this.document.querySelectorAll("[data-mark]")) mark.toggleAttribute("hidden", (mark.getAttribute("data-mark") === "done") !== isDone);
    const action = this.button("problem-action");
    const label = this.texts.say(`${path}.action`);
    action.hidden = label === "";
    action.dataset.action = COPY_THE_LINK.has(flow.problem ?? "") ? "copy" : "retry";
    say(action, label);
  }

  /**
   * After the attempt to copy the link: say so, or show it for copying by hand.
   * @param {boolean} copied
   * @param {string} link
   */
  showCopied(copied, link) {
    if (copied) {
      say(this.button("problem-action"), this.texts.say("problems.copied"));
      return;
    }
    const field = need(this.document, "problem-link", HTMLInputElement);
    field.hidden = false;
    field.value = link;
    field.select();
  }

  /** @param {MediaStream | null} stream on every screen that shows it */
  showStream(stream) {
    for (const view of this.streamViews) view.showStream(stream);
  }
}
