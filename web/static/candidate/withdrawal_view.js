/**
 * The question before somebody withdraws, and what stands on the page afterwards.
 *
 * @typedef {import("./types.js").Interview} Interview
 * @typedef {import("./flow.js").Flow} Flow
 * @typedef {import("./withdrawal.js").Withdrawal} Withdrawal
 */

import { need, say, showOnly } from "../shared/dom.js";
import { clockTime, localeOf } from "../shared/format.js";

/** A dialog over every screen, and a screen of its own. */
export class WithdrawalView {
  /**
   * @param {Document} document
   * @param {import("./texts.js").Texts} texts
   */
  constructor(document, texts) {
    this.document = document;
    this.texts = texts;
    this.dialog = need(document, "withdraw-dialog", HTMLDialogElement);
  }

  /** @param {Flow} flow @param {Interview} interview */
  render(flow, interview) {
    const { withdrawal } = flow;
    const isAsked = withdrawal?.step === "asking";
    if (isAsked) this.#drawQuestion(withdrawal, flow, interview);
    if (isAsked && !this.dialog.open) this.dialog.showModal();
    if (!isAsked) this.dialog.close();
    if (withdrawal !== null && flow.screen === "withdrawn") this.#drawScreen(withdrawal, interview);
  }

  /** @param {Withdrawal} withdrawal @param {Flow} flow @param {Interview} interview */
  #drawQuestion({ declined }, flow, { notice: { controller, contact } }) {
    const kind = declined ? "decline" : "withdraw";
    const what = declined ? "decline.said" : flow.savedMs > 0 ? "withdraw.said" : "withdraw.said_nothing";
    this.#say("withdraw-title", `${kind}.title`);
    this.#say("withdraw-said", what, { time: clockTime(flow.savedMs) });
    this.#say("withdraw-told", "withdraw.told", { controller });
    this.#say("withdraw-ask", "withdraw.ask", { contact });
    this.#say("withdraw-yes", `${kind}.yes`);
    this.#say("withdraw-no", `${kind}.no`);
  }

  /** @param {Withdrawal} withdrawal @param {Interview} interview */
  #drawScreen(withdrawal, { notice }) {
    const { step, declined, erased } = withdrawal;
    const kind = declined ? "decline" : "withdraw";
    const done = step === "done";
    this.#say("withdrawn-title", done ? `${kind}.done` : step === "failed" ? "withdraw.failed" : "withdraw.sending");
    const after = declined ? "decline.done_said" : erased ? "withdraw.erased" : "withdraw.erasing";
    this.#say("withdrawn-said", done ? after : step === "failed" ? "withdraw.failed_said" : "withdraw.sending_said", { date: this.#date(withdrawal.at) });
    const ask = need(this.document, "withdrawn-ask", HTMLElement);
    ask.hidden = step === "sending";
    say(ask, this.texts.say(done ? "withdraw.after" : "withdraw.ask", { contact: notice.contact }));
    need(this.document, "withdraw-again", HTMLButtonElement).hidden = step !== "failed";
    showOnly(need(this.document, "withdrawn-mark", HTMLElement), done ? "done" : step === "failed" ? "failed" : "sending");
  }

  /** @param {string | null} at */
  #date(at) {
    return new Date(at ?? Date.now()).toLocaleString(localeOf(this.document), { dateStyle: "long", timeStyle: "short" });
  }

  /** @param {string} id @param {string} path @param {Record<string, any>} [values] */
  #say(id, path, values = {}) {
    say(need(this.document, id, HTMLElement), this.texts.say(path, values));
  }
}
