/** The player's controls as elements. */

import { need, say, showOnly } from "../shared/dom.js";
import { clockTime } from "../shared/format.js";
import { startOf } from "./playlist.js";

/** The seek bar counts in whole tenths of a second, so that the arrow keys of a screen reader move by something. */
const TICK_MS = 100;

/** Draws a `PartsPlayer`. */
export class PlayerView {
  /** @param {Document} document */
  constructor(document) {
    this.document = document;
    this.seek = need(document, "seek", HTMLInputElement);
    this.speed = need(document, "speed", HTMLSelectElement);
    this.mute = need(document, "mute", HTMLButtonElement);
    this.fullscreen = need(document, "fullscreen", HTMLButtonElement);
    this.toggles = [...document.querySelectorAll('[data-player="toggle"]')].filter((element) => element instanceof HTMLElement);
  }

  /** What the page says about the parts, from the rows of the table. @returns {import("./playlist.js").Part[]} */
  readParts() {
    const rows = [...this.document.querySelectorAll("#parts [data-url]")].filter((row) => row instanceof HTMLElement);
    return rows.map(({ dataset }) => ({
      n: Number(dataset.part),
      url: dataset.url ?? "",
      durationMs: Number(dataset.durationMs),
      hasPicture: dataset.picture === "yes",
      gapsMs: (dataset.gaps ?? "").split(",").filter(Boolean).map(Number),
    }));
  }

  /** @param {import("./player.js").PartsPlayer} player */
  render(player) {
    const name = player.playing ? "playing" : "paused";
    for (const toggle of this.toggles) {
      toggle.dataset.state = name;
      toggle.setAttribute("aria-label", player.playing ? "Pause" : "Play");
      showOnly(toggle, name);
    }
    say(need(this.document, "time-now", HTMLElement), clockTime(player.now));
    say(need(this.document, "part-now", HTMLElement), this.#about(player));
    this.seek.value = String(Math.round(player.now / TICK_MS));
    this.seek.setAttribute("aria-valuetext", `${clockTime(player.now)} of ${clockTime(player.total)}`);
  }

  /** @param {import("./player.js").PartsPlayer} player */
  #about({ parts, part, index }) {
    const which = parts.length > 1 ? `Part ${index + 1} of ${parts.length}` : "";
    return [which, part.hasPicture ? "" : "Sound only"].filter(Boolean).join(" · ");
  }

  /** What stays as it is: the whole length, where parts meet, where something is missing. @param {import("./player.js").PartsPlayer} player */
  drawTimeline({ parts, total }) {
    this.seek.max = String(Math.round(total / TICK_MS));
    say(need(this.document, "time-total", HTMLElement), clockTime(total));
    const borders = parts.slice(1).map((_, index) => this.#mark("mark--part", startOf(parts, index + 1) / total));
    const gaps = parts.flatMap((part, index) => part.gapsMs.map((ms) => this.#mark("mark--gap", (startOf(parts, index) + ms) / total)));
    need(this.document, "timeline-marks", HTMLElement).replaceChildren(...borders, ...gaps, ...this.#answers(total));
  }

  /** A numbered mark where each answer that counts begins. @param {number} total milliseconds */
  #answers(total) {
    return [...this.document.querySelectorAll("[data-counts] [data-player-at]")].map((button) => {
      const mark = this.#mark("mark--answer", Number(button.getAttribute("data-player-at")) / total);
      mark.dataset.nth = button.closest("[data-counts]")?.getAttribute("data-counts") ?? "";
      return mark;
    });
  }

  /** @param {string} name @param {number} share of the whole length */
  #mark(name, share) {
    const mark = this.document.createElement("span");
    mark.className = name;
    mark.style.insetInlineStart = `${(share * 100).toFixed(3)}%`;
    return mark;
  }

  /** Where the seek bar stands, in milliseconds. */
  get soughtMs() {
    return Number(this.seek.value) * TICK_MS;
  }

  /** @param {boolean} muted */
  showMuted(muted) {
    this.mute.setAttribute("aria-pressed", String(muted));
    showOnly(this.mute, muted ? "muted" : "sounding");
  }

  /** @param {boolean} failed */
  showProblem(failed) {
    need(this.document, "player-problem", HTMLElement).hidden = !failed;
  }
}
