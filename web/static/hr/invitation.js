/**
 * The candidate's link on Interview Results: copied, extended, issued anew, revoked; and deleting the interview. The page
 * says that something was done when the server has said so, and not before.
 */

import { copyText, need } from "../shared/dom.js";
import { localiseTimes } from "../shared/local_times.js";
import { ask } from "./asking.js";

/** @typedef {{candidate_url: string | null, deadline_at: string | null, state: string}} Link */

export class InvitationView {
  /**
   * @param {Document} document
   * @param {HTMLElement} root
   */
  constructor(document, root) {
    this.document = document;
    this.root = root;
    this.url = root.dataset.url ?? "";
    this.said = need(document, "invitation-said", HTMLElement);
  }

  listen() {
    for (const button of this.root.querySelectorAll("[data-opens]")) {
      button.addEventListener("click", () => this.#dialog(button.getAttribute("data-opens") ?? "").showModal());
    }
    for (const form of this.root.querySelectorAll("dialog form")) {
      const dialog = form.closest("dialog");
      dialog?.addEventListener("close", () => {
        if (dialog.returnValue === "yes") this.#do(form.getAttribute("data-do") ?? "");
        dialog.returnValue = "";
      });
    }
    this.root.querySelector('[data-do="copy"]')?.addEventListener("click", () => this.#copy());
    this.#openAsked();
  }

  /** The list leads here with a dialog that is to be open, as in `#extend-dialog`. */
  #openAsked() {
    const asked = location.hash.slice(1);
    const opener = [...this.root.querySelectorAll("[data-opens]")].find((button) => button.getAttribute("data-opens") === asked);
    if (!(opener instanceof HTMLElement) || opener.hidden) return;
    history.replaceState(null, "", location.pathname + location.search); // a reload does not ask again
    opener.focus();
    this.#dialog(asked).showModal();
  }

  async #copy() {
    const link = need(this.document, "candidate-link", HTMLInputElement);
    if (await copyText(this.document, link.value)) this.#say("The link is copied.");
    else {
      link.select();
      this.#say("Copy the selected link yourself: this browser does not let the page do it.");
    }
  }

  /** @param {string} what */
  async #do(what) {
    switch (what) {
      case "extend":
        return this.#change("PATCH", "/deadline", { deadline_at: endOf(need(this.document, "extend-day", HTMLInputElement).value) }, "The new day is saved.");
      case "reissue":
        return this.#change("POST", "/link/reissue", null, "There is a new link. The old one opens nothing any more.");
      case "revoke":
        return this.#change("POST", "/link/revoke", null, "The link is revoked.");
      case "hold":
        return this.#hold("PUT", { reason: need(this.document, "hold-reason", HTMLInputElement).value });
      case "release-hold":
        return this.#hold("DELETE", null);
      case "delete":
        return this.#delete();
      default:
        return undefined;
    }
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {object | null} body
   * @param {string} done
   */
  async #change(method, path, body, done) {
    const asked = await this.#ask(method, path, body);
    if (!asked.ok) return;
    /** @type {Link} */
    const link = asked.told;
    if (link.state !== this.root.dataset.state && this.root.dataset.state === "expired") {
      location.reload(); // it is open again, and the page has more to say of it than this section does
      return;
    }
    need(this.document, "candidate-link", HTMLInputElement).value = link.candidate_url ?? "";
    for (const part of this.root.querySelectorAll("[data-when]")) {
      if (part instanceof HTMLElement) part.hidden = (part.dataset.when === "link") !== (link.candidate_url !== null);
    }
    if (link.deadline_at !== null) this.#showDeadline(link.deadline_at);
    this.#say(done);
    this.document.dispatchEvent(new CustomEvent("holdfast:interview-changed"));
  }

  /** @param {string} moment */
  #showDeadline(moment) {
    const time = this.document.createElement("time");
    time.dateTime = moment;
    const place = need(this.document, "invitation-deadline", HTMLElement);
    place.replaceChildren(time);
    localiseTimes(place);
  }

  /**
   * @param {string} method
   * @param {object | null} body
   */
  async #hold(method, body) {
    const asked = await this.#ask(method, "/hold", body);
    if (asked.ok) location.reload(); // the page says it in several places
  }

  async #delete() {
    const asked = await this.#ask("DELETE", "", null);
    if (asked.ok) location.assign(this.root.dataset.list ?? "");
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {object | null} body
   * @returns {Promise<import("./asking.js").Asked>} what was not done has been told
   */
  async #ask(method, path, body) {
    this.#say("Saving…");
    const asked = await ask(this.url + path, method, body);
    if (!asked.ok) this.#say(asked.sentence);
    return asked;
  }

  /** @param {string} sentence */
  #say(sentence) {
    this.said.textContent = sentence;
  }

  /** @param {string} id */
  #dialog(id) {
    const dialog = need(this.document, id, HTMLDialogElement);
    const day = dialog.querySelector('input[type="date"]');
    if (day instanceof HTMLInputElement) day.min = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10);
    const sure = dialog.querySelector('input[type="checkbox"]');
    if (sure instanceof HTMLInputElement) sure.checked = false;
    return dialog;
  }
}

/**
 * @param {string} day as in `2026-11-24`
 * @returns {string} its last second where the reader is
 */
function endOf(day) {
  return new Date(`${day}T23:59:59`).toISOString();
}

const section = document.getElementById("invitation");
if (section) new InvitationView(document, section).listen();
