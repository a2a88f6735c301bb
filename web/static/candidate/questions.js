/**
 * Where the candidate is in their questions. The server owns the place; this module keeps its latest word, what the
 * candidate has asked for since, and the time that runs between two words. Pure.
 *
 * @typedef {import("./types.js").Place} Place
 * @typedef {import("./types.js").Wish} Wish
 * @typedef {import("./types.js").DoMessage} DoMessage
 *
 * @typedef {object} Questions
 * @property {Place | null} place the server's word; null while it is not known
 * @property {number} usedMs of the time of this step, when the server last said
 * @property {number} usedAt when that was
 * @property {boolean} counting the server's word: the time of this step runs
 * @property {DoMessage | null} asked what the candidate asked for and the server has not answered
 * @property {number} asks how many times something was asked
 * @property {number} arrivedAt when the present revision arrived
 * @property {number} askAgainAt what the page asks for by itself waits until then
 *
 * @typedef {{kind: "think" | "answer", leftMs: number | null, isLast: boolean, stands: boolean}} Timer
 * `leftMs` is null without a limit; `stands` while nothing counts
 */

/** Between two words of the server time runs on by itself, but no longer than this. */
const ALONE_MS = 1500;
/** Near the end of an answer the page says so. */
const LAST_MS = 30_000;
/** A refused wish of the page's own is repeated after this long. */
const AGAIN_MS = 500;
/** When a limit has moved the candidate on, a press that was meant for the step before is ignored. */
const SETTLE_MS = 700;

/** @type {Questions} */
export const NO_QUESTIONS = Object.freeze({ place: null, usedMs: 0, usedAt: 0, counting: false, asked: null, asks: 0, arrivedAt: 0, askAgainAt: 0 });

/**
 * @param {Questions} questions
 * @param {Place} place
 * @param {number} now
 * @returns {Questions}
 */
export function placeTold(questions, place, now) {
  const { asked } = questions;
  const isNew = place.revision !== questions.place?.revision;
  const usedMs = place.step === "thinking" ? place.think_used_ms : place.answer_used_ms;
  return {
    ...questions, place, usedMs: isNew ? usedMs : smooth(questions, usedMs, now), usedAt: now, counting: place.counting,
    // A place that is newer than the wish has either granted it or made it pointless.
    asked: asked !== null && asked.revision >= place.revision ? asked : null,
    arrivedAt: isNew ? now : questions.arrivedAt,
  };
}

/**
 * @param {Questions} questions
 * @param {{used_ms?: number, counting?: boolean}} message
 * @param {number} now
 * @returns {Questions}
 */
export function timeTold(questions, { used_ms, counting }, now) {
  if (used_ms === undefined || counting === undefined) return questions;
  return { ...questions, usedMs: smooth(questions, used_ms, now), usedAt: now, counting };
}

/** A word that is a little behind what is shown does not turn the time back. @param {Questions} questions @param {number} told @param {number} now */
function smooth(questions, told, now) {
  const shown = usedNow(questions, now);
  return shown - told < ALONE_MS ? Math.max(shown, told) : told;
}

/** @param {Questions} questions @param {number} now @returns {number} milliseconds of this step's time that are used */
function usedNow(questions, now) {
  if (!questions.counting) return questions.usedMs;
  return questions.usedMs + Math.min(Math.max(0, now - questions.usedAt), ALONE_MS);
}

/**
 * @param {Questions} questions
 * @param {number} now
 * @returns {Timer | null} null where no time runs
 */
export function timer(questions, now) {
  const { place } = questions;
  if (place === null || (place.step !== "thinking" && place.step !== "answering")) return null;
  const kind = place.step === "thinking" ? "think" : "answer";
  const limit = kind === "think" ? place.think_limit_ms : place.answer_limit_ms;
  if (limit === null) return { kind, leftMs: null, isLast: false, stands: false };
  const leftMs = Math.max(0, limit - usedNow(questions, now));
  return { kind, leftMs, isLast: kind === "answer" && leftMs <= Math.min(LAST_MS, limit / 2), stands: !questions.counting };
}

/**
 * Ask the server for something, unless it is not possible now or something else is on its way.
 * @param {Questions} questions
 * @param {Wish} event
 * @param {{now: number, at: number, take?: number}} moment `at` is the wall clock of the press
 * @returns {[Questions, DoMessage | null]}
 */
export function ask(questions, event, { now, at, take }) {
  const { place } = questions;
  if (place === null || questions.asked !== null || !place.can.includes(event) || isSettling(questions, now)) return [questions, null];
  /** @type {DoMessage} */
  const asked = { type: "do", id: `do-${questions.asks + 1}`, event, take: take ?? null, revision: place.revision, at };
  return [{ ...questions, asked, asks: questions.asks + 1 }, asked];
}

/** @param {Questions} questions @param {number} now @returns {boolean} a limit has just moved the candidate on */
export function isSettling({ place, arrivedAt }, now) {
  return place !== null && place.by_itself && now - arrivedAt < SETTLE_MS;
}

/**
 * The server refused: nothing was changed, and a fresh place follows.
 * @param {Questions} questions
 * @param {string | null} id
 * @param {number} now
 * @returns {Questions}
 */
export function refusedTold(questions, id, now) {
  return questions.asked?.id === id || id === null ? { ...questions, asked: null, askAgainAt: now + AGAIN_MS } : questions;
}

/** @param {Questions} questions @param {boolean} answersOnly @returns {boolean} what is said now belongs into the recording */
export function isRecordedNow({ place }, answersOnly) {
  switch (place?.step) {
    case undefined: case "answering": return true;
    case "before": case "thinking": case "answered": return !answersOnly;
    default: return false;
  }
}

/** @param {Questions} questions @returns {boolean} nothing may leave this device */
export function isSilenced({ place, asked }) {
  if (asked?.event === "pause") return true;
  return place?.step === "done" || (place?.step === "paused" && asked?.event !== "resume");
}

/** @param {Place | null | undefined} place @returns {boolean} the candidate has been asked the first question */
export function hasBegun(place) {
  return place !== null && place !== undefined && place.step !== "before";
}

/** @param {import("./types.js").Interview} interview @param {Place} place @returns {number} the question's place in the order, from 1 */
export function ordinal({ questions }, place) {
  return questions.findIndex(({ index }) => index === place.question) + 1;
}
