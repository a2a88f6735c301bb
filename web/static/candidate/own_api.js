/**
 * The API of the candidate's own page. The link's token asks; the cookie of a browser that was let in to the recording
 * travels with it, and is all that the addresses of recording and export take.
 *
 * @typedef {{length_ms: number, size_bytes: number, questions: number, answers: number}} Recorded
 * @typedef {{released: boolean, mail: boolean, sent_to: string | null, ready: boolean, open_until: string | null, recording_url: string, export_url: string}} Viewing
 * @typedef {{
 *   session_id: string, state: string, job: string | null, candidate: string | null, ended_at: string | null, recorded: Recorded | null,
 *   watched_by: string | null, controller: string | null, contact: string | null, delete_at: string | null, hold: {since: string, reason: string} | null,
 *   request: {requested_at: string, due_at: string} | null, deleted_at: string | null, viewing: Viewing | null
 * }} Own what GET /api/interviews/{session_id}/own tells
 */

import { BASE } from "../shared/base.js";
import { request } from "./api.js";

/** One interview that is over. Every failure is an `ApiProblem`. */
export class OwnApi {
  /**
   * @param {import("./credentials.js").Credentials} credentials
   * @param {string} language the page's
   */
  constructor({ sessionId, token }, language) {
    this.url = `${BASE}/api/interviews/${encodeURIComponent(sessionId)}`;
    this.headers = { Authorization: `Bearer ${token}`, "Accept-Language": language };
  }

  /** @returns {Promise<Own>} */
  async load() {
    return (await this.#send("own")).json();
  }

  /** @returns {Promise<Own>} */
  async askForDeletion() {
    return (await this.#send("deletion-request", {})).json();
  }

  async sendCode() {
    await this.#send("own/code", {});
  }

  /** @param {string | null} code null where HR has released the recording */
  async unlock(code) {
    await this.#send("own/unlock", code === null ? {} : { code });
  }

  /** @returns {Promise<{text: Blob, name: string}>} */
  async receipt() {
    const response = await this.#send("own/receipt");
    const name = /filename="([^"]+)"/.exec(response.headers.get("Content-Disposition") ?? "")?.[1] ?? "receipt.txt";
    return { text: await response.blob(), name };
  }

  /**
   * @param {string} path
   * @param {object} [body] what is posted; nothing: it is read
   */
  #send(path, body) {
    const reading = { headers: this.headers, credentials: /** @type {const} */ ("same-origin") };
    if (body === undefined) return request(`${this.url}/${path}`, reading);
    const headers = { ...this.headers, "Content-Type": "application/json" };
    return request(`${this.url}/${path}`, { ...reading, method: "POST", headers, body: JSON.stringify(body) });
  }
}
