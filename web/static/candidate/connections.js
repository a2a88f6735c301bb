/** The peer connections of a page: at most two at a time, both fed by the one camera. Decides nothing (connection.js does). */

import { BASE } from "../shared/base.js";
import { publishRefusal } from "./refusals.js";
import { WhipClient } from "./whip_client.js";

/** How often the browser is asked whether the server's reports still come. */
const REPORTS_MS = 500;

/**
 * @typedef {object} Listener
 * @property {(n: number, peer: import("./whip_client.js").PeerState) => void} onState
 * @property {(n: number, refusal: ReturnType<typeof publishRefusal>) => void} onRefused
 * @property {(n: number, report: number) => void} onReport
 */

/** Opens, watches and closes them. */
export class Connections {
  /**
   * @param {import("./credentials.js").Credentials} credentials
   * @param {Listener} listener
   */
  constructor(credentials, listener) {
    this.credentials = credentials;
    this.listener = listener;
    /** @type {Map<number, WhipClient>} */
    this.open = new Map();
    setInterval(() => void this.#askForReports(), REPORTS_MS);
  }

  /**
   * @param {number} n its number
   * @param {MediaStream} stream
   * @param {string} clientId
   * @param {import("./types.js").Interview} interview
   */
  async publish(n, stream, clientId, { ice_servers, limits }) {
    const { sessionId, token } = this.credentials;
    const whip = new WhipClient({
      endpoint: `${BASE}/whip/${encodeURIComponent(sessionId)}`, token, clientId, iceServers: ice_servers, limits,
      onState: (peer) => this.listener.onState(n, peer),
    });
    this.open.set(n, whip);
    try {
      await whip.publish(stream);
    } catch (error) {
      if (whip.closed) return; // given up meanwhile: its end is no news
      this.listener.onRefused(n, publishRefusal(error));
    }
  }

  /** @param {(number | undefined)[]} kept close all others */
  closeAllBut(kept) {
    for (const [n, whip] of this.open) {
      if (kept.includes(n)) continue;
      this.open.delete(n);
      whip.close();
    }
  }

  /** The page goes away. */
  leave() {
    for (const whip of this.open.values()) whip.leave();
  }

  async #askForReports() {
    for (const [n, whip] of this.open) {
      const report = await whip.latestReport();
      if (report > 0) this.listener.onReport(n, report);
    }
  }
}
