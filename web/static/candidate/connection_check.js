/**
 * Whether this network lets an interview through: the checks of /check, said plainly on every screen before the first
 * question, until the answer is known and good.
 *
 * @typedef {import("../check/connection.js").Connection} Connection
 */

import { checkTurn, checkUdp } from "../check/checks.js";
import { judgeConnection } from "../check/connection.js";
import { say } from "../shared/dom.js";

/** Verdicts with which no interview can be sent. @type {ReadonlySet<string>} */
const NO_WAY = new Set(["blocked", "no_browser"]);

/** Runs the check once, and again when asked; draws every `[data-connection]`. */
export class ConnectionCheck {
  /**
   * @param {Document} document
   * @param {import("./texts.js").Texts} texts
   */
  constructor(document, texts) {
    this.document = document;
    this.texts = texts;
    /** @type {RTCIceServer[] | null} */
    this.iceServers = null;
    /** @type {Connection | "checking" | null} */
    this.found = null;
    for (const again of document.querySelectorAll('[data-connection] [data-action="check-again"]')) {
      again.addEventListener("click", () => this.found !== "checking" && void this.#run());
    }
  }

  /** @param {RTCIceServer[]} iceServers from the interview; the first call starts the check */
  start(iceServers) {
    if (this.iceServers !== null) return;
    this.iceServers = iceServers;
    void this.#run();
  }

  async #run() {
    this.#show("checking");
    const servers = this.iceServers ?? [];
    const [udp, turn] = await Promise.all([checkUdp(servers), checkTurn(servers)]);
    this.#show(judgeConnection(udp, turn));
  }

  /** @param {Connection | "checking"} found */
  #show(found) {
    this.found = found;
    for (const box of this.document.querySelectorAll("[data-connection]")) {
      if (box instanceof HTMLElement) this.#draw(box, found);
    }
    // Whoever hurries is told before the first question, too; the check takes eight seconds at the longest.
    for (const button of this.document.querySelectorAll("[data-waits-for-connection]")) {
      if (button instanceof HTMLButtonElement) button.disabled = found === "checking";
    }
  }

  /** @param {HTMLElement} box @param {Connection | "checking"} found */
  #draw(box, found) {
    const isBad = NO_WAY.has(found);
    // Where the check is not the matter, good news would only be in the way.
    box.hidden = box.dataset.connection === "quiet" && !isBad && found !== "checking";
    box.dataset.verdict = found === "checking" ? "running" : isBad ? "bad" : found === "relayed" ? "warning" : "good";
    for (const icon of box.querySelectorAll("[data-icon]")) icon.toggleAttribute("hidden", icon.getAttribute("data-icon") !== box.dataset.verdict);
    this.#say(box, "said", this.texts.say(`connection.${found}`));
    this.#say(box, "todo", isBad ? this.texts.say(`connection.${found}_todo`) : "");
    const again = box.querySelector('[data-action="check-again"]');
    if (again instanceof HTMLElement) again.hidden = !isBad;
  }

  /** @param {HTMLElement} box @param {string} name @param {string} text */
  #say(box, name, text) {
    const element = box.querySelector(`[data-${name}]`);
    if (!(element instanceof HTMLElement)) throw new Error(`The connection's box has no [data-${name}].`);
    say(element, text);
    element.hidden = text === "";
  }
}
