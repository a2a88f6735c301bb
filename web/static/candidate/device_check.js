/**
 * Below one's own picture: an outline to sit in, whether there is light enough, whether the network lets the interview
 * through, and three seconds to see and hear oneself.
 */

import { need, say } from "../shared/dom.js";
import { LightMeter } from "./brightness.js";
import { Sample } from "./sample.js";

const SAMPLE_MS = 3000;

/** Draws itself; the room gives it the stream. */
export class DeviceCheck {
  /**
   * @param {Document} document
   * @param {import("./texts.js").Texts} texts
   */
  constructor(document, texts) {
    this.document = document;
    this.texts = texts;
    this.box = need(document, "device-check", HTMLElement);
    this.outline = need(document, "outline", HTMLElement);
    this.record = need(document, "sample-record", HTMLButtonElement);
    this.play = need(document, "sample-play", HTMLButtonElement);
    /** @type {MediaStream | null} */
    this.stream = null;
    this.light = new LightMeter(need(document, "preview", HTMLVideoElement), (light) => this.#showLight(light));
    this.sample = new Sample(need(document, "sample", HTMLVideoElement), () => this.#draw());
    this.record.addEventListener("click", () => this.#toggle());
    this.play.addEventListener("click", () => this.sample.play());
  }

  /** @param {MediaStream | null} stream */
  showStream(stream) {
    this.stream = stream;
    this.sample.forget();
    if (stream !== null && stream.getVideoTracks().length > 0) this.light.start();
    else this.light.stop();
    this.#draw();
  }

  #toggle() {
    if (this.stream === null || this.sample.state === "recording") return;
    this.sample.record(this.stream, SAMPLE_MS);
    // On a phone the picture, where it is played back, may be out of sight.
    need(this.document, "preview-frame", HTMLElement).scrollIntoView({ block: "nearest" });
  }

  #draw() {
    const { state } = this.sample;
    this.box.hidden = this.stream === null;
    const hasPicture = this.stream !== null && this.stream.getVideoTracks().length > 0;
    this.outline.hidden = !hasPicture || state === "playing";
    need(this.document, "outline-finding", HTMLElement).hidden = !hasPicture;
    this.record.setAttribute("aria-disabled", String(state === "recording"));
    this.play.hidden = state !== "recorded" && state !== "playing";
    say(this.record, this.texts.say(this.play.hidden ? "sample.record" : "sample.record_again"));
    say(need(this.document, "sample-said", HTMLElement), this.texts.say(`sample.${state}`));
  }

  /** @param {import("./brightness.js").Light | null} light */
  #showLight(light) {
    const line = need(this.document, "light-finding", HTMLElement);
    line.hidden = light === null;
    line.dataset.verdict = light === "good" ? "good" : "warning";
    say(need(this.document, "light-said", HTMLElement), light === null ? "" : this.texts.say(`light.${light}`));
  }
}
