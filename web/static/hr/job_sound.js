/** The sound of one question: recorded or chosen here, heard before it is saved, sent with everything else. */

import { say } from "../shared/dom.js";
import { clockTime } from "../shared/format.js";
import { SoundRecorder } from "./sound_recorder.js";

const SAID = {
  none: "Not spoken",
  saved: "Spoken",
  recorded: "Recorded, not saved yet",
  chosen: "Chosen, not saved yet",
  removed: "Sound removed, not saved yet",
  asking: "Waiting for the microphone…",
  denied: "The browser may not use the microphone. Allow it beside the address, then try again.",
  missing: "There is no microphone. Connect one, or upload a WAV.",
  failed: "The microphone could not be opened. Another program may be using it.",
  silent: "Nothing came from the microphone. Nothing was changed.",
  unplayable: "This sound cannot be played here.",
};

export class JobSound {
  #area;
  #onChange;
  /** @type {string | null} where the server has it */
  #url;
  /** @type {Blob | null} what is to be sent */
  #blob = null;
  #removed = false;
  /** @type {"recorded" | "chosen"} */
  #how = "recorded";
  /** @type {SoundRecorder | null} */
  #recorder = null;
  /** @type {HTMLAudioElement | null} */
  #audio = null;

  /**
   * @param {HTMLElement} area
   * @param {string | null} url
   * @param {number} mostSeconds longer sounds are not taken
   * @param {() => void} onChange
   */
  constructor(area, url, mostSeconds, onChange) {
    this.#area = area;
    this.#url = url;
    this.#onChange = onChange;
    this.#on("[data-record]", () => this.#record(mostSeconds));
    this.#on("[data-upload]", () => this.#file.click());
    this.#on("[data-listen]", () => this.#listen());
    this.#on("[data-silence]", () => this.#silence());
    this.#file.addEventListener("change", () => this.#choose());
    this.#show();
  }

  /** Whether the server does not have it as it is here. */
  get isPending() {
    return this.#blob !== null || this.#removed;
  }

  /** Whether the microphone is open. */
  get isRecording() {
    return this.#recorder !== null;
  }

  /** What has to be sent: a WAV, null for "remove it", undefined for nothing. */
  get pending() {
    return this.#blob ?? (this.#removed ? null : undefined);
  }

  /** @param {string | null} url what the server has now */
  saved(url) {
    this.#url = url;
    this.#blob = null;
    this.#removed = false;
    this.#show();
  }

  /** The server would not take it. @param {string} sentence */
  refused(sentence) {
    this.#say(sentence);
  }

  /** Let go of microphone and loudspeaker. */
  close() {
    void this.#recorder?.cancel();
    this.#recorder = null;
    this.#hush();
    this.#show();
  }

  /** @param {number} mostSeconds */
  async #record(mostSeconds) {
    if (this.#recorder !== null) return this.#stop();
    this.#hush();
    const recorder = new SoundRecorder((level, ms) => this.#level(level, ms, mostSeconds));
    this.#recorder = recorder;
    this.#say(SAID.asking);
    const problem = await recorder.start();
    if (problem !== null) {
      this.#recorder = null;
      this.#show();
      return this.#say(SAID[problem]);
    }
    this.#show();
  }

  async #stop() {
    const recorder = this.#recorder;
    this.#recorder = null;
    const wav = (await recorder?.stop()) ?? null;
    if (wav !== null) this.#take(wav, "recorded");
    else {
      this.#show();
      this.#say(SAID.silent);
    }
  }

  /**
   * @param {number} level
   * @param {number} ms
   * @param {number} mostSeconds
   */
  #level(level, ms, mostSeconds) {
    const bar = this.#part("[data-level] > span");
    bar.style.inlineSize = `${Math.round(level * 100)}%`;
    say(this.#part("[data-sound-said]"), `Recording ${clockTime(ms)}`);
    if (ms >= mostSeconds * 1000 - 500) void this.#stop();
  }

  #choose() {
    const file = this.#file.files?.[0];
    this.#file.value = "";
    if (file !== undefined) this.#take(new Blob([file], { type: "audio/wav" }), "chosen");
  }

  /**
   * @param {Blob} wav
   * @param {"recorded" | "chosen"} how
   */
  #take(wav, how) {
    this.#hush();
    this.#blob = wav;
    this.#how = how;
    this.#removed = false;
    this.#show();
    this.#onChange();
  }

  #silence() {
    this.#hush();
    this.#removed = this.#url !== null;
    this.#blob = null;
    this.#show();
    this.#part("[data-record]").focus();
    this.#onChange();
  }

  async #listen() {
    if (this.#audio !== null) {
      this.#hush();
      return this.#show();
    }
    const blob = this.#blob;
    const source = blob !== null ? URL.createObjectURL(blob) : (this.#url ?? "");
    const audio = new Audio(source);
    this.#audio = audio;
    audio.addEventListener("ended", () => {
      this.#hush();
      this.#show();
    });
    this.#show();
    try {
      await audio.play();
    } catch {
      if (this.#audio !== audio) return;
      this.#hush();
      this.#show();
      this.#say(SAID.unplayable);
    }
  }

  #hush() {
    if (this.#audio === null) return;
    this.#audio.pause();
    if (this.#audio.src.startsWith("blob:")) URL.revokeObjectURL(this.#audio.src);
    this.#audio = null;
  }

  #show() {
    const heard = this.#blob !== null || (this.#url !== null && !this.#removed);
    const recording = this.#recorder !== null;
    this.#area.classList.toggle("sound--recording", recording);
    this.#part("[data-level]").hidden = !recording;
    say(this.#part("[data-record-said]"), recording ? "Stop" : heard ? "Record again" : "Record");
    this.#part("[data-record]").classList.toggle("button--stop", recording);
    this.#part("[data-upload]").hidden = recording;
    this.#part("[data-listen]").hidden = !heard || recording;
    say(this.#part("[data-listen] span"), this.#audio === null ? "Listen" : "Stop");
    this.#part("[data-silence]").hidden = !heard || recording;
    if (!recording) this.#say(this.#standing(heard));
  }

  /** @param {boolean} heard */
  #standing(heard) {
    if (this.#blob !== null) return SAID[this.#how];
    return heard ? SAID.saved : this.#removed ? SAID.removed : SAID.none;
  }

  /** @param {string} sentence */
  #say(sentence) {
    say(this.#part("[data-sound-said]"), sentence);
  }

  get #file() {
    const file = this.#area.querySelector("[data-file]");
    if (!(file instanceof HTMLInputElement)) throw new Error("A question has no field for a file.");
    return file;
  }

  /**
   * @param {string} selector
   * @param {() => unknown} act
   */
  #on(selector, act) {
    this.#part(selector).addEventListener("click", act);
  }

  /** @param {string} selector */
  #part(selector) {
    const found = this.#area.querySelector(selector);
    if (!(found instanceof HTMLElement)) throw new Error(`A question has no ${selector}.`);
    return found;
  }
}
