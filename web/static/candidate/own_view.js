/**
 * The candidate's own page as elements: draws what the server told, and decides nothing.
 *
 * @typedef {import("./own_api.js").Own} Own
 * @typedef {"code" | "released" | "open" | "none"} See how the recording can be come to
 */

import { need, say } from "../shared/dom.js";
import { clockTime, localeOf } from "../shared/format.js";

/** Draws it. */
export class OwnView {
  /**
   * @param {Document} document
   * @param {import("./texts.js").Texts} texts
   * @param {boolean} isFramed another page is around this one
   */
  constructor(document, texts, isFramed) {
    this.document = document;
    this.texts = texts;
    this.isFramed = isFramed;
    const locale = localeOf(document);
    this.day = new Intl.DateTimeFormat(locale, { dateStyle: "long" });
    this.moment = new Intl.DateTimeFormat(locale, { dateStyle: "long", timeStyle: "long" });
    this.time = new Intl.DateTimeFormat(locale, { timeStyle: "short" });
    this.megabytes = new Intl.NumberFormat(locale, { style: "unit", unit: "megabyte", maximumFractionDigits: 1 });
    this.minutes = new Intl.NumberFormat(locale, { style: "unit", unit: "minute", unitDisplay: "long", maximumFractionDigits: 0 });
    this.sure = need(document, "own-sure", HTMLDialogElement);
    this.code = need(document, "own-code", HTMLInputElement);
    this.codeForm = need(document, "own-code-form", HTMLFormElement);
    this.player = need(document, "own-player", HTMLVideoElement);
  }

  /** @param {string} id */
  element(id) {
    return need(this.document, id, HTMLElement);
  }

  /** @param {string} id */
  button(id) {
    return need(this.document, id, HTMLButtonElement);
  }

  /** @param {Own} own */
  render(own) {
    const isGone = own.state === "deleted" || (own.recorded === null && own.deleted_at !== null);
    const shown = {
      gone: isGone, kept: !isGone, until: own.recorded !== null, see: own.viewing !== null,
      ask: !isGone && own.request === null, asked: !isGone && own.request !== null,
      requested: own.request !== null, erased: own.deleted_at !== null, receipt: own.request !== null || own.deleted_at !== null,
    };
    this.#show("own", shown);
    say(this.element("own-title"), this.texts.say(isGone ? "own.deleted_title" : "own.title"));
    say(this.element("own-lead"), this.#lead(own, isGone));
    if (isGone) this.#drawGone(own);
    else this.#drawKept(own);
    if (own.viewing !== null) this.#drawSee(own, own.viewing);
  }

  /** @param {Own} own @param {boolean} isGone */
  #lead(own, isGone) {
    if (isGone && own.deleted_at === null) return this.texts.say("own.deleting_said");
    if (isGone && own.state !== "withdrawn") return this.texts.say("own.deleted_said", { date: this.#date(own.deleted_at) });
    if (own.state === "withdrawn") return this.texts.say("own.withdrawn");
    if (own.state === "expired") return this.texts.say(own.recorded === null ? "own.expired" : "own.expired_stored");
    return this.texts.say("own.finished", { job: own.job ?? "" });
  }

  /** @param {Own} own */
  #drawGone(own) {
    say(this.element("own-id"), own.session_id);
    say(this.element("own-requested"), own.request === null ? "" : this.moment.format(new Date(own.request.requested_at)));
    say(this.element("own-deleted"), own.deleted_at === null ? "" : this.moment.format(new Date(own.deleted_at)));
  }

  /** @param {Own} own */
  #drawKept(own) {
    const [controller, contact] = [own.controller ?? "", own.contact ?? ""];
    const { recorded, request, hold } = own;
    say(this.element("own-stored"), recorded === null ? this.texts.say("own.stored_nothing") : this.texts.say("own.stored_said", { length: clockTime(recorded.length_ms), size: this.megabytes.format(recorded.size_bytes / 1e6) }));
    say(this.element("own-who"), own.watched_by ?? "");
    say(this.element("own-until"), this.#until(own));
    say(this.element("own-contact"), this.texts.say("own.contact_said", { controller, contact }));
    say(this.element("own-ask-said"), this.texts.say("own.delete_said", { controller: capitalised(controller) }));
    if (request === null) return;
    const values = { date: this.#date(request.requested_at), due: this.#date(request.due_at), controller: capitalised(controller) };
    say(this.element("own-asked-said"), hold === null ? this.texts.say("own.asked_said", values) : this.texts.say("own.asked_held", { ...values, reason: sentence(hold.reason) }));
  }

  /** @param {Own} own */
  #until({ hold, request, delete_at }) {
    if (hold !== null) return this.texts.say("own.until_held", { reason: sentence(hold.reason) });
    if (request !== null) return this.texts.say("own.until_asked", { date: this.#date(request.due_at) });
    return delete_at === null ? "" : this.texts.say("own.until_said", { date: this.#date(delete_at) });
  }

  /** @param {Own} own @param {import("./own_api.js").Viewing} viewing */
  #drawSee(own, viewing) {
    const contact = own.contact ?? "";
    const see = this.#wayTo(viewing);
    this.#show("see", { code: see === "code", released: see === "released", open: see === "open" });
    say(this.element("own-see-said"), this.#seeSaid(viewing, see, contact));
    const address = viewing.sent_to ?? "";
    if (see === "code" && this.codeForm.hidden) say(this.button("own-send"), this.texts.say("own.see_code", { address }));
    if (see !== "open" || viewing.open_until === null) return;
    say(this.element("own-opened"), this.texts.say("own.see_opened", { time: this.time.format(new Date(viewing.open_until)) }));
    need(this.document, "own-export", HTMLAnchorElement).href = viewing.export_url;
    if (this.player.getAttribute("src") !== viewing.recording_url) this.player.src = viewing.recording_url;
  }

  /** @param {import("./own_api.js").Viewing} viewing @returns {See} */
  #wayTo(viewing) {
    if (!viewing.ready) return "none";
    if (viewing.open_until !== null) return "open";
    if (this.isFramed) return "none";
    if (viewing.released) return "released";
    return viewing.mail && viewing.sent_to !== null ? "code" : "none";
  }

  /** @param {import("./own_api.js").Viewing} viewing @param {See} see @param {string} contact */
  #seeSaid(viewing, see, contact) {
    if (see !== "none") return this.texts.say("own.see_said");
    if (!viewing.ready) return this.texts.say("own.see_wait");
    if (this.isFramed) return this.texts.say("own.see_framed");
    return this.texts.say(viewing.mail ? "own.see_no_address" : "own.see_none", { contact });
  }

  /** A code is on its way. @param {string} address veiled */
  showSent(address) {
    this.codeForm.hidden = false;
    say(this.element("own-sent"), this.texts.say("own.see_sent", { address }));
    const again = this.button("own-send");
    say(again, this.texts.say("own.see_code_again"));
    again.classList.remove("button--primary");
    this.codeForm.after(again.parentElement ?? again);
    this.code.value = "";
    this.code.focus();
  }

  /**
   * @param {import("./api.js").ApiProblem | null} problem null: none any more
   * @param {string} contact
   */
  showProblem(problem, contact) {
    this.element("own-problem").hidden = problem === null;
    say(this.element("own-problem-said"), problem === null ? "" : this.#problemSaid(problem, contact));
  }

  /** @param {import("./api.js").ApiProblem} problem @param {string} contact */
  #problemSaid({ type, retryAfterMs }, contact) {
    const wait = this.minutes.format(Math.max(1, Math.ceil((retryAfterMs ?? 0) / 60_000)));
    const known = ["wrong-code", "used-up", "too-often", "mail-failed", "no-mail", "not-released", "unreachable"];
    return this.texts.say(`own.failed.${known.includes(type) ? type : "other"}`, { wait, contact });
  }

  /** @param {string} kind @param {Record<string, boolean>} shown */
  #show(kind, shown) {
    for (const element of this.document.querySelectorAll(`[data-${kind}]`)) {
      if (element instanceof HTMLElement) element.hidden = !shown[element.dataset[kind] ?? ""];
    }
  }

  /** @param {string | null} moment */
  #date(moment) {
    return moment === null ? "" : this.day.format(new Date(moment));
  }
}

/** @param {string} text as it begins a sentence */
function capitalised(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** @param {string} text with a full stop at its end */
function sentence(text) {
  return /[.!?…]$/.test(text.trim()) ? text.trim() : `${text.trim()}.`;
}
