/**
 * The interview as elements: one's own picture, what the server says is recorded and saved, and what went wrong.
 *
 * @typedef {import("./flow.js").Flow} Flow
 * @typedef {import("./types.js").Interview} Interview
 */

import { need, say, showOnly } from "../shared/dom.js";
import { clockTime } from "../shared/format.js";
import { isExpected } from "./connection.js";
import { QuestionView } from "./question_view.js";

/** Troubles that a new connection does not end. */
const NOT_CONNECTION = new Set(["disk_full", "disk_stuck", "camera_stopped", "microphone_stopped", "microphone_muted"]);
/** Troubles that end when the devices are opened again. */
const DEVICES = /^(camera|microphone)_/;

/** The screen of the interview. */
export class InterviewView {
  /**
   * @param {Document} document
   * @param {import("./texts.js").Texts} texts
   */
  constructor(document, texts) {
    this.document = document;
    this.texts = texts;
    this.question = new QuestionView(document, texts);
    this.self = need(document, "self", HTMLVideoElement);
    this.dialog = need(document, "confirm", HTMLDialogElement);
  }

  /** @param {string} id */
  #element(id) {
    return need(this.document, id, HTMLElement);
  }

  /** @param {Flow} flow @param {Interview} interview */
  render(flow, interview) {
    this.question.render(flow, interview);
    this.#drawPicture(flow);
    this.#drawLight(flow);
    this.#drawSaved(flow);
    this.#drawTrouble(flow);
    this.#drawFinish(flow);
  }

  /** @param {Flow} flow */
  #drawPicture(flow) {
    const isPaused = flow.questions.place?.step === "paused";
    const off = this.#element("self-off");
    off.hidden = flow.hasPicture && !isPaused;
    showOnly(off, !isPaused ? "sound" : flow.recording ? "pausing" : "paused");
    this.self.hidden = !flow.hasPicture || isPaused;
  }

  /** @param {Flow} flow */
  #drawLight(flow) {
    const light = this.#element("light");
    const name = lightOf(flow);
    light.dataset.light = name;
    showOnly(light, name);
    const said = { recording: "interview.recording", connecting: "interview.connecting", paused: "pause.said", off: "interview.not_recording" };
    say(this.#element("announcer"), this.texts.say(flow.lagging ? "interview.not_saved" : said[name]));
  }

  /** @param {Flow} flow */
  #drawSaved(flow) {
    const saved = this.#element("saved");
    const name = flow.lagging ? "lagging" : flow.savedMs > 0 ? "saved" : "none";
    saved.dataset.saved = name;
    showOnly(saved, name);
    say(this.#element("saved-said"), this.texts.say("interview.saved", { time: clockTime(flow.savedMs) }));
  }

  /** @param {Flow} flow */
  #drawTrouble(flow) {
    this.#element("trouble").hidden = flow.trouble === "none" && flow.deviceProblem === null;
    this.#element("turn-on-again").hidden = flow.devices === "open" && !DEVICES.test(flow.trouble);
    say(this.#element("trouble-said"), this.#troubleSentence(flow));
  }

  /** @param {Flow} flow */
  #troubleSentence(flow) {
    if (flow.deviceProblem !== null) return this.texts.say(`problems.${flow.deviceProblem}.todo`);
    if (flow.trouble === "none") return "";
    const path = flow.trouble === "connection" ? "lost" : flow.trouble;
    return this.texts.say(`interview.${path}`, { time: clockTime(flow.savedMs), seconds: flow.troubleSeconds });
  }

  /** @param {Flow} flow */
  #drawFinish(flow) {
    const finish = need(this.document, "finish", HTMLButtonElement);
    finish.disabled = flow.waiting;
    say(finish, this.texts.say(flow.waiting ? "interview.finishing" : "interview.finish"));
    say(this.#element("confirm-said"), this.texts.say("interview.confirm_said", { time: clockTime(flow.savedMs) }));
    const n = openQuestions(flow);
    this.#element("confirm-open").hidden = n === 0;
    say(this.#element("confirm-open"), this.texts.say(n === 1 ? "interview.confirm_open_one" : "interview.confirm_open", { n }));
    if (flow.confirming && !this.dialog.open) this.dialog.showModal();
    if (!flow.confirming) this.dialog.close();
  }

  /** @param {MediaStream | null} stream */
  showStream(stream) {
    this.self.srcObject = stream;
  }
}

/** @param {Flow} flow @returns {"recording" | "connecting" | "paused" | "off"} */
function lightOf(flow) {
  if (flow.recording) return "recording";
  const step = flow.questions.place?.step;
  if (step === "paused" || step === "done") return "paused";
  return !isExpected(flow) || NOT_CONNECTION.has(flow.trouble) ? "off" : "connecting";
}

/** How many questions have no answer yet. @param {Flow} flow */
function openQuestions({ questions: { place }, interview }) {
  if (place === null || interview === null || place.step === "done") return 0;
  const isOpen = (place.paused_step ?? place.step) !== "answered" && place.take === 0;
  const later = interview.questions.filter(({ index }) => index > place.question).length;
  return later + (isOpen ? 1 : 0);
}
