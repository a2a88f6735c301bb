/**
 * What the candidate's page shows, and what it does next. Pure: an event goes in, the next state and the commands to
 * carry out come back. Time is in the events. The *Recording* light and the saved line change on the server's word only.
 *
 * @typedef {import("./types.js").Interview} Interview
 * @typedef {import("./types.js").Problem} Problem
 * @typedef {import("./types.js").DeviceProblem} DeviceProblem
 * @typedef {"loading" | "notice" | "devices" | "interview" | "elsewhere" | "thanks" | "problem"} Screen
 * @typedef {"none" | "connection" | "lost_at_start" | "busy" | "disk_full" | "server_stopping" | "over_cap" | "camera_stopped" | "microphone_stopped" | "finish_failed" | "nothing_recorded"} Trouble
 *
 * @typedef {object} Flow
 * @property {Screen} screen what is shown
 * @property {Problem | null} problem why `problem` is shown, or what stands in the way on `notice`
 * @property {DeviceProblem | null} deviceProblem why camera or microphone are not open
 * @property {Interview | null} interview as the server gave it last
 * @property {"closed" | "opening" | "open"} devices
 * @property {boolean} soundOnly the candidate goes on without a picture
 * @property {boolean} hasPicture the opened devices have a camera
 * @property {boolean} heard the microphone has given a sound
 * @property {boolean} waiting a request of the candidate's is on its way
 * @property {boolean} confirming the question whether to finish is open
 * @property {boolean} publishing this page is meant to send
 * @property {"idle" | "connecting" | "connected" | "disconnected" | "failed"} peer
 * @property {number} peerSince when `peer` changed
 * @property {number} tries connections in a row that came to nothing
 * @property {number | null} retryAt when to connect again
 * @property {boolean} recording the server's word
 * @property {number} recordingAt when the server last said that it records
 * @property {number} toldAt when the server last said anything
 * @property {number} savedMs the server's word
 * @property {number} lagMs the server's word
 * @property {boolean} lagging what is said now is not being saved
 * @property {boolean} everRecorded the server has recorded from this page
 * @property {Trouble} trouble the sentence above the dock
 * @property {number} troubleSeconds a number in that sentence
 *
 * @typedef {"give_consent" | "open_devices" | "close_devices" | "open_control" | "close_control" | "publish" | "stop_publishing" | "stay_awake" | "let_sleep" | "finish" | "stop_meter" | "renew_client" | "reload"} Command
 *
 * @typedef {{type: "loaded", interview: Interview} | {type: "load_failed", problem: Problem}
 *   | {type: "consent_pressed"} | {type: "consented", interview: Interview} | {type: "consent_failed", problem: Problem}
 *   | {type: "turn_on_pressed"} | {type: "microphone_only_pressed"} | {type: "device_chosen"}
 *   | {type: "devices_opened", hasPicture: boolean} | {type: "devices_failed", problem: DeviceProblem} | {type: "heard"}
 *   | {type: "track_ended", kind: "camera" | "microphone"} | {type: "turn_on_again_pressed"}
 *   | {type: "start_pressed", now: number} | {type: "continue_here_pressed"} | {type: "retry_pressed"}
 *   | {type: "peer_changed", peer: Flow["peer"], now: number}
 *   | {type: "publish_refused", why: "superseded" | "finished" | "busy" | "disk_full" | "unreachable" | Problem, retryAfterMs: number | null, now: number}
 *   | {type: "told", message: import("./types.js").ControlMessage, now: number}
 *   | {type: "control_refused", problem: Problem} | {type: "tick", now: number}
 *   | {type: "finish_pressed"} | {type: "finish_cancelled"} | {type: "finish_confirmed"}
 *   | {type: "finished", interview: Interview} | {type: "finish_failed", why: "unreachable" | "nothing_recorded"}
 * } FlowEvent
 */

import { backoff } from "./backoff.js";

/** Saving may be this late before the page says so. */
export const LAG_MS = 3000;
/** A peer connection may be away this long before a new one is made. */
export const AWAY_MS = 3000;
/** A connection on which the server records nothing for this long is given up. */
export const SILENT_MS = 5000;
/** A connection has to stand within this time. The server gives up after the same. */
export const CONNECT_MS = 20000;

/** @type {Flow} */
export const START = Object.freeze({
  screen: "loading", problem: null, deviceProblem: null, interview: null,
  devices: "closed", soundOnly: false, hasPicture: false, heard: false, waiting: false, confirming: false,
  publishing: false, peer: "idle", peerSince: 0, tries: 0, retryAt: null,
  recording: false, recordingAt: 0, toldAt: 0, savedMs: 0, lagMs: 0, lagging: false, everRecorded: false,
  trouble: "none", troubleSeconds: 0,
});

/** Interview states in which nothing can be recorded any more, and what the page says then. @type {Record<string, Problem>} */
const OVER = { completed: "finished", ready: "finished", expired: "expired", withdrawn: "withdrawn", deleted: "deleted" };

/** Everything that this page holds open, let go. @type {Command[]} */
const LET_GO = ["stop_publishing", "close_control", "close_devices", "let_sleep"];

/**
 * @param {Flow} flow
 * @param {FlowEvent} event
 * @returns {[Flow, Command[]]}
 */
export function reduce(flow, event) {
  switch (event.type) {
    case "loaded": return loaded(flow, event.interview);
    case "load_failed": return [{ ...flow, screen: "problem", problem: event.problem }, []];
    case "retry_pressed": return flow.screen === "problem" ? [flow, ["reload"]] : openDevices(flow);

    case "consent_pressed": return flow.waiting ? [flow, []] : [{ ...flow, waiting: true, problem: null }, ["give_consent"]];
    case "consented": return openDevices({ ...flow, interview: event.interview, screen: "devices", waiting: false });
    case "consent_failed": return [{ ...flow, waiting: false, problem: event.problem }, []];

    case "turn_on_pressed": case "device_chosen": case "turn_on_again_pressed": return openDevices(flow);
    case "microphone_only_pressed": return openDevices({ ...flow, soundOnly: true });
    case "devices_opened": return devicesOpened(flow, event.hasPicture);
    case "devices_failed": return [{ ...flow, devices: "closed", deviceProblem: event.problem }, []];
    case "heard": return [{ ...flow, heard: true }, []];
    case "track_ended": return [{ ...flow, trouble: event.kind === "camera" ? "camera_stopped" : "microphone_stopped" }, []];

    case "start_pressed": return flow.devices === "open" ? start(flow, event.now) : [flow, []];
    case "continue_here_pressed": return continueHere(flow);
    case "peer_changed": return [{ ...flow, peer: event.peer, peerSince: event.now }, []];
    case "publish_refused": return refused(flow, event);
    case "told": return told(flow, event.message, event.now);
    case "control_refused": return ended(flow, event.problem);
    case "tick": return tick(flow, event.now);

    case "finish_pressed": return [{ ...flow, confirming: true }, []];
    case "finish_cancelled": return [{ ...flow, confirming: false }, []];
    case "finish_confirmed": return flow.waiting ? [flow, []] : [{ ...flow, confirming: false, waiting: true }, ["finish"]];
    case "finished": return thanked({ ...flow, interview: event.interview, savedMs: event.interview.saved_ms });
    case "finish_failed": return [{ ...flow, waiting: false, trouble: event.why === "unreachable" ? "finish_failed" : "nothing_recorded" }, []];
    default: return impossible(event);
  }
}

/**
 * @param {Flow} flow
 * @param {Interview} interview
 * @returns {[Flow, Command[]]}
 */
function loaded(flow, interview) {
  const next = { ...flow, interview, savedMs: interview.saved_ms };
  const over = OVER[interview.state];
  if (over !== undefined) return [{ ...next, screen: "problem", problem: over }, []];
  // No surprise: on a return the camera opens when the candidate says so, and the press lets the page play sound, too.
  return [{ ...next, screen: interview.consent === null ? "notice" : "devices" }, []];
}

/**
 * @param {Flow} flow
 * @returns {[Flow, Command[]]}
 */
function openDevices(flow) {
  if (flow.devices === "opening") return [flow, []];
  return [{ ...flow, devices: "opening", deviceProblem: null }, ["open_devices"]];
}

/**
 * @param {Flow} flow
 * @param {boolean} hasPicture
 * @returns {[Flow, Command[]]}
 */
function devicesOpened(flow, hasPicture) {
  const wasStopped = flow.trouble === "camera_stopped" || flow.trouble === "microphone_stopped";
  const next = { ...flow, devices: /** @type {const} */ ("open"), hasPicture, deviceProblem: null, trouble: wasStopped ? /** @type {const} */ ("none") : flow.trouble };
  // In the middle of an interview the fresh camera goes out on a fresh connection.
  return flow.screen === "interview" && flow.publishing ? [next, ["publish"]] : [next, []];
}

/**
 * @param {Flow} flow
 * @param {number} now
 * @returns {[Flow, Command[]]}
 */
function start(flow, now) {
  const next = {
    ...flow, screen: /** @type {const} */ ("interview"), publishing: true, peer: /** @type {const} */ ("connecting"), peerSince: now,
    tries: 0, retryAt: null, recordingAt: now, toldAt: now, trouble: /** @type {const} */ ("none"),
  };
  return [next, ["stop_meter", "stay_awake", "open_control", "publish"]];
}

/**
 * @param {Flow} flow
 * @returns {[Flow, Command[]]}
 */
function continueHere(flow) {
  // A new client id makes the server take this page for the newer one; the camera has to open again first.
  const interview = flow.interview && { ...flow.interview, state: "in_progress" };
  const [next, commands] = openDevices({ ...flow, interview, screen: "devices", devices: "closed", heard: false });
  return [next, ["renew_client", ...commands]];
}

/**
 * @param {Flow} flow
 * @param {Extract<FlowEvent, {type: "publish_refused"}>} event
 * @returns {[Flow, Command[]]}
 */
function refused(flow, event) {
  switch (event.why) {
    case "superseded": return superseded(flow);
    case "finished": return ended(flow, "finished");
    case "busy": case "disk_full": case "unreachable": case "server_failed": return retryLater(flow, event);
    default: return ended(flow, event.why);
  }
}

/**
 * @param {Flow} flow
 * @param {Extract<FlowEvent, {type: "publish_refused"}>} event
 * @returns {[Flow, Command[]]}
 */
function retryLater(flow, event) {
  const wait = event.retryAfterMs ?? backoff(flow.tries);
  /** @type {Trouble} */
  const trouble = event.why === "busy" || event.why === "disk_full" ? event.why : connectionTrouble(flow);
  const next = { ...flow, peer: /** @type {const} */ ("idle"), tries: flow.tries + 1, retryAt: event.now + wait, trouble, troubleSeconds: Math.ceil(wait / 1000) };
  return [next, ["stop_publishing"]];
}

/** @param {Flow} flow @returns {Trouble} */
function connectionTrouble(flow) {
  return flow.everRecorded ? "connection" : "lost_at_start";
}

/**
 * @param {Flow} flow
 * @param {import("./types.js").ControlMessage} message
 * @param {number} now
 * @returns {[Flow, Command[]]}
 */
function told(flow, message, now) {
  switch (message.type) {
    case "state": return message.state in OVER ? overTold(flow, message.state) : recordingTold(flow, { ...message, lag_ms: 0 }, now);
    case "saved": return recordingTold(flow, message, now);
    case "takeover": return superseded(flow);
    case "notice": return [{ ...flow, toldAt: now, trouble: noticeTrouble(flow, message.code) }, []];
    case "ended": return message.reason === "finished" ? thanked(flow) : ended(flow, endProblem(message));
    default: return [flow, []];
  }
}

/**
 * @param {Flow} flow
 * @param {string} state
 * @returns {[Flow, Command[]]}
 */
function overTold(flow, state) {
  return OVER[state] === "finished" ? thanked(flow) : ended(flow, OVER[state] ?? "server_failed");
}

/**
 * @param {Flow} flow
 * @param {{recording: boolean, saved_ms: number, lag_ms: number}} message
 * @param {number} now
 * @returns {[Flow, Command[]]}
 */
function recordingTold(flow, message, now) {
  // While this page's own connection is away, what the server still records is the tail of what was sent before.
  const recording = message.recording && flow.peer === "connected";
  const next = { ...flow, toldAt: now, recording, savedMs: Math.max(flow.savedMs, message.saved_ms), lagMs: message.lag_ms };
  if (recording) {
    Object.assign(next, { everRecorded: true, recordingAt: now, tries: 0, trouble: overcome(flow.trouble) });
  }
  return [{ ...next, lagging: lags(next, now) }, []];
}

/** What is over as soon as the server records again. @param {Trouble} trouble @returns {Trouble} */
function overcome(trouble) {
  const over = ["connection", "lost_at_start", "busy", "server_stopping", "nothing_recorded"].includes(trouble);
  return over ? "none" : trouble;
}

/** @param {Flow} flow @param {string} code @returns {Trouble} */
function noticeTrouble(flow, code) {
  if (code === "disk_full" || code === "over_cap" || code === "server_stopping") return code;
  return code === "disk_ok" && flow.trouble === "disk_full" ? "none" : flow.trouble;
}

/** @param {import("./types.js").EndedMessage} message @returns {Problem} */
function endProblem(message) {
  return message.reason === "over_cap" ? "over_cap" : OVER[message.reason] ?? OVER[message.state] ?? "server_failed";
}

/** @param {Flow} flow @param {number} now */
function lags(flow, now) {
  return flow.publishing && (flow.lagMs >= LAG_MS || now - flow.toldAt >= LAG_MS || (!flow.recording && now - flow.recordingAt >= LAG_MS));
}

/**
 * @param {Flow} flow
 * @param {number} now
 * @returns {[Flow, Command[]]}
 */
function tick(flow, now) {
  if (!flow.publishing || flow.screen !== "interview") return [flow, []];
  const next = { ...flow, lagging: lags(flow, now) };
  if (next.retryAt !== null) return now >= next.retryAt ? reconnect(next, now) : [next, []];
  if (!isGivenUp(next, now)) return [next, []];
  // The first new try comes at once; the following ones wait longer and longer.
  const wait = next.tries === 0 ? 0 : backoff(next.tries - 1);
  return [{ ...next, peer: "idle", tries: next.tries + 1, retryAt: now + wait, recording: false, trouble: connectionTrouble(next) }, ["stop_publishing"]];
}

/** Whether this connection will not record any more. @param {Flow} flow @param {number} now */
function isGivenUp(flow, now) {
  const since = now - flow.peerSince;
  switch (flow.peer) {
    case "failed": return true;
    case "disconnected": return since >= AWAY_MS;
    case "connecting": return since >= CONNECT_MS;
    // The server is reachable and says that nothing arrives: it was restarted, or the path is dead.
    case "connected": return !flow.recording && since >= SILENT_MS && now - flow.recordingAt >= SILENT_MS && now - flow.toldAt < LAG_MS;
    case "idle": return false;
    default: return false;
  }
}

/**
 * @param {Flow} flow
 * @param {number} now
 * @returns {[Flow, Command[]]}
 */
function reconnect(flow, now) {
  return [{ ...flow, retryAt: null, peer: "connecting", peerSince: now }, ["publish"]];
}

/** @param {Flow} flow @returns {[Flow, Command[]]} */
function superseded(flow) {
  return [{ ...flow, ...LET_GO_FLOW, screen: "elsewhere" }, LET_GO];
}

/** @param {Flow} flow @returns {[Flow, Command[]]} */
function thanked(flow) {
  return [{ ...flow, ...LET_GO_FLOW, screen: "thanks" }, LET_GO];
}

/** @param {Flow} flow @param {Problem} problem @returns {[Flow, Command[]]} */
function ended(flow, problem) {
  return [{ ...flow, ...LET_GO_FLOW, screen: "problem", problem }, LET_GO];
}

/** What LET_GO leaves behind. @type {Pick<Flow, "publishing" | "recording" | "devices" | "peer" | "waiting" | "confirming" | "retryAt" | "lagging" | "trouble">} */
const LET_GO_FLOW = { publishing: false, recording: false, devices: "closed", peer: "idle", waiting: false, confirming: false, retryAt: null, lagging: false, trouble: "none" };

/** @param {never} event @returns {never} */
function impossible(event) {
  throw new Error(`No such event: ${JSON.stringify(event)}`);
}
