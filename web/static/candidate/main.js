/** Wires the candidate's page: elements to events, the room to the browser. */

import { BASE } from "../shared/base.js";
import { copyText, embedded, need } from "../shared/dom.js";
import { tabMemory } from "../shared/storage.js";
import { followChoice } from "./announce_choice.js";
import { wallClock } from "./clock.js";
import { takeCredentials } from "./credentials.js";
import { missingSupport } from "./devices.js";
import { hostEvents } from "./host_events.js";
import { ApiProblem, loadProblem } from "./api.js";
import { START } from "./flow.js";
import { OwnApi } from "./own_api.js";
import { OwnPage } from "./own_page.js";
import { OwnView } from "./own_view.js";
import { addPreparation } from "./prepare.js";
import { Room } from "./room.js";
import { Texts } from "./texts.js";
import { RoomView } from "./view.js";
import { WakeLock } from "./wake_lock.js";

const { sessionId = "", publicUrl = "", hosts = "", over = "" } = need(document, "room", HTMLElement).dataset;
const cameByLink = !/^\/i\/?$/.test(location.pathname.slice(BASE.length));
const memory = tabMemory(window);
const credentials = takeCredentials(sessionId, window, memory);
const view = new RoomView(document, new Texts(embedded(document, "texts")));
view.listeners.push(hostEvents(window, hosts.split(" ").filter((host) => host !== "")));
const unsupported = missingSupport(window);

view.button("problem-action").addEventListener("click", async (event) => {
  const isCopy = event.currentTarget instanceof HTMLElement && event.currentTarget.dataset.action === "copy";
  if (!isCopy) return location.reload();
  const link = `${publicUrl}/i/${encodeURIComponent(credentials?.token ?? "")}`;
  return view.showCopied(await copyText(document, link), link);
});

view.button("thanks-own").addEventListener("click", () => location.reload());

if (credentials === null) {
  view.render({ ...START, screen: "problem", problem: cameByLink ? "link_unknown" : "no_link" });
} else if (over === "no" || !(await isOver(credentials))) {
  // Whoever only looks at what is kept of them needs no camera.
  if (unsupported === null) open(credentials);
  else view.render({ ...START, screen: "problem", problem: unsupported });
}

/**
 * Show the candidate's own page where the interview is over. After a reload the server does not know whose page this is, so
 * it is asked.
 *
 * @param {import("./credentials.js").Credentials} credentials
 * @returns {Promise<boolean>} false: it is not over
 */
async function isOver(credentials) {
  const own = new OwnView(document, view.texts, window.parent !== window);
  try {
    await new OwnPage({ api: new OwnApi(credentials, document.documentElement.lang), view: own, window }).open();
    view.render({ ...START, screen: "own" });
  } catch (error) {
    if (error instanceof ApiProblem && error.type === "not-over") return false;
    view.render({ ...START, screen: "problem", problem: loadProblem(error) });
  }
  return true;
}

/** @param {import("./credentials.js").Credentials} credentials */
function open(credentials) {
  const room = new Room({ credentials, view, window, wakeLock: new WakeLock(document) });
  const { camera, microphone, retry, microphoneOnly, turnOn } = view.devices;
  const on = (/** @type {HTMLElement} */ element, /** @type {() => import("./flow.js").FlowEvent} */ event) => element.addEventListener("click", () => room.dispatch(event()));

  tellInOurWords(need(document, "consent-tick", HTMLInputElement), view.texts.say("notice.tick_first"));
  need(document, "consent-form", HTMLFormElement).addEventListener("submit", (event) => {
    event.preventDefault();
    room.dispatch({ type: "consent_pressed" });
  });
  for (const select of [camera, microphone]) select.addEventListener("change", () => room.choose({ camera: camera.value, microphone: microphone.value }));
  on(retry, () => ({ type: "retry_pressed" }));
  on(microphoneOnly, () => ({ type: "microphone_only_pressed" }));
  on(turnOn, () => ({ type: "turn_on_pressed" }));
  for (const button of document.querySelectorAll("[data-go-on]")) {
    if (button instanceof HTMLElement) on(button, () => ({ type: "go_on_pressed", now: room.now() }));
  }
  on(view.back.goOn, () => ({ type: "continue_pressed", now: room.now() }));
  addPreparation(document, view, () => room.dispatch({ type: "go_back_pressed" }));
  bindQuestions(room, on);
  on(view.button("turn-on-again"), () => ({ type: "turn_on_again_pressed" }));
  on(view.button("finish"), () => ({ type: "finish_pressed" }));
  on(view.button("confirm-yes"), () => ({ type: "finish_confirmed" }));
  on(view.button("confirm-no"), () => ({ type: "finish_cancelled" }));
  view.interview.dialog.addEventListener("cancel", () => room.dispatch({ type: "finish_cancelled" }));
  for (const button of document.querySelectorAll("[data-withdraw]")) {
    if (button instanceof HTMLElement) on(button, () => ({ type: "withdraw_pressed" }));
  }
  on(view.button("withdraw-yes"), () => ({ type: "withdraw_confirmed" }));
  on(view.button("withdraw-again"), () => ({ type: "withdraw_confirmed" }));
  on(view.button("withdraw-no"), () => ({ type: "withdraw_cancelled" }));
  view.withdrawal.dialog.addEventListener("cancel", () => room.dispatch({ type: "withdraw_cancelled" }));
  on(view.button("continue-here"), () => ({ type: "continue_here_pressed" }));

  window.addEventListener("pagehide", () => room.leave());
  // A page that comes back from the browser's memory has no connection left: begin anew, the interview goes on.
  window.addEventListener("pageshow", (event) => event.persisted && location.reload());
  void room.load();
}

/**
 * What the candidate can do with a question.
 * @param {Room} room
 * @param {(element: HTMLElement, event: () => import("./flow.js").FlowEvent) => void} on
 */
function bindQuestions(room, on) {
  const moment = () => ({ now: room.now(), at: wallClock() });
  for (const button of document.querySelectorAll("[data-wish]")) {
    if (!(button instanceof HTMLElement)) continue;
    const wish = /** @type {import("./types.js").Wish} */ (button.dataset.wish);
    on(button, () => ({ type: "wish_pressed", wish, ...moment() }));
  }
  on(view.button("later"), () => ({ type: "later_pressed", ...moment() }));
  view.element("takes-list").addEventListener("change", ({ target }) => {
    if (target instanceof HTMLInputElement) room.dispatch({ type: "wish_pressed", wish: "choose_take", take: Number(target.value), ...moment() });
  });
  view.button("hear").addEventListener("click", ({ currentTarget }) => {
    if (currentTarget instanceof HTMLElement) void room.sound.toggle(currentTarget.dataset.url ?? "");
  });
  followChoice(document, memory, (isWanted) => {
    view.interview.question.announces = isWanted;
  });
}

/**
 * A box that has to be ticked, in the page's language: the browser's own sentence comes in the browser's.
 *
 * @param {HTMLInputElement} tick
 * @param {string} sentence
 */
function tellInOurWords(tick, sentence) {
  const judge = () => tick.setCustomValidity(tick.checked ? "" : sentence);
  tick.addEventListener("change", judge);
  judge();
}
