/**
 * The control channel (docs/protocol.md, GET …/live): the server's word on what is recorded and saved. Connects again by
 * itself; the server's heartbeat tells when it is dead.
 */

import { BASE } from "../shared/base.js";
import { backoff } from "./backoff.js";
import { wallClock } from "./clock.js";

/** The version of the messages (docs/protocol.md). */
const VERSION = 1;
/** The server speaks every second; after this long without a word the socket is dead. */
const SILENT_MS = 3000;
/** The channel tells when the server is back, and a candidate is waiting for that. */
const LONGEST_WAIT_MS = 2000;
/** How often the server is told what the page's clock says. */
const CLOCK_MS = 5000;
/** Close codes after which trying again is of no use. @type {Record<number, import("./types.js").Problem>} */
const FINAL = { 4401: "link_unknown", 4404: "link_unknown" };

/** A WebSocket that stays. */
export class ControlChannel {
  /**
   * @param {import("./credentials.js").Credentials} credentials
   * @param {{onMessage: (message: import("./types.js").ControlMessage) => void, onRefused: (problem: import("./types.js").Problem) => void}} listener
   */
  constructor(credentials, listener) {
    this.credentials = credentials;
    this.listener = listener;
    /** @type {WebSocket | null} */
    this.socket = null;
    this.tries = 0;
    this.timer = 0;
    this.clockTimer = 0;
  }

  /** @param {string} clientId the page that speaks */
  open(clientId) {
    this.close();
    const socket = new WebSocket(liveUrl(this.credentials.sessionId));
    this.socket = socket;
    socket.onopen = () => socket.send(JSON.stringify({ type: "hello", token: this.credentials.token, client_id: clientId, version: VERSION }));
    socket.onmessage = (event) => this.#heard(event.data, clientId);
    socket.onclose = (event) => this.#closed(event.code, clientId);
    this.#watch(clientId);
  }

  /**
   * Say something, if anybody hears it: what was not heard is asked for again when the server has said where things stand.
   * @param {import("./types.js").PageMessage} message
   */
  send(message) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  close() {
    clearTimeout(this.timer);
    clearInterval(this.clockTimer);
    this.clockTimer = 0;
    const socket = this.socket;
    this.socket = null;
    if (socket === null) return;
    socket.onmessage = socket.onclose = socket.onopen = null;
    socket.close();
  }

  /**
   * @param {string} data
   * @param {string} clientId
   */
  #heard(data, clientId) {
    this.tries = 0;
    this.#watch(clientId);
    const message = JSON.parse(data);
    if (message.type === "flow") this.#keepClock();
    this.listener.onMessage(message);
  }

  /** The server follows the page's clock, so that a press is found again in the recording. */
  #keepClock() {
    if (this.clockTimer !== 0) return;
    const tell = () => this.send({ type: "clock", at: wallClock() });
    this.clockTimer = setInterval(tell, CLOCK_MS);
    tell();
  }

  /** @param {string} clientId */
  #watch(clientId) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.open(clientId), SILENT_MS);
  }

  /**
   * @param {number} code
   * @param {string} clientId
   */
  #closed(code, clientId) {
    clearTimeout(this.timer);
    clearInterval(this.clockTimer);
    this.clockTimer = 0;
    this.socket = null;
    const problem = FINAL[code];
    if (problem !== undefined) {
      this.listener.onRefused(problem);
      return;
    }
    this.timer = setTimeout(() => this.open(clientId), Math.min(backoff(this.tries), LONGEST_WAIT_MS));
    this.tries += 1;
  }
}

/** @param {string} sessionId */
function liveUrl(sessionId) {
  const url = new URL(`${BASE}/api/interviews/${encodeURIComponent(sessionId)}/live`, location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url;
}
