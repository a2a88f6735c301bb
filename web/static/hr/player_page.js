/** Binds the player's controls, keys and timeline to a `PartsPlayer`. */

import { need } from "../shared/dom.js";
import { lastingMemory } from "../shared/storage.js";
import { besideMs, linkedMs } from "./answers.js";
import { loadCaptions, toggleCaptions } from "./captions.js";
import { PartsPlayer } from "./player.js";
import { focusKind, playerKey } from "./player_keys.js";
import { PlayerView } from "./player_view.js";
import { timeOf } from "./playlist.js";
import { rememberShortcuts } from "./shortcuts.js";
import { TimelineView } from "./timeline_view.js";

/** One page's player. */
export class PlayerPage {
  /**
   * @param {Document} document
   * @param {HTMLVideoElement} video
   */
  constructor(document, video) {
    this.document = document;
    this.video = video;
    this.view = new PlayerView(document);
    this.timeline = new TimelineView(document);
    this.answers = this.timeline.readAnswers();
    this.player = new PartsPlayer(video, this.view.readParts(), {
      onChange: () => queueMicrotask(() => this.render()),
      onProblem: (failed) => this.view.showProblem(failed),
    });
    this.timeline.draw(this.player, this.answers);
    this.#bindControls();
    this.#bindTimeline();
    this.#bindKeys();
    const linked = linkedMs(document.location.search);
    if (linked !== null) this.player.seek(linked);
  }

  render() {
    this.view.render(this.player, this.answers);
    this.timeline.render(this.player.now);
  }

  /** The page was brought up to date: read again what it says. */
  readAgain() {
    const parts = this.view.readParts();
    if (parts.length > 0) this.player.setParts(parts);
    this.answers = this.timeline.readAnswers();
    this.timeline.draw(this.player, this.answers);
    this.render();
  }

  /** @param {string | null} url */
  showCaptions(url) {
    loadCaptions(this.video, url);
    this.view.captions.hidden = url === null;
    this.view.captions.setAttribute("aria-pressed", "false");
  }

  /** @param {number} ms */
  go(ms) {
    this.player.seek(ms);
    this.player.play();
  }

  /** @param {-1 | 1} direction */
  goBeside(direction) {
    const ms = besideMs(this.answers, this.player.now, direction);
    if (ms === null) return;
    this.go(ms);
    // Who walks through the list with the keys keeps walking.
    if (focusKind(this.document.activeElement) === "answer") this.view.answerButton(ms)?.focus();
  }

  #bindControls() {
    const { view, player, video, document } = this;
    for (const toggle of view.toggles) toggle.addEventListener("click", () => player.toggle());
    for (const button of document.querySelectorAll("[data-player-move]")) {
      button.addEventListener("click", () => player.seek(Math.max(0, player.now + Number(button.getAttribute("data-player-move")))));
    }
    // Questions and facts are brought up to date in place: their buttons are found by where they are pressed.
    document.addEventListener("click", (event) => {
      const button = event.target instanceof Element ? event.target.closest("[data-player-seek], [data-player-at]") : null;
      if (button === null) return;
      const at = button.getAttribute("data-player-at");
      this.go(at === null ? timeOf(player.parts, button.getAttribute("data-player-seek") ?? "") : Number(at));
    });
    view.previous.addEventListener("click", () => this.goBeside(-1));
    view.next.addEventListener("click", () => this.goBeside(1));
    view.speed.addEventListener("change", () => player.setSpeed(Number(view.speed.value)));
    view.mute.addEventListener("click", () => this.#mute());
    view.captions.addEventListener("click", () => this.#captions());
    view.fullscreen.addEventListener("click", () => this.#fullscreen());
    view.copyLink.addEventListener("click", () => {
      const { origin, pathname } = document.location;
      void view.copy(`${origin}${pathname}?t=${Math.floor(player.now / 1000)}`);
    });
    view.showMuted(video.muted);
  }

  #bindTimeline() {
    const { view, timeline, player } = this;
    view.seek.addEventListener("input", () => {
      player.seek(view.soughtMs);
      timeline.showPeek(view.soughtMs);
    });
    timeline.track.addEventListener("pointermove", (event) => timeline.showPeek(timeline.timeAt(event.clientX)));
    timeline.track.addEventListener("pointerleave", () => timeline.hidePeek());
    view.seek.addEventListener("focus", () => {
      if (view.seek.matches(":focus-visible")) timeline.showPeek(player.now);
    });
    view.seek.addEventListener("blur", () => timeline.hidePeek());
  }

  #bindKeys() {
    const box = need(this.document, "keys-on", HTMLInputElement);
    rememberShortcuts(box, lastingMemory(window));
    this.document.addEventListener("keydown", (event) => {
      const live = this.document.getElementById("live-view");
      if (!box.checked || event.defaultPrevented || (live !== null && !live.hidden)) return;
      const wish = playerKey(event, focusKind(this.document.activeElement));
      if (wish === null) return;
      event.preventDefault();
      this.#carryOut(wish);
      if (this.document.activeElement === this.view.seek) this.timeline.showPeek(this.player.now);
    });
  }

  /** @param {import("./player_keys.js").Wish} wish */
  #carryOut(wish) {
    switch (wish.type) {
      case "toggle":
        return this.player.toggle();
      case "move":
        return this.player.seek(Math.max(0, this.player.now + wish.ms));
      case "answer":
        return this.goBeside(wish.direction);
      case "speed":
        return this.player.setSpeed(this.view.speedBeside(wish.direction));
      case "captions":
        return this.#captions();
      case "mute":
        return this.#mute();
      case "fullscreen":
        return this.#fullscreen();
    }
  }

  #mute() {
    this.video.muted = !this.video.muted;
    this.view.showMuted(this.video.muted);
  }

  #captions() {
    const shown = toggleCaptions(this.video);
    if (shown !== null) this.view.captions.setAttribute("aria-pressed", String(shown));
  }

  #fullscreen() {
    void (this.document.fullscreenElement ? this.document.exitFullscreen() : this.video.parentElement?.requestFullscreen());
  }
}
