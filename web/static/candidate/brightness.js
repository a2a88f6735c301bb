/**
 * How bright the picture is, from a small copy of it. Nothing is looked for in it, no face and nothing else.
 *
 * @typedef {"dark" | "good" | "bright"} Light
 */

/** Mean luma between 0 and 255. A face before a dark wall by day measures about 90, a room lit by the screen alone about 30. */
const DARK = 55;
const BRIGHT = 215;
/** A verdict stands until the picture is this far on the other side, so that the sentence does not flicker. */
const MARGIN = 8;
const EVERY_MS = 1000;
const WIDTH = 32;
const HEIGHT = 24;

/**
 * @param {ArrayLike<number>} pixels red, green, blue, alpha, and so on
 * @returns {number} mean luma (Rec. 601) between 0 and 255
 */
export function meanLuma(pixels) {
  let sum = 0;
  for (let i = 0; i + 2 < pixels.length; i += 4) sum += 0.299 * (pixels[i] ?? 0) + 0.587 * (pixels[i + 1] ?? 0) + 0.114 * (pixels[i + 2] ?? 0);
  return pixels.length < 4 ? 0 : sum / Math.floor(pixels.length / 4);
}

/**
 * @param {number} luma between 0 and 255
 * @param {Light | null} before what was said last
 * @returns {Light}
 */
export function lightOf(luma, before) {
  if (luma < DARK + (before === "dark" ? MARGIN : 0)) return "dark";
  return luma > BRIGHT - (before === "bright" ? MARGIN : 0) ? "bright" : "good";
}

/** Looks at a video once a second while it can be seen. */
export class LightMeter {
  /**
   * @param {HTMLVideoElement} video
   * @param {(light: Light | null) => void} onLight null when there is no picture
   */
  constructor(video, onLight) {
    this.video = video;
    this.onLight = onLight;
    /** @type {Light | null} */
    this.light = null;
    this.looking = 0;
  }

  start() {
    this.stop();
    const canvas = this.video.ownerDocument.createElement("canvas");
    [canvas.width, canvas.height] = [WIDTH, HEIGHT];
    const context = canvas.getContext("2d", { willReadFrequently: true });
    if (context !== null) this.looking = setInterval(() => this.#look(context), EVERY_MS);
  }

  stop() {
    clearInterval(this.looking);
    this.light = null;
    this.onLight(null);
  }

  /** @param {CanvasRenderingContext2D} context */
  #look(context) {
    const isSeen = this.video.offsetParent !== null && this.video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA;
    if (!isSeen || this.video.videoWidth === 0) return;
    context.drawImage(this.video, 0, 0, WIDTH, HEIGHT);
    this.light = lightOf(meanLuma(context.getImageData(0, 0, WIDTH, HEIGHT).data), this.light);
    this.onLight(this.light);
  }
}
