/** How loud the microphone is, for the eye only. */

/** Above this the microphone counts as working (root mean square of samples between -1 and 1). */
const HEARD = 0.02;
/** Speech close to a microphone is about 0.25; that fills the bar. */
const FULL = 0.25;

/** Measures a stream with an AnalyserNode, once per drawn frame. */
export class LevelMeter {
  /**
   * @param {{onLevel: (level: number) => void, onHeard: () => void}} listener `level` is between 0 and 1
   */
  constructor(listener) {
    this.listener = listener;
    /** @type {AudioContext | null} */
    this.context = null;
    this.drawing = 0;
  }

  /** @param {MediaStream} stream */
  start(stream) {
    this.stop();
    if (stream.getAudioTracks().length === 0 || typeof AudioContext === "undefined") return;
    this.context = new AudioContext();
    // A page that nobody has touched yet gets a suspended context; the next press wakes it.
    void this.context.resume();
    const analyser = new AnalyserNode(this.context, { fftSize: 1024 });
    this.context.createMediaStreamSource(stream).connect(analyser);
    this.#draw(analyser, new Float32Array(analyser.fftSize), false);
  }

  /** Let go of the microphone and the sound card. */
  stop() {
    cancelAnimationFrame(this.drawing);
    void this.context?.close();
    this.context = null;
    this.listener.onLevel(0);
  }

  /**
   * @param {AnalyserNode} analyser
   * @param {Float32Array<ArrayBuffer>} samples
   * @param {boolean} heard
   */
  #draw(analyser, samples, heard) {
    analyser.getFloatTimeDomainData(samples);
    const loudness = Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
    this.listener.onLevel(Math.min(1, loudness / FULL));
    if (!heard && loudness > HEARD) this.listener.onHeard();
    this.drawing = requestAnimationFrame(() => this.#draw(analyser, samples, heard || loudness > HEARD));
  }
}
