/** The player's controls as elements. */

import { copyText, need, say, showOnly } from "../shared/dom.js";
import { clockTime } from "../shared/format.js";
import { answerAt, besideMs, nameOf } from "./answers.js";

/** The seek bar counts in whole tenths of a second, so that the arrow keys of a screen reader move by something. */
const TICK_MS = 100;
const SAID_FOR_MS = 2500;

/** Draws a `PartsPlayer`. */
export class PlayerView {
  /** @param {Document} document */
  constructor(document) {
    this.document = document;
    this.seek = need(document, "seek", HTMLInputElement);
    this.speed = need(document, "speed", HTMLSelectElement);
    this.mute = need(document, "mute", HTMLButtonElement);
    this.fullscreen = need(document, "fullscreen", HTMLButtonElement);
    this.captions = need(document, "captions", HTMLButtonElement);
    this.copyLink = need(document, "copy-link", HTMLButtonElement);
    this.previous = need(document, "previous-answer", HTMLButtonElement);
    this.next = need(document, "next-answer", HTMLButtonElement);
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
      gaps: (dataset.gaps ?? "").split(",").filter(Boolean).map(gapOf),
    }));
  }

  /**
   * @param {import("./player.js").PartsPlayer} player
   * @param {readonly import("./answers.js").Answer[]} answers
   */
  render(player, answers) {
    const name = player.playing ? "playing" : "paused";
    for (const toggle of this.toggles) {
      toggle.dataset.state = name;
      toggle.setAttribute("aria-label", player.playing ? "Pause" : "Play");
      showOnly(toggle, name);
    }
    const { now, total } = player;
    const answer = answerAt(answers, now);
    const about = nameOf(answer, answers);
    say(need(this.document, "time-now", HTMLElement), clockTime(now));
    say(need(this.document, "time-total", HTMLElement), clockTime(total));
    say(need(this.document, "answer-now", HTMLElement), about);
    say(need(this.document, "part-now", HTMLElement), player.parts.length > 1 ? `Part ${player.index + 1} of ${player.parts.length}` : "");
    need(this.document, "sound-only", HTMLElement).hidden = player.part.hasPicture;
    this.seek.max = String(Math.round(total / TICK_MS));
    this.seek.value = String(Math.round(now / TICK_MS));
    this.seek.setAttribute("aria-valuetext", [`${clockTime(now)} of ${clockTime(total)}`, about].filter(Boolean).join(", "));
    this.speed.value = String(player.speed);
    // Not `disabled`: who has just pressed it would lose the focus.
    this.previous.setAttribute("aria-disabled", String(besideMs(answers, now, -1) === null));
    this.next.setAttribute("aria-disabled", String(besideMs(answers, now, 1) === null));
    this.#markAnswer(answer);
  }

  /** @param {import("./answers.js").Answer | null} answer */
  #markAnswer(answer) {
    for (const row of this.document.querySelectorAll("[data-take][data-start]")) {
      const is = answer !== null && row.getAttribute("data-start") === String(answer.startMs);
      row.classList.toggle("takes__now", is);
      const button = row.querySelector("[data-player-at]");
      if (is) button?.setAttribute("aria-current", "true");
      else button?.removeAttribute("aria-current");
    }
  }

  /** Where the seek bar stands, in milliseconds. */
  get soughtMs() {
    return Number(this.seek.value) * TICK_MS;
  }

  /** The button of the answer that begins there. @param {number} ms @returns {HTMLElement | null} */
  answerButton(ms) {
    return this.document.querySelector(`[data-take] [data-player-at="${ms}"]`);
  }

  /** @param {-1 | 1} direction @returns {number} the next slower or faster speed that there is */
  speedBeside(direction) {
    const index = Math.min(this.speed.options.length - 1, Math.max(0, this.speed.selectedIndex + direction));
    return Number(this.speed.options[index]?.value ?? 1);
  }

  /** @param {string} link */
  async copy(link) {
    const copied = await copyText(this.document, link);
    const said = need(this.document, "copy-link-said", HTMLElement);
    say(said, copied ? "Link copied" : "Copying did not work");
    say(need(this.document, "page-news", HTMLElement), copied ? "Link copied" : "Copying did not work");
    setTimeout(() => say(said, "Copy link at this time"), SAID_FOR_MS);
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

/** @param {string} text `start-end`, milliseconds of the part */
function gapOf(text) {
  const [startMs = 0, endMs = 0] = text.split("-").map(Number);
  return { startMs, endMs };
}
