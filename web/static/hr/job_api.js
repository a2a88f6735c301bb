/** What the job's page asks of the server, and what came of it. */

import { BASE } from "../shared/base.js";

/**
 * @typedef {{ id: number, version: string, title: string, questions: { id: number, sound_url: string | null }[], notice_lacking: string }} Job
 * @typedef {{ user_id: number, email: string, role: string }} Member
 */

/**
 * What came of a request. `status` 0: the server was not reached.
 * @template T
 * @typedef {{ ok: true, value: T } | { ok: false, status: number, said: string, errors: { field: string, problem: string }[] }} Outcome
 */

const UNREACHABLE = "The server could not be reached. Nothing was changed.";
const SIGNED_OUT = "You are signed out. Nothing was changed.";

/**
 * @template T
 * @param {string} method
 * @param {string} path below `/api/jobs`
 * @param {{ body?: unknown, wav?: Blob, version?: string | null }} [sent]
 * @returns {Promise<Outcome<T>>}
 */
export async function ask(method, path, sent = {}) {
  /** @type {Record<string, string>} */
  const headers = {};
  if (sent.body !== undefined) headers["Content-Type"] = "application/json";
  if (sent.wav !== undefined) headers["Content-Type"] = "audio/wav";
  if (sent.version) headers["If-Match"] = `"${sent.version}"`;
  const body = sent.wav ?? (sent.body === undefined ? null : JSON.stringify(sent.body));
  try {
    const response = await fetch(`${BASE}/api/jobs${path}`, { method, headers, body });
    if (response.ok) return { ok: true, value: response.status === 204 ? null : await response.json() };
    return await refusal(response);
  } catch {
    return { ok: false, status: 0, said: UNREACHABLE, errors: [] };
  }
}

/**
 * @param {Response} response
 * @returns {Promise<{ ok: false, status: number, said: string, errors: { field: string, problem: string }[] }>}
 */
async function refusal(response) {
  if (response.status === 401) return { ok: false, status: 401, said: SIGNED_OUT, errors: [] };
  /** @type {{ detail?: string, errors?: { field: string, problem: string }[] }} */
  const problem = await response.json().catch(() => ({}));
  const { detail = "The server did not accept this. Nothing was changed.", errors = [] } = problem;
  return { ok: false, status: response.status, said: detail, errors };
}
