/** Draws a `LivePlayer`. */

import { need, say, showOnly } from "../shared/dom.js";
import { clockTime } from "../shared/format.js";

/** The seek bar counts in tenths of a second. */
const SEEK_MS = 100;
/** Nearer to the newest than this is live. */
export const LIVE_MS = 4_000;

/** The section `#live-view`. */
export class LiveView {
  /** @param {Document} document */
  constructor(document) {
    this.document = document;
    this.root = need(document, "live-view", HTMLElement);
    this.video = need(document, "live-video", HTMLVideoElement);
    this.frozen = need(document, "live-frozen", HTMLCanvasElement);
    this.start = need(document, "live-start", HTMLButtonElement);
    this.toggle = need(document, "live-toggle", HTMLButtonElement);
    this.edge = need(document, "live-edge", HTMLButtonElement);
    this.seek = need(document, "live-seek", HTMLInputElement);
    this.mute = need(document, "live-mute", HTMLButtonElement);
    this.fullscreen = need(document, "live-fullscreen", HTMLButtonElement);
    this.isSeeking = false;
    this.heardAt = 0;
  }

  get sessionId() {
    return this.root.dataset.sessionId ?? "";
  }

  /** Keep the last picture in sight until there is another. */
  freeze() {
    const { video, frozen } = this;
    if (video.videoWidth === 0 || video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return;
    [frozen.width, frozen.height] = [video.videoWidth, video.videoHeight];
    frozen.getContext("2d")?.drawImage(video, 0, 0);
    frozen.hidden = false;
  }

  /** There is a picture again. */
  thaw() {
    if (this.video.videoWidth > 0) this.frozen.hidden = true;
  }

  /** @param {import("./live_player.js").LivePlayer} player @param {boolean} connected */
  render(player, connected) {
    const hasBegun = player.n !== null;
    const isLive = hasBegun && player.isRecording && player.totalMs - player.nowMs < LIVE_MS;
    this.start.hidden = hasBegun;
    this.start.disabled = player.parts.length === 0;
    this.#button(this.toggle, player.wantsToPlay ? "playing" : "paused", player.wantsToPlay ? "Pause" : "Play");
    this.#button(this.mute, this.video.muted ? "muted" : "sounding", this.video.muted ? "Unmute" : "Mute");
    this.mute.setAttribute("aria-pressed", String(this.video.muted));
    this.edge.hidden = !hasBegun || isLive || !player.isRecording;
    this.#badge(player, isLive);
    this.#times(player, isLive);
    say(need(this.document, "live-status", HTMLElement), sentence(player, connected));
  }

  /** @param {HTMLElement} button @param {string} name @param {string} label */
  #button(button, name, label) {
    showOnly(button, name);
    button.setAttribute("aria-label", label);
  }

  /** @param {import("./live_player.js").LivePlayer} player @param {boolean} isLive */
  #badge(player, isLive) {
    const badge = need(this.document, "live-badge", HTMLElement);
    const state = !player.isRecording ? "waiting" : isLive || player.n === null ? "live" : "behind";
    badge.dataset.state = state;
    showOnly(badge, state);
  }

  /** @param {import("./live_player.js").LivePlayer} player @param {boolean} isLive */
  #times(player, isLive) {
    const [now, total] = [player.nowMs, player.totalMs];
    this.seek.disabled = player.parts.length === 0;
    this.seek.max = String(Math.round(total / SEEK_MS));
    if (!this.isSeeking) this.seek.value = String(Math.round(now / SEEK_MS));
    this.seek.setAttribute("aria-valuetext", `${clockTime(now)} of ${clockTime(total)} so far`);
    say(need(this.document, "live-now", HTMLElement), clockTime(now));
    say(need(this.document, "live-total", HTMLElement), clockTime(total));
    say(need(this.document, "live-saved", HTMLElement), total > 0 ? `Saved up to ${clockTime(total)}` : "Nothing is saved yet");
    say(need(this.document, "live-behind", HTMLElement), behind(player, isLive));
  }

  /** Where the seek bar stands, milliseconds. */
  get soughtMs() {
    return Number(this.seek.value) * SEEK_MS;
  }
}

/** @param {import("./live_player.js").LivePlayer} player @param {boolean} isLive */
function behind(player, isLive) {
  if (player.n === null || !player.isRecording) return "";
  const seconds = Math.max(1, Math.round((player.totalMs - player.nowMs) / 1000));
  return isLive ? "A second or two behind" : `${clockTime(seconds * 1000)} behind`;
}

/** What somebody should know who wonders. @param {import("./live_player.js").LivePlayer} player @param {boolean} connected */
function sentence(player, connected) {
  if (!connected) return "The connection to the server is gone. What was said is saved; this goes on by itself.";
  if (player.news?.silent) return "No sound arrives from the candidate’s microphone. Their page tells them so.";
  if (player.n !== null && player.missing === "picture") return "The camera stands still. Sound goes on.";
  if (player.n !== null && player.missing === "sound") return "No sound arrives. The picture goes on.";
  if (player.news !== null && !player.isRecording) return "Nothing is being recorded at the moment. This goes on by itself when the candidate does.";
  return "";
}
