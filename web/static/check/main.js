/** Wires the check: one press runs every check, one after another, so that the browser asks one thing at a time. */

import { Texts } from "../candidate/texts.js";
import { embedded } from "../shared/dom.js";
import { checkDevice, checkFormats, checkSecure, checkTurn, checkUdp } from "./checks.js";
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
  /** @type {import("./checks.js").Verdict[]} */
  const verdicts = [];
  for (const [key, check] of Object.entries(CHECKS)) {
    view.show(key, "running", "");
    const { verdict, said, values } = await check();
    view.show(key, verdict, texts.say(`check.${key}.${said}`, values));
    verdicts.push(verdict);
  }
  view.showRunning(false);
  view.summarise(verdicts);
});
