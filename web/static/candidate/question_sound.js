/** Plays the question when the candidate asks for it. Never by itself: what comes from loudspeakers is recorded, too. */

import { request } from "./api.js";

/** One sound at a time. */
export class QuestionSound {
  /**
   * @param {import("./credentials.js").Credentials} credentials
   * @param {(state: "idle" | "playing" | "failed") => void} onState
   */
  constructor({ token }, onState) {
    this.headers = { Authorization: `Bearer ${token}` };
    this.onState = onState;
    this.player = new Audio();
    this.player.onended = () => this.stop();
    /** Counts the presses: a sound that loads too late is not played. */
    this.wish = 0;
    this.isPlaying = false;
  }

  /** @param {string} url */
  async toggle(url) {
    if (this.isPlaying) return this.stop();
    this.wish += 1;
    const wish = this.wish;
    this.isPlaying = true;
    this.onState("playing");
    try {
      const sound = await (await request(url, { headers: this.headers })).blob();
      if (wish !== this.wish) return undefined;
      this.player.src = URL.createObjectURL(sound);
      await this.player.play();
    } catch {
      if (wish !== this.wish) return undefined;
      this.stop();
      this.onState("failed");
    }
    return undefined;
  }

  stop() {
    this.wish += 1;
    this.isPlaying = false;
    this.player.pause();
    if (this.player.src !== "") URL.revokeObjectURL(this.player.src);
    this.player.removeAttribute("src");
    this.onState("idle");
  }
}
