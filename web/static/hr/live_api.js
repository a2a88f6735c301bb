/** Asks the server for what is to be watched. */

import { BASE } from "../shared/base.js";

/**
 * @typedef {{n: number, open: boolean, duration_ms: number, end: number | null}} PartSeen
 * @typedef {{state: string, saved_ms: number, silent: boolean, parts: PartSeen[]}} News
 */

const RETRY_MS = 2_000;

/** One interview's. */
export class WatchApi {
  /** @param {string} sessionId */
  constructor(sessionId) {
    this.root = `${BASE}/api/interviews/${encodeURIComponent(sessionId)}`;
  }

  /**
   * Hear what there is to see, until `hush` is called.
   * @param {(news: News) => void} onNews
   * @param {(connected: boolean) => void} onConnection
   */
  listen(onNews, onConnection) {
    const events = new EventSource(`${this.root}/watch`);
    this.events = events;
    events.addEventListener("message", ({ data }) => {
      onConnection(true);
      onNews(JSON.parse(data));
    });
    events.addEventListener("error", () => {
      onConnection(false);
      // It comes again by itself after a lost connection, but not after an answer such as a proxy's 502.
      if (events.readyState === EventSource.CLOSED && this.events === events) this.retry = setTimeout(() => this.listen(onNews, onConnection), RETRY_MS);
    });
  }

  /** Hear no more. */
  hush() {
    clearTimeout(this.retry);
    this.events?.close();
    this.events = undefined;
  }

  /** @param {number} n @param {number} after @returns {Promise<{end: number, clusters: import("./live_source.js").Entry[]}>} */
  async index(n, after) {
    return (await this.#get(`watch/parts/${n}?after=${after}`)).json();
  }

  /** @param {number} n @returns {Promise<Uint8Array>} */
  async head(n) {
    return new Uint8Array(await (await this.#get(`watch/parts/${n}/head`)).arrayBuffer());
  }

  /** @param {number} n @param {number} start @param {number} end @returns {Promise<Uint8Array>} */
  async clusters(n, start, end) {
    return new Uint8Array(await (await this.#get(`watch/parts/${n}/clusters?start=${start}&end=${end}`)).arrayBuffer());
  }

  /** @param {number} n @returns {string} where a closed part is played from */
  partUrl(n) {
    return `${this.root}/parts/${n}`;
  }

  /** @param {string} path @returns {Promise<Response>} */
  async #get(path) {
    const response = await fetch(`${this.root}/${path}`, { credentials: "same-origin" });
    if (!response.ok) throw new Error(`${path}: ${response.status}`);
    return response;
  }
}
