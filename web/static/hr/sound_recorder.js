/** Records the microphone into a WAV that nobody has compressed. */

import { encodeWav, peak } from "./wav.js";

/** Why there is no recording: the word tells which sentence to show. */
/** @typedef {"denied" | "missing" | "failed"} MicrophoneProblem */

export class SoundRecorder {
  /** @type {Float32Array[]} */
  #chunks = [];
  /** @type {MediaStream | null} */
  #stream = null;
  /** @type {AudioContext | null} */
  #context = null;
  #samples = 0;
  #onLevel;

  /**
   * @param {(level: number, ms: number) => void} onLevel how loud it is, 0 to 1, and how long it is so far
   */
  constructor(onLevel) {
    this.#onLevel = onLevel;
  }

  /**
   * Ask for the microphone and begin.
   * @returns {Promise<MicrophoneProblem | null>} null: it records
   */
  async start() {
    try {
      this.#stream = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1 } });
      const context = new AudioContext();
      this.#context = context;
      await context.audioWorklet.addModule(new URL("./recorder_worklet.js", import.meta.url));
      const node = new AudioWorkletNode(context, "holdfast-recorder", { numberOfOutputs: 0 });
      node.port.addEventListener("message", (event) => this.#take(event.data, context.sampleRate));
      node.port.start();
      context.createMediaStreamSource(this.#stream).connect(node);
      await context.resume();
      return null;
    } catch (error) {
      await this.cancel();
      return problemOf(error);
    }
  }

  /**
   * End it.
   * @returns {Promise<Blob | null>} the WAV; null when nothing came
   */
  async stop() {
    const rate = this.#context?.sampleRate ?? 0;
    const chunks = this.#chunks;
    await this.cancel();
    return chunks.length > 0 ? encodeWav(chunks, rate) : null;
  }

  /** Let go of the microphone; what was heard is thrown away. */
  async cancel() {
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    this.#stream = null;
    this.#chunks = [];
    this.#samples = 0;
    const context = this.#context;
    this.#context = null;
    await context?.close();
  }

  /**
   * @param {Float32Array} chunk
   * @param {number} rate
   */
  #take(chunk, rate) {
    if (this.#context === null) return;
    this.#chunks.push(chunk);
    this.#samples += chunk.length;
    this.#onLevel(peak(chunk), (this.#samples * 1000) / rate);
  }
}

/**
 * @param {unknown} error
 * @returns {MicrophoneProblem}
 */
function problemOf(error) {
  const name = error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError" || name === "SecurityError") return "denied";
  return name === "NotFoundError" || name === "OverconstrainedError" ? "missing" : "failed";
}
