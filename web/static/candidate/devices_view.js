/**
 * The screen where camera and microphone are chosen, as elements.
 *
 * @typedef {import("./flow.js").Flow} Flow
 * @typedef {import("./types.js").Interview} Interview
 * @typedef {import("./types.js").Device} Device
 */

import { need, say } from "../shared/dom.js";
import { following } from "./preparation.js";
import { hasBegun } from "./questions.js";

/** Problems for which the microphone alone is a way out. */
const CAMERA_PROBLEMS = new Set(["no_camera", "device_busy", "permission_denied", "device_unknown"]);

/** Preview, level, choices, and what stands in the way. */
export class DevicesView {
  /**
   * @param {Document} document
   * @param {import("./texts.js").Texts} texts
   */
  constructor(document, texts) {
    this.document = document;
    this.texts = texts;
    this.preview = need(document, "preview", HTMLVideoElement);
    this.camera = need(document, "camera", HTMLSelectElement);
    this.microphone = need(document, "microphone", HTMLSelectElement);
    this.level = need(document, "meter-level", HTMLElement);
    this.problem = need(document, "device-problem", HTMLElement);
    this.retry = this.#inProblem('[data-action="retry"]');
    this.microphoneOnly = this.#inProblem('[data-action="microphone-only"]');
    this.turnOn = need(document, "turn-on", HTMLButtonElement);
    this.start = need(document, "start", HTMLButtonElement);
  }

  /** @param {string} selector */
  #inProblem(selector) {
    const found = this.problem.querySelector(selector);
    if (!(found instanceof HTMLElement)) throw new Error(`The page's #device-problem has no ${selector}.`);
    return found;
  }

  /** @param {Flow} flow @param {Interview} interview */
  render(flow, interview) {
    const isOpen = flow.devices === "open";
    this.#drawPicture(flow, isOpen);
    this.#drawProblem(flow, interview);
    need(this.document, "choices", HTMLElement).hidden = !isOpen;
    need(this.document, "camera-field", HTMLElement).hidden = flow.soundOnly;
    need(this.document, "meter", HTMLElement).hidden = !isOpen;
    say(need(this.document, "meter-said", HTMLElement), this.texts.say(flow.heard ? "devices.heard" : "devices.say_something"));
    this.#drawActions(flow, interview, isOpen);
  }

  /** @param {Flow} flow @param {boolean} isOpen */
  #drawPicture(flow, isOpen) {
    need(this.document, "preview-off", HTMLElement).hidden = isOpen && flow.hasPicture;
    const name = isOpen ? "sound" : flow.devices === "opening" ? "asking" : "picture";
    for (const said of this.document.querySelectorAll("[data-off]")) {
      if (said instanceof HTMLElement) said.hidden = said.dataset.off !== name;
    }
    need(this.document, "preview-frame", HTMLElement).hidden = flow.deviceProblem !== null;
  }

  /** @param {Flow} flow @param {Interview} interview */
  #drawProblem(flow, interview) {
    this.problem.hidden = flow.deviceProblem === null;
    if (flow.deviceProblem === null) return;
    for (const part of ["title", "said", "todo"]) {
      say(this.#inProblem(`[data-problem="${part}"]`), this.texts.say(`problems.${flow.deviceProblem}.${part}`));
    }
    say(this.retry, this.texts.say(`problems.${flow.deviceProblem}.action`));
    this.microphoneOnly.hidden = !interview.microphone_only_allowed || flow.soundOnly || !CAMERA_PROBLEMS.has(flow.deviceProblem);
  }

  /** @param {Flow} flow @param {Interview} interview @param {boolean} isOpen */
  #drawActions(flow, interview, isOpen) {
    const isReturn = hasBegun(flow.questions.place) || interview.state === "interrupted" || interview.state === "in_progress";
    const startsHere = isReturn || following("devices") === "interview";
    this.start.hidden = !isOpen;
    need(this.document, "start-said", HTMLElement).hidden = !isOpen || !startsHere;
    say(this.start, this.texts.say(isReturn ? "devices.resume" : startsHere ? "devices.start" : "devices.go_on"));
    need(this.document, "headphones", HTMLElement).hidden = !isOpen || !interview.questions.some(({ sound_url }) => sound_url);
    this.turnOn.hidden = isOpen || flow.deviceProblem !== null;
    this.turnOn.disabled = flow.devices === "opening";
    say(this.turnOn, this.texts.say(flow.soundOnly ? "devices.turn_on_sound" : "devices.turn_on"));
  }

  /** @param {import("./types.js").OpenedDevices} opened */
  showChoices({ cameras, microphones, camera, microphone }) {
    this.#fillSelect(this.camera, cameras, camera, "devices.camera_nth");
    this.#fillSelect(this.microphone, microphones, microphone, "devices.microphone_nth");
  }

  /**
   * @param {HTMLSelectElement} select
   * @param {Device[]} devices
   * @param {string} chosen
   * @param {string} nameless the sentence for a device that the browser does not name
   */
  #fillSelect(select, devices, chosen, nameless) {
    const options = devices.map(({ deviceId, label }, index) => new Option(label || this.texts.say(nameless, { n: index + 1 }), deviceId, false, deviceId === chosen));
    select.replaceChildren(...options);
  }

  /** @param {number} level between 0 and 1 */
  showLevel(level) {
    this.level.style.transform = `scaleX(${level.toFixed(2)})`;
  }

  /** @param {MediaStream | null} stream */
  showStream(stream) {
    this.preview.srcObject = stream;
  }
}
