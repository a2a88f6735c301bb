/**
 * What the candidate's page shows, and what it does next. Pure: an event goes in, the next state and the commands to
 * carry out come back. Time is in the events. The *Recording* light and the saved line change on the server's word only.
 * Connections are in connection.js, questions and their time in questions.js.
 *
 * @typedef {import("./types.js").Interview} Interview
 * @typedef {import("./types.js").Problem} Problem
 * @typedef {import("./types.js").DeviceProblem} DeviceProblem
 * @typedef {import("./connection.js").Link} Link
 * @typedef {"loading" | "notice" | import("./preparation.js").PreparationScreen | "back" | "interview" | "elsewhere" | "thanks" | "withdrawn" | "own" | "problem"} Screen
 * @typedef {"none" | "connection" | "lost_at_start" | "busy" | "busy_at_start" | "disk_full" | "disk_stuck" | "server_stopping" | "over_cap" | "camera_stopped" | "microphone_stopped" | "camera_muted" | "microphone_muted" | "microphone_unheard" | "finish_failed" | "nothing_recorded"} Trouble
 *
 * @typedef {object} Flow
 * @property {Screen} screen what is shown
 * @property {Problem | null} problem why `problem` is shown, or what stands in the way on `notice`
 * @property {DeviceProblem | null} deviceProblem why camera or microphone are not open
 * @property {Interview | null} interview as the server gave it last
 * @property {number} awayMs how long nothing was recorded before this page came
 * @property {import("./questions.js").Questions} questions where the candidate is in them
 * @property {"closed" | "opening" | "open"} devices
 * @property {boolean} soundOnly the candidate goes on without a picture
 * @property {boolean} hasPicture the opened devices have a camera
 * @property {boolean} heard the microphone has given a sound
 * @property {boolean} waiting a request of the candidate's is on its way
 * @property {boolean} confirming the question whether to finish is open
 * @property {import("./withdrawal.js").Withdrawal | null} withdrawal the candidate declines or withdraws, or is asked whether to
 * @property {boolean} resuming the interview goes on as soon as camera and microphone are open
 * @property {boolean} goingOn a pause ends as soon as this page sends
 * @property {boolean} leaving the candidate finishes later: the camera goes off once the pause stands
 * @property {boolean} publishing this page is meant to send
 * @property {boolean} current the server's word: this page is the one that may act
 * @property {Link | null} link the connection that counts
 * @property {Link | null} spare a newer one, which replaces it once the server records from it
 * @property {number} links how many connections this page has made
 * @property {boolean} renew the way to the server has changed: make another connection while the old one serves
 * @property {number} tries connections in a row that came to nothing
 * @property {number | null} retryAt when to connect again
 * @property {number} aliveAt when something last showed that what is sent arrives
 * @property {boolean} recording the server's word
 * @property {number} recordingAt when the server last said that it records
 * @property {number | null} part the server's word: the number of the part that is being written
 * @property {number} toldAt when the server last said anything
 * @property {number} now when the page last looked at the clock
 * @property {number} savedMs the server's word
 * @property {number} lagMs the server's word
 * @property {boolean} lagging what is said now is not being saved
 * @property {boolean} everRecorded the server has recorded from this page
 * @property {Trouble} trouble the sentence above the dock
 * @property {number} troubleSeconds a number in that sentence
 *
 * @typedef {"load" | "give_consent" | "open_devices" | "open_devices_if_allowed" | "close_devices" | "open_control" | "close_control" | "publish" | "close_dropped" | "stop_publishing" | "stay_awake" | "let_sleep" | "finish" | "withdraw" | "stop_meter" | "renew_client" | "reload" | "tell_shown" | import("./types.js").DoMessage} Command
 *
 * @typedef {{type: "loaded", interview: Interview, now: number} | {type: "load_failed", problem: Problem} | {type: "relays_told", iceServers: RTCIceServer[]}
 *   | {type: "consent_pressed"} | {type: "consented", interview: Interview} | {type: "consent_failed", problem: Problem}
 *   | {type: "turn_on_pressed"} | {type: "microphone_only_pressed"} | {type: "device_chosen"}
 *   | {type: "devices_opened", hasPicture: boolean, now: number} | {type: "devices_failed", problem: DeviceProblem} | {type: "heard"}
 *   | {type: "track_changed", kind: "camera" | "microphone", is: "ended" | "muted" | "live"} | {type: "turn_on_again_pressed"}
 *   | {type: "go_on_pressed", now: number} | {type: "go_back_pressed"} | {type: "continue_pressed", now: number} | {type: "continue_here_pressed"} | {type: "retry_pressed"}
 *   | {type: "wish_pressed", wish: import("./types.js").Wish, take?: number, now: number, at: number} | {type: "later_pressed", now: number, at: number}
 *   | {type: "peer_changed", n: number, peer: Link["peer"], now: number} | {type: "report_heard", n: number, report: number, now: number} | {type: "network_changed"}
 *   | {type: "publish_refused", n: number, why: "superseded" | "finished" | "consent_missing" | "busy" | "disk_full" | "unreachable" | Problem, retryAfterMs: number | null, now: number}
 *   | {type: "told", message: import("./types.js").ControlMessage, now: number, at: number}
 *   | {type: "control_refused", problem: Problem} | {type: "tick", now: number, at: number}
 *   | {type: "finish_pressed"} | {type: "finish_cancelled"} | {type: "finish_confirmed"}
 *   | {type: "finished", interview: Interview} | {type: "finish_failed", why: "unreachable" | "nothing_recorded"}
 *   | {type: "withdraw_pressed"} | {type: "withdraw_cancelled"} | {type: "withdraw_confirmed"} | {type: "withdraw_failed"}
 *   | {type: "withdrawn", told: {withdrawn_at: string, declined: boolean, erased: boolean}}
 * } FlowEvent
 */

import { connect, connectAfresh, isExpected, peerChanged, recordingTold, reportHeard, retryLater, watch } from "./connection.js";
import { following, preceding } from "./preparation.js";
import { NO_QUESTIONS, ask, hasBegun, placeTold, refusedTold, timeTold } from "./questions.js";
import * as withdrawal from "./withdrawal.js";

/** @type {Flow} */
export const START = Object.freeze({
  screen: "loading", problem: null, deviceProblem: null, interview: null, awayMs: 0, questions: NO_QUESTIONS,
  devices: "closed", soundOnly: false, hasPicture: false, heard: false, waiting: false, confirming: false, withdrawal: null, resuming: false, goingOn: false, leaving: false,
  publishing: false, current: false, link: null, spare: null, links: 0, renew: false, tries: 0, retryAt: null, aliveAt: 0,
  recording: false, recordingAt: 0, part: null, toldAt: 0, now: 0, savedMs: 0, lagMs: 0, lagging: false, everRecorded: false,
  trouble: "none", troubleSeconds: 0,
});

/** Interview states in which nothing can be recorded any more, and what the page says then. @type {Record<string, Problem>} */
const OVER = { completed: "finished", ready: "finished", expired: "expired", withdrawn: "withdrawn", deleted: "deleted" };

/** Everything that sends, let go. @type {Command[]} */
const STOP_SENDING = ["stop_publishing", "close_devices", "let_sleep"];
/** Everything that this page holds open, let go. @type {Command[]} */
const LET_GO = [...STOP_SENDING, "close_control"];

/** What is so after STOP_SENDING. @type {Partial<Flow>} */
const STOPPED = { publishing: false, recording: false, devices: "closed", link: null, spare: null, waiting: false, confirming: false, resuming: false, goingOn: false, leaving: false, retryAt: null, lagging: false, trouble: "none" };

/**
 * @param {Flow} flow
 * @param {FlowEvent} event
 * @returns {[Flow, Command[]]}
 */
export function reduce(flow, event) {
  switch (event.type) {
    case "loaded": return loaded(flow, event.interview, event.now);
    case "load_failed": return [{ ...flow, screen: "problem", problem: event.problem }, []];
    case "relays_told": return [{ ...flow, interview: flow.interview && { ...flow.interview, ice_servers: event.iceServers } }, []];
    case "retry_pressed": return flow.screen === "problem" ? [flow, ["reload"]] : openDevices(flow);

    case "consent_pressed": return flow.waiting ? [flow, []] : [{ ...flow, waiting: true, problem: null }, ["give_consent"]];
    case "consented": return consented(flow, event.interview);
    case "consent_failed": return [{ ...flow, waiting: false, problem: event.problem }, []];

    case "turn_on_pressed": case "device_chosen": case "turn_on_again_pressed": return openDevices(flow);
    case "microphone_only_pressed": return openDevices({ ...flow, soundOnly: true });
    case "devices_opened": return devicesOpened(flow, event.hasPicture, event.now);
    case "devices_failed": return devicesFailed(flow, event.problem);
    case "heard": return [{ ...flow, heard: true }, []];
    case "track_changed": return [{ ...flow, trouble: trackTrouble(flow, event) }, []];

    case "go_on_pressed": return goOn(flow, event.now);
    case "go_back_pressed": return [{ ...flow, screen: preceding(flow.screen) ?? flow.screen }, []];
    case "continue_pressed": return flow.devices === "open" ? start(flow, event.now) : openDevices({ ...flow, resuming: true });
    case "continue_here_pressed": return continueHere(flow);

    case "wish_pressed": return wished(flow, event.wish, event);
    case "later_pressed": return wished({ ...flow, leaving: true }, "pause", event);

    case "peer_changed": return peerChanged(flow, event.n, event.peer, event.now);
    case "report_heard": return reportHeard(flow, event.n, event.report, event.now);
    case "network_changed": return flow.publishing ? [{ ...flow, renew: true }, []] : [flow, []];
    case "publish_refused": return refused(flow, event);
    case "told": return byItself(...told(flow, event.message, event.now), event);
    case "control_refused": return ended(flow, event.problem);
    case "tick": return flow.publishing ? byItself(...watch(flow, event.now), event) : [flow, []];

    case "finish_pressed": return [{ ...flow, confirming: true }, []];
    case "finish_cancelled": return [{ ...flow, confirming: false }, []];
    case "finish_confirmed": return flow.waiting ? [flow, []] : [{ ...flow, confirming: false, waiting: true }, ["finish"]];
    case "finished": return thanked({ ...flow, interview: event.interview, savedMs: event.interview.saved_ms });
    case "finish_failed": return [{ ...flow, waiting: false, trouble: event.why === "unreachable" ? "finish_failed" : "nothing_recorded" }, []];

    case "withdraw_pressed": return withdrawal.asked(flow);
    case "withdraw_cancelled": return withdrawal.cancelled(flow);
    case "withdraw_confirmed": return withdrawal.confirmed(flow, STOPPED, LET_GO);
    case "withdrawn": return withdrawal.withdrawn(flow, event.told);
    case "withdraw_failed": return withdrawal.failed(flow);
    default: return impossible(event);
  }
}

/**
 * @param {Flow} flow
 * @param {Interview} interview
 * @param {number} now
 * @returns {[Flow, Command[]]}
 */
function loaded(flow, interview, now) {
  const next = { ...flow, interview, savedMs: interview.saved_ms, awayMs: interview.away_ms ?? 0 };
  if (interview.state === "withdrawn") return [{ ...next, screen: "withdrawn", withdrawal: withdrawal.before(interview) }, []];
  const over = OVER[interview.state];
  if (over !== undefined) return [{ ...next, screen: "problem", problem: over }, []];
  if (interview.consent === null) return [{ ...next, screen: "notice" }, []];
  if (interview.flow) next.questions = placeTold(next.questions, interview.flow, now);
  // Who was here before needs one press; their camera opens by itself where the browser need not ask.
  if (isReturn(next, interview)) return [{ ...next, screen: "back" }, ["open_control", "open_devices_if_allowed"]];
  // No surprise: on a reload before the start the camera opens when the candidate says so.
  return [{ ...next, screen: "devices" }, ["open_control"]];
}

/** @param {Flow} flow @param {Interview} interview */
function isReturn(flow, interview) {
  return hasBegun(flow.questions.place) || interview.state === "interrupted" || interview.state === "in_progress";
}

/** @param {Flow} flow @param {Interview} interview @returns {[Flow, Command[]]} */
function consented(flow, interview) {
  const [next, commands] = openDevices({ ...flow, interview, screen: "devices", waiting: false });
  return [next, ["open_control", ...commands]];
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
 * @param {number} now
 * @returns {[Flow, Command[]]}
 */
function devicesOpened(flow, hasPicture, now) {
  const wasStopped = /^(camera|microphone)_/.test(flow.trouble);
  const next = { ...flow, devices: /** @type {const} */ ("open"), hasPicture, deviceProblem: null, trouble: wasStopped ? /** @type {const} */ ("none") : flow.trouble };
  if (flow.screen === "interview" && flow.publishing) return connectAfresh(next, now);
  return flow.resuming ? start(next, now) : [next, []];
}

/** @param {Flow} flow @param {DeviceProblem} problem @returns {[Flow, Command[]]} */
function devicesFailed(flow, problem) {
  // Whoever comes back and has no camera now gets the whole screen with what to do.
  const screen = flow.screen === "back" ? "devices" : flow.screen;
  return [{ ...flow, screen, devices: "closed", deviceProblem: problem, resuming: false }, []];
}

/**
 * @param {Flow} flow
 * @param {Extract<FlowEvent, {type: "track_changed"}>} event
 * @returns {Flow["trouble"]}
 */
function trackTrouble(flow, { kind, is }) {
  if (is === "ended") return `${kind}_stopped`;
  if (is === "muted") return flow.trouble === `${kind}_stopped` ? flow.trouble : `${kind}_muted`;
  return flow.trouble === `${kind}_muted` ? "none" : flow.trouble;
}

/** @param {Flow} flow @param {number} now @returns {[Flow, Command[]]} */
function goOn(flow, now) {
  if (flow.devices !== "open") return openDevices(flow);
  const screen = flow.interview !== null && isReturn(flow, flow.interview) ? "interview" : following(flow.screen);
  if (screen === null) return [flow, []];
  return screen === "interview" ? start(flow, now) : [{ ...flow, screen }, []];
}

/**
 * @param {Flow} flow
 * @param {number} now
 * @returns {[Flow, Command[]]}
 */
function start(flow, now) {
  const [next, commands] = connect({
    ...flow, screen: "interview", publishing: true, resuming: false, goingOn: flow.questions.place?.step === "paused", leaving: false, link: null, spare: null,
    tries: 0, recordingAt: now, toldAt: now, aliveAt: now, now, trouble: "none",
  }, now);
  return [next, ["stop_meter", "stay_awake", ...commands]];
}

/**
 * @param {Flow} flow
 * @returns {[Flow, Command[]]}
 */
function continueHere(flow) {
  // A new client id makes the server take this page for the newer one; the camera has to open again first.
  const screen = hasBegun(flow.questions.place) ? "back" : "devices";
  const interview = flow.interview && { ...flow.interview, state: "in_progress" };
  const [next, commands] = openDevices({ ...flow, interview, screen, devices: "closed", heard: false, resuming: true });
  return [next, ["renew_client", "open_control", ...commands]];
}

/**
 * @param {Flow} flow
 * @param {import("./types.js").Wish} wish
 * @param {{now: number, at: number, take?: number}} moment
 * @returns {[Flow, Command[]]}
 */
function wished(flow, wish, moment) {
  const [questions, message] = ask(flow.questions, wish, moment);
  return message === null ? [flow, []] : [{ ...flow, questions }, [message]];
}

/**
 * What the page asks for by itself: the first question once it is being recorded, and the end of a pause once it sends.
 * @param {Flow} flow
 * @param {Command[]} commands
 * @param {{now: number, at: number}} moment
 * @returns {[Flow, Command[]]}
 */
function byItself(flow, commands, moment) {
  const { place, askAgainAt } = flow.questions;
  if (!flow.publishing || place === null || moment.now < askAgainAt || flow.link?.peer !== "connected") return [flow, commands];
  const isToBegin = place.step === "before" && (flow.recording || !isExpected(flow));
  const isToResume = place.step === "paused" && flow.goingOn;
  if (!isToBegin && !isToResume) return [flow, commands];
  const [next, asking] = wished(flow, isToBegin ? "begin" : "resume", moment);
  return [next, [...commands, ...asking]];
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
    // Whatever this page thought: the notice comes first, as it reads now.
    case "consent_missing": return [{ ...flow, ...STOPPED, screen: "loading" }, [...LET_GO, "load"]];
    case "busy": case "disk_full": case "unreachable": case "server_failed": return retryLater(flow, event);
    default: return ended(flow, event.why);
  }
}

/**
 * @param {Flow} flow
 * @param {import("./types.js").ControlMessage} message
 * @param {number} now
 * @returns {[Flow, Command[]]}
 */
function told(flow, message, now) {
  switch (message.type) {
    case "state": return stateTold(flow, message, now);
    case "saved": return recordingTold({ ...flow, questions: timeTold(flow.questions, message, now) }, message, now);
    case "flow": return flowTold(flow, message, now);
    case "refused": return [{ ...flow, toldAt: now, leaving: false, questions: refusedTold(flow.questions, message.id, now) }, []];
    case "takeover": return superseded(flow);
    case "notice": return [noticeTold({ ...flow, toldAt: now }, message.code), []];
    case "ended": return message.reason === "finished" ? thanked(flow) : ended(flow, endProblem(message));
    default: return [flow, []];
  }
}

/**
 * @param {Flow} flow
 * @param {import("./types.js").StateMessage} message
 * @param {number} now
 * @returns {[Flow, Command[]]}
 */
function stateTold(flow, message, now) {
  const over = OVER[message.state];
  if (over !== undefined) return over === "finished" ? thanked(flow) : ended(flow, over);
  const interview = flow.interview && { ...flow.interview, state: message.state };
  return recordingTold({ ...flow, interview, current: message.current, awayMs: message.away_ms ?? flow.awayMs }, { ...message, lag_ms: 0 }, now);
}

/**
 * @param {Flow} flow
 * @param {import("./types.js").FlowMessage} place
 * @param {number} now
 * @returns {[Flow, Command[]]}
 */
function flowTold(flow, place, now) {
  const before = flow.questions.place;
  const questions = placeTold(flow.questions, place, now);
  const next = { ...flow, toldAt: now, now, questions, goingOn: flow.goingOn && place.step === "paused" };
  // From here on it counts whether this step arrives and is saved, not whether the one before was.
  if (before?.step !== place.step) Object.assign(next, { recordingAt: now, aliveAt: now, lagging: false });
  if (flow.leaving && place.step === "paused") return [{ ...next, ...STOPPED, screen: "back", awayMs: 0 }, STOP_SENDING];
  if (flow.screen === "loading" || before === null || !flow.publishing) return [next, []];
  if (place.revision !== before.revision) return [next, ["tell_shown"]];
  // The same place again after a wish: the connection broke between the two, so the wish goes out once more.
  return [next, questions.asked === null ? [] : [questions.asked]];
}

/** @param {Flow} flow @param {string} code @returns {Flow} */
function noticeTold(flow, code) {
  switch (code) {
    case "disk_full": case "disk_stuck": case "over_cap": case "server_stopping": return { ...flow, trouble: code };
    case "no_sound": return flow.trouble === "none" ? { ...flow, trouble: "microphone_unheard" } : flow;
    case "sound_ok": return flow.trouble === "microphone_unheard" ? { ...flow, trouble: "none" } : flow;
    case "disk_ok": return { ...flow, trouble: flow.trouble === "disk_full" || flow.trouble === "disk_stuck" ? "none" : flow.trouble };
    case "reconnect": return { ...flow, renew: flow.publishing };
    default: return flow;
  }
}

/** @param {import("./types.js").EndedMessage} message @returns {Problem} */
function endProblem(message) {
  return message.reason === "over_cap" ? "over_cap" : OVER[message.reason] ?? OVER[message.state] ?? "server_failed";
}

/** @param {Flow} flow @returns {[Flow, Command[]]} */
function superseded(flow) {
  return [{ ...flow, ...STOPPED, screen: "elsewhere" }, LET_GO];
}

/** @param {Flow} flow @returns {[Flow, Command[]]} */
function thanked(flow) {
  return [{ ...flow, ...STOPPED, screen: "thanks" }, LET_GO];
}

/** @param {Flow} flow @param {Problem} problem @returns {[Flow, Command[]]} */
function ended(flow, problem) {
  return [{ ...flow, ...STOPPED, screen: "problem", problem }, LET_GO];
}

/** @param {never} event @returns {never} */
function impossible(event) {
  throw new Error(`No such event: ${JSON.stringify(event)}`);
}
