/**
 * The ways to the server: which connection records, when another is made beside it, and when the older one goes. A new
 * connection is made before the old one is broken, and the old one goes once the server records from the new. Pure.
 *
 * @typedef {import("./flow.js").Flow} Flow
 * @typedef {import("./flow.js").Command} Command
 * @typedef {import("./flow.js").Trouble} Trouble
 *
 * @typedef {object} Link one connection
 * @property {number} n counts the connections of this page
 * @property {"connecting" | "connected" | "disconnected" | "failed"} peer what the browser says of it
 * @property {number} since when `peer` changed
 * @property {number} report when the server's latest report on what it received came, by the browser's clock; 0 before the first
 * @property {boolean} isDead given up, another one is being made
 * @property {number | null} partBefore which part was being written when this connection was made
 */

import { backoff } from "./backoff.js";
import { isRecordedNow } from "./questions.js";

/** Saving may be this late before the page says so. */
export const LAG_MS = 3000;
/** The browser may take a connection for lost this long before another is made. */
const AWAY_MS = 1000;
/** A connection on which nothing comes back and nothing gets saved for this long is dead. */
const DEAF_MS = 2000;
/** The same where only one of both signs can be expected. */
const DEAF_WITH_ONE_SIGN_MS = 5000;
/** A connection on which the server records nothing for this long is given up. */
const SILENT_MS = 5000;
/** A connection has to stand within this time. The server gives up after the same. */
const CONNECT_MS = 20_000;
/** The same for one that is made in the middle of an interview, where waiting costs words. */
const CONNECT_AGAIN_MS = 8000;
/** A new connection replaces the old one after this long, even if no new part is told of. */
const PROMOTE_MS = 4000;
/** Where the server answers again after a silence, the next try does not wait any longer than this. */
const SOON_MS = 250;
/** When the page itself was asleep this long between two ticks, silence says nothing. */
const ASLEEP_MS = 1500;

/**
 * @param {Flow} flow
 * @param {number} now
 * @returns {[Flow, Command[]]}
 */
export function connect(flow, now) {
  /** @type {Link} */
  const link = { n: flow.links + 1, peer: "connecting", since: now, report: 0, isDead: false, partBefore: flow.part };
  const next = { ...flow, links: link.n, retryAt: null, renew: false };
  return [flow.link === null ? { ...next, link, spare: null } : { ...next, spare: link }, ["publish"]];
}

/** The fresh camera goes out on a fresh connection; the old one has nothing left to send. @param {Flow} flow @param {number} now @returns {[Flow, Command[]]} */
export function connectAfresh(flow, now) {
  const [next, commands] = connect({ ...flow, link: null, spare: null, recording: false, recordingAt: now }, now);
  return [next, ["close_dropped", ...commands]];
}

/**
 * @param {Flow} flow
 * @param {number} n
 * @param {Link["peer"]} peer
 * @param {number} now
 * @returns {[Flow, Command[]]}
 */
export function peerChanged(flow, n, peer, now) {
  const update = (/** @type {Link | null} */ link) => (link?.n === n ? { ...link, peer, since: now } : link);
  const next = { ...flow, link: update(flow.link), spare: update(flow.spare), aliveAt: peer === "connected" ? now : flow.aliveAt };
  if (next.link?.n === n && peer !== "connected") next.recording = false;
  return [next, []];
}

/** The server has reported on what it received. @param {Flow} flow @param {number} n @param {number} report @param {number} now @returns {[Flow, Command[]]} */
export function reportHeard(flow, n, report, now) {
  const { link } = flow;
  if (link === null || link.n !== n || report <= link.report) return [flow, []];
  // A connection that was given up and is alive after all serves until the new one stands.
  return [{ ...flow, link: { ...link, report, isDead: false }, aliveAt: now }, []];
}

/**
 * @param {Flow} flow
 * @param {{n: number, why: string, retryAfterMs: number | null, now: number}} refusal
 * @returns {[Flow, Command[]]}
 */
export function retryLater(flow, { n, why, retryAfterMs, now }) {
  const wait = retryAfterMs ?? backoff(flow.tries);
  /** @type {Trouble} */
  const trouble = why === "busy" && !flow.everRecorded ? "busy_at_start" : why === "busy" || why === "disk_full" ? why : connectionTrouble(flow);
  return dropped({ ...flow, trouble, troubleSeconds: Math.ceil(wait / 1000) }, n, now + wait);
}

/** One connection came to nothing. @param {Flow} flow @param {number} n @param {number} retryAt @returns {[Flow, Command[]]} */
function dropped(flow, n, retryAt) {
  const without = (/** @type {Link | null} */ link) => (link?.n === n ? null : link);
  const next = { ...flow, link: without(flow.link), spare: without(flow.spare), tries: flow.tries + 1, retryAt };
  if (isUsable(next.link)) Object.assign(next, { retryAt: null, trouble: "none" }); // the old one has come back meanwhile
  return [next, ["close_dropped"]];
}

/** @param {Flow} flow @returns {Trouble} */
function connectionTrouble(flow) {
  if (flow.trouble === "server_stopping") return flow.trouble;
  return flow.everRecorded ? "connection" : "lost_at_start";
}

/** @param {Link | null} link */
function isUsable(link) {
  return link !== null && link.peer === "connected" && !link.isDead;
}

/**
 * @param {Flow} flow
 * @param {{recording: boolean, saved_ms: number, lag_ms: number, part: number | null}} message
 * @param {number} now
 * @returns {[Flow, Command[]]}
 */
export function recordingTold(flow, message, now) {
  const aliveAt = message.saved_ms > flow.savedMs ? now : flow.aliveAt;
  const told = { ...flow, retryAt: sooner(flow, now), now, toldAt: now, aliveAt, part: message.part, savedMs: Math.max(flow.savedMs, message.saved_ms), lagMs: message.lag_ms };
  const [next, commands] = promoted(told, message.recording, now);
  // While this page's own connection is away, what the server still records is the tail of what was sent before.
  next.recording = message.recording && isUsable(next.link);
  if (next.recording) Object.assign(next, { everRecorded: true, recordingAt: now, tries: 0, trouble: overcome(next.trouble) });
  else if (isUsable(next.link) && !isExpected(next)) Object.assign(next, { tries: 0, trouble: overcome(next.trouble) });
  return [{ ...next, lagging: lags(next, now) }, commands];
}

/** A server that speaks again after a silence was restarted, or the network is back: no reason to wait. @param {Flow} flow @param {number} now */
function sooner(flow, now) {
  const isBack = now - flow.toldAt >= LAG_MS && flow.trouble !== "busy" && flow.trouble !== "busy_at_start" && flow.trouble !== "disk_full";
  return flow.retryAt !== null && isBack ? Math.min(flow.retryAt, now + SOON_MS) : flow.retryAt;
}

/** The new connection takes the old one's place once the server records from it. @param {Flow} flow @param {boolean} isRecording @param {number} now @returns {[Flow, Command[]]} */
function promoted(flow, isRecording, now) {
  const { spare } = flow;
  if (spare === null || spare.peer !== "connected") return [{ ...flow }, []];
  const isRecordedFrom = isRecording && flow.part !== null && flow.part !== spare.partBefore;
  if (!isRecordedFrom && isExpected(flow) && now - spare.since < PROMOTE_MS) return [{ ...flow }, []];
  return [{ ...flow, link: spare, spare: null }, ["close_dropped"]];
}

/** @param {Flow} flow @returns {boolean} the server should be recording now */
export function isExpected(flow) {
  return isRecordedNow(flow.questions, flow.interview?.answers_only ?? false);
}

/** What is over as soon as the server records again. @param {Trouble} trouble @returns {Trouble} */
function overcome(trouble) {
  const over = ["connection", "lost_at_start", "busy", "busy_at_start", "server_stopping", "nothing_recorded"].includes(trouble);
  return over ? "none" : trouble;
}

/** @param {Flow} flow @param {number} now */
export function lags(flow, now) {
  if (!flow.publishing || !isExpected(flow)) return false;
  return flow.lagMs >= LAG_MS || now - flow.toldAt >= LAG_MS || (!flow.recording && now - flow.recordingAt >= LAG_MS);
}

/**
 * See whether the connection still serves, and make another when not.
 * @param {Flow} flow
 * @param {number} now
 * @returns {[Flow, Command[]]}
 */
export function watch(flow, now) {
  const wasAsleep = now - flow.now >= ASLEEP_MS;
  const next = { ...flow, now, aliveAt: wasAsleep ? now : flow.aliveAt, lagging: lags(flow, now) };
  if (next.spare !== null) return watchSpare(next, next.spare, now);
  if (next.retryAt !== null) return now >= next.retryAt ? connect(next, now) : [next, []];
  return isGivenUp(next, now) ? replaced(next, now) : [next, []];
}

/** @param {Flow} flow @param {Link} spare @param {number} now @returns {[Flow, Command[]]} */
function watchSpare(flow, spare, now) {
  const since = now - spare.since;
  const isLost = spare.peer === "failed" || (spare.peer === "disconnected" && since >= AWAY_MS) || (spare.peer === "connecting" && since >= CONNECT_AGAIN_MS);
  if (isLost) return dropped({ ...flow, trouble: connectionTrouble(flow) }, spare.n, now + backoff(flow.tries));
  return promoted(flow, flow.recording, now);
}

/** @param {Flow} flow @param {number} now @returns {[Flow, Command[]]} */
function replaced(flow, now) {
  if (flow.renew && isUsable(flow.link)) return connect(flow, now); // a better way, while the old one still serves
  const isGone = flow.link?.peer === "failed";
  const link = isGone || flow.link === null ? null : { ...flow.link, isDead: true };
  // The first new try comes at once; the following ones wait longer and longer.
  const wait = flow.tries === 0 ? 0 : backoff(flow.tries - 1);
  const next = { ...flow, link, tries: flow.tries + 1, retryAt: now + wait, renew: false, recording: false, trouble: connectionTrouble(flow) };
  if (wait > 0) return [next, ["close_dropped"]];
  const [connecting, commands] = connect(next, now);
  return [connecting, ["close_dropped", ...commands]];
}

/** Whether another connection is wanted. @param {Flow} flow @param {number} now */
function isGivenUp(flow, now) {
  const { link } = flow;
  if (link === null || link.isDead || flow.renew) return true;
  const since = now - link.since;
  switch (link.peer) {
    case "failed": return true;
    case "disconnected": return since >= AWAY_MS;
    case "connecting": return since >= (flow.everRecorded ? CONNECT_AGAIN_MS : CONNECT_MS);
    case "connected": return isDeaf(flow, link, now) || isUnheard(flow, link, now);
    default: return false;
  }
}

/** Nothing comes back any more: the path is dead, whatever the browser says. @param {Flow} flow @param {Link} link @param {number} now */
function isDeaf(flow, link, now) {
  const hasReports = link.report > 0;
  if (!hasReports && !isExpected(flow)) return false;
  const patience = hasReports && isExpected(flow) ? DEAF_MS : DEAF_WITH_ONE_SIGN_MS;
  return now - Math.max(link.since, flow.aliveAt) >= patience;
}

/** The server is reachable and says that nothing arrives: it was restarted, or the path is dead. @param {Flow} flow @param {Link} link @param {number} now */
function isUnheard(flow, link, now) {
  // While its disk stands still the server hears us all the same, and keeps what we send.
  if (flow.recording || !isExpected(flow) || flow.trouble === "disk_stuck") return false;
  return now - link.since >= SILENT_MS && now - flow.recordingAt >= SILENT_MS && now - flow.toldAt < LAG_MS;
}
