/**
 * Which interview, and the token that opens it. The token leaves the address bar at once, so that no screenshot, history
 * or shared address holds it; the tab keeps it for a reload.
 *
 * @typedef {{sessionId: string, token: string}} Credentials
 */

import { BASE } from "../shared/base.js";

const KEY = "holdfast.interview";

/**
 * @param {string} sessionId what the server wrote into the page; empty at `/i/`
 * @param {{location: Location, history: History}} window
 * @param {import("../shared/storage.js").Memory} memory the tab's
 * @returns {Credentials | null} null when neither the address nor this tab knows an interview
 */
export function takeCredentials(sessionId, { location, history }, memory) {
  const token = decodeURIComponent(location.pathname.slice(BASE.length).replace(/^\/i\/?/, ""));
  if (token === "") return remembered(memory);
  history.replaceState(null, "", `${BASE}/i/`);
  if (sessionId === "") return null;
  const credentials = { sessionId, token };
  try {
    memory.setItem(KEY, JSON.stringify(credentials));
  } catch {
    // Storage is switched off: this page works, a reload needs the link again.
  }
  return credentials;
}

/**
 * @param {import("../shared/storage.js").Memory} storage
 * @returns {Credentials | null}
 */
function remembered(storage) {
  try {
    const kept = JSON.parse(storage.getItem(KEY) ?? "null");
    return kept && typeof kept.sessionId === "string" && typeof kept.token === "string" ? kept : null;
  } catch {
    return null;
  }
}
