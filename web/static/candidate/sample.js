/**
 * A short recording for the candidate's own eyes and ears. It lives in this page's memory until it is forgotten; it is
 * never stored and never sent.
 *
 * @typedef {"empty" | "recording" | "playing" | "recorded" | "failed"} SampleState
 */

/** How often the time that is left is told. */
const TICK_MS = 200;

/** One recording at a time, and its playback. */
export class Sample {
  /**
   * @param {HTMLVideoElement} video where it is played back, hidden otherwise
   * @param {(sample: Sample) => void} onChange
   */
  constructor(video, onChange) {
    this.video = video;
    this.onChange = onChange;
    /** @type {SampleState} */
    this.state = "empty";
    this.limitMs = 0;
    this.startedAt = 0;
    this.ticking = 0;
    /** @type {MediaRecorder | null} */
    this.recorder = null;
    video.addEventListener("ended", () => this.state === "playing" && this.#become("recorded"));
  }

  /** How long the recording may still run, in milliseconds. */
  get leftMs() {
    return this.state === "recording" ? Math.max(0, this.limitMs - (performance.now() - this.startedAt)) : this.limitMs;
  }

  /**
   * @param {MediaStream} stream
   * @param {number} limitMs it ends by itself then
   */
  record(stream, limitMs) {
    this.forget();
    this.limitMs = limitMs;
    try {
      this.recorder = new MediaRecorder(stream);
      this.#follow(this.recorder);
      this.recorder.start();
    } catch {
      // Too old a browser, or one that encodes nothing itself: the interview does not need it.
      this.recorder = null;
      return this.#become("failed");
    }
    this.startedAt = performance.now();
    this.ticking = setInterval(() => this.#tick(), TICK_MS);
    return this.#become("recording");
  }

  /** End the recording; it is played back as soon as the browser hands it over. */
  stop() {
    clearInterval(this.ticking);
    if (this.recorder?.state === "recording") this.recorder.stop();
  }

  /** Play it from its beginning. */
  play() {
    if (this.state !== "recorded" && this.state !== "playing") return;
    this.video.currentTime = 0;
    this.#become("playing");
    this.video.play().catch(() => this.state === "playing" && this.#become("recorded"));
  }

  /** Throw it away. */
  forget() {
    const { recorder } = this;
    this.recorder = null;
    clearInterval(this.ticking);
    if (recorder?.state === "recording") recorder.stop();
    if (this.video.src !== "") {
      URL.revokeObjectURL(this.video.src);
      this.video.removeAttribute("src");
      this.video.load();
    }
    if (this.state !== "empty") this.#become("empty");
  }

  /** @param {MediaRecorder} recorder */
  #follow(recorder) {
    /** @type {Blob[]} */
    const pieces = [];
    recorder.ondataavailable = ({ data }) => pieces.push(data);
    recorder.onerror = () => this.recorder === recorder && this.forget();
    recorder.onstop = () => {
      if (this.recorder !== recorder) return; // forgotten meanwhile
      clearInterval(this.ticking);
      this.video.src = URL.createObjectURL(new Blob(pieces, { type: recorder.mimeType }));
      this.#become("recorded");
      this.play();
    };
  }

  #tick() {
    if (this.leftMs === 0) this.stop();
    this.onChange(this);
  }

  /** @param {SampleState} state */
  #become(state) {
    this.state = state;
    this.video.hidden = state !== "playing";
    this.onChange(this);
  }
}
