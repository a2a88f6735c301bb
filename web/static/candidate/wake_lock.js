/** Keeps the screen on while the interview runs, where the browser can. */

/** Holds a screen wake lock, and takes it again when the page comes back to the front. */
export class WakeLock {
  /** @param {Document} document */
  constructor(document) {
    this.document = document;
    this.wanted = false;
    /** @type {WakeLockSentinel | null} */
    this.sentinel = null;
    document.addEventListener("visibilitychange", () => void this.#take());
  }

  async hold() {
    this.wanted = true;
    await this.#take();
  }

  async release() {
    this.wanted = false;
    const sentinel = this.sentinel;
    this.sentinel = null;
    await sentinel?.release();
  }

  async #take() {
    if (!this.wanted || this.document.visibilityState !== "visible" || !("wakeLock" in navigator)) return;
    try {
      this.sentinel = await navigator.wakeLock.request("screen");
    } catch {
      // A low battery or a policy forbids it: the interview goes on, the screen may dim.
    }
  }
}
