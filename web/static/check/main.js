/** Wires the check: one press runs every check, one after another, so that the browser asks one thing at a time. */

import { Texts } from "../candidate/texts.js";
import { embedded } from "../shared/dom.js";
import { checkDevice, checkFormats, checkSecure, checkTurn, checkUdp } from "./checks.js";
import { judgeConnection } from "./connection.js";
import { CheckView } from "./view.js";

const texts = new Texts(embedded(document, "texts"));
const view = new CheckView(document, texts);
/** @type {RTCIceServer[]} */
const iceServers = embedded(document, "ice-servers");

/** @type {Record<string, () => import("./checks.js").Answer | Promise<import("./checks.js").Answer>>} */
const CHECKS = {
  secure: () => checkSecure(window.isSecureContext),
  camera: () => checkDevice("camera"),
  microphone: () => checkDevice("microphone"),
  formats: () => checkFormats(),
  udp: () => checkUdp(iceServers),
  turn: () => checkTurn(iceServers),
};

view.start.addEventListener("click", async () => {
  view.showRunning(true);
  /** @type {Record<string, import("./checks.js").Answer>} */
  const answers = {};
  for (const [key, check] of Object.entries(CHECKS)) {
    view.show(key, "running", "");
    answers[key] = show(key, await check());
  }
  const { udp, turn } = answers;
  // What the relay makes good is no obstacle.
  if (udp && turn && judgeConnection(udp, turn) === "relayed") answers.udp = show("udp", { verdict: "warning", said: "relayed" });
  view.showRunning(false);
  view.summarise(Object.values(answers).map(({ verdict }) => verdict));
});

/** @param {string} key @param {import("./checks.js").Answer} answer */
function show(key, answer) {
  view.show(key, answer.verdict, texts.say(`check.${key}.${answer.said}`, answer.values));
  return answer;
}
