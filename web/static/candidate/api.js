/**
 * The interview's JSON API, as the candidate. Every failure is an `ApiProblem`, whose `type` is the stable name of the
 * problem document (RFC 9457) or `unreachable`.
 *
 * @typedef {import("./types.js").Interview} Interview
 */

import { BASE } from "../shared/base.js";

/** A request that did not succeed. */
export class ApiProblem extends Error {
  /**
   * @param {string} type the last segment of the problem's `type`, for example `superseded`
   * @param {number} status HTTP status, 0 when no answer came
   * @param {number | null} retryAfterMs what `Retry-After` says
   */
  constructor(type, status, retryAfterMs = null) {
    super(`${type} (${status})`);
    this.type = type;
    this.status = status;
    this.retryAfterMs = retryAfterMs;
  }
}

/**
 * fetch, whose failures are `ApiProblem`s.
 * @param {string | URL} url
 * @param {RequestInit} request
 * @returns {Promise<Response>}
 * @throws {ApiProblem}
 */
export async function request(url, request) {
  let response;
  try {
    // The page speaks as the candidate only, whoever else is signed in to this browser.
    response = await fetch(url, { credentials: "omit", cache: "no-store", ...request });
  } catch {
    throw new ApiProblem("unreachable", 0);
  }
  if (!response.ok) throw await problemOf(response);
  return response;
}

/**
 * @param {Response} response
 * @returns {Promise<ApiProblem>}
 */
async function problemOf(response) {
  const seconds = Number(response.headers.get("Retry-After") ?? NaN);
  const document = await response.json().catch(() => ({}));
  const type = String(document?.type ?? "").split("/").pop() || "unknown";
  return new ApiProblem(type, response.status, Number.isFinite(seconds) ? seconds * 1000 : null);
}

/** One interview's API. */
export class InterviewApi {
  /**
   * @param {import("./credentials.js").Credentials} credentials
   * @param {string} language the page's, so that the server's own sentences come in it
   */
  constructor({ sessionId, token }, language) {
    this.url = `${BASE}/api/interviews/${encodeURIComponent(sessionId)}`;
    this.headers = { Authorization: `Bearer ${token}`, "Accept-Language": language };
  }

  /** @returns {Promise<Interview>} */
  async load() {
    return (await request(this.url, { headers: this.headers })).json();
  }

  /**
   * @param {string} noticeVersion the notice that was on the screen
   * @returns {Promise<Interview>}
   */
  consent(noticeVersion) {
    return this.#post("consent", { notice_version: noticeVersion });
  }

  /** @returns {Promise<Interview>} */
  finish() {
    return this.#post("finish", {});
  }

  /**
   * Decline, or withdraw at any later moment.
   * @returns {Promise<{withdrawn_at: string, declined: boolean, erased: boolean}>}
   */
  withdraw() {
    return this.#post("withdraw", {});
  }

  /**
   * @param {string} action
   * @param {object} body
   * @returns {Promise<any>}
   */
  async #post(action, body) {
    const headers = { ...this.headers, "Content-Type": "application/json" };
    return (await request(`${this.url}/${action}`, { method: "POST", headers, body: JSON.stringify(body) })).json();
  }
}

/**
 * What a failed load or consent means to the candidate.
 * @param {unknown} error
 * @returns {import("./types.js").Problem}
 */
export function loadProblem(error) {
  if (!(error instanceof ApiProblem)) throw error;
  if (error.status === 0) return "unreachable";
  if (error.status === 401 || error.status === 404) return error.type === "expired" ? "expired" : "link_unknown";
  if (error.status === 409) return "finished";
  return error.status === 422 ? "notice_changed" : "server_failed";
}
