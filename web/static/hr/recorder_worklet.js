/** Runs on the sound thread: hands on what the microphone hears. */

/* global AudioWorkletProcessor, registerProcessor */
// @ts-nocheck  The scope of worklets is in none of the libraries that tsc knows.

const SAMPLES = 2048;

class Recorder extends AudioWorkletProcessor {
  constructor() {
    super();
    this._buffer = new Float32Array(SAMPLES);
    this._filled = 0;
  }

  process(inputs) {
    for (const sample of inputs[0]?.[0] ?? []) {
      this._buffer[this._filled] = sample;
      this._filled += 1;
      if (this._filled === SAMPLES) {
        this.port.postMessage(this._buffer.slice());
        this._filled = 0;
      }
    }
    return true;
  }
}

registerProcessor("holdfast-recorder", Recorder);
