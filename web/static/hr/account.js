/** Somebody's own account: password, sign-ins, API tokens, webhooks. What is done is said when the server has said so. */

import { need } from "../shared/dom.js";
import { localiseTimes } from "../shared/local_times.js";
import { ask } from "./asking.js";
import { bindDialogs, confirmed, sayWrong, showOnce } from "./dialogs.js";

class AccountView {
  /** @param {Document} document */
  constructor(document) {
    this.document = document;
    this.said = need(document, "said", HTMLElement);
  }

  listen() {
    for (const button of this.document.querySelectorAll("[data-do], [data-asks]")) {
      if (button instanceof HTMLButtonElement && button.dataset.url) button.addEventListener("click", () => this.#press(button));
    }
    this.#onSubmit("password-form", (form) => this.#changePassword(form));
    this.#onSubmit("token-form", (form) => this.#makeToken(form));
    this.#onSubmit("webhook-form", (form) => this.#makeWebhook(form));
  }

  /** @param {HTMLButtonElement} button */
  async #press(button) {
    if (button.dataset.asks && !(await confirmed(this.document, `${button.dataset.asks}-dialog`, button.dataset.name))) return;
    button.disabled = true;
    const asked = await ask(button.dataset.url ?? "", "DELETE");
    button.disabled = false;
    if (!asked.ok) return this.#say(asked.sentence, true);
    if (button.dataset.do === "end-others") return this.#endedOthers(button, asked.told.ended);
    this.#remove(button, button.dataset.asks ? "The token is revoked." : "That browser is signed out.");
  }

  /**
   * @param {HTMLButtonElement} button
   * @param {number} count
   */
  #endedOthers(button, count) {
    for (const row of this.document.querySelectorAll("#logins [data-other]")) row.remove();
    button.remove();
    this.#say(count === 1 ? "One other browser is signed out." : `${count} other browsers are signed out.`);
    this.#focus("logins-title");
  }

  /**
   * @param {HTMLButtonElement} button
   * @param {string} sentence
   */
  #remove(button, sentence) {
    const section = button.closest("section");
    const row = button.closest("li");
    row?.remove();
    this.#say(sentence);
    this.#focus(section?.getAttribute("aria-labelledby") ?? "said");
  }

  /** @param {HTMLFormElement} form */
  async #changePassword(form) {
    const data = new FormData(form);
    const present = data.get("present");
    const asked = await ask(form.dataset.url ?? "", "PUT", { new: data.get("new"), ...(present === null ? {} : { present }) });
    if (!asked.ok) return this.#say(asked.sentence, true);
    form.reset();
    for (const row of this.document.querySelectorAll("#logins [data-other]")) row.remove();
    this.#say("The password is changed. Every other browser of yours is signed out.");
    return undefined;
  }

  /** @param {HTMLFormElement} form */
  async #makeToken(form) {
    const data = new FormData(form);
    const scopes = data.getAll("scopes");
    if (scopes.length === 0) return sayWrong(form, "Choose at least one thing that it may do.");
    const days = String(data.get("days"));
    const asked = await ask(form.dataset.url ?? "", "POST", { name: data.get("name"), scopes, expires_in_days: days === "" ? null : Number(days) });
    if (!asked.ok) return sayWrong(form, asked.sentence);
    form.closest("dialog")?.close();
    await showOnce(this.document, "token-made", asked.told.token);
    location.reload();
    return undefined;
  }

  /** @param {HTMLFormElement} form */
  async #makeWebhook(form) {
    const data = new FormData(form);
    const events = data.getAll("events");
    if (events.length === 0) return sayWrong(form, "Choose at least one thing that it is told of.");
    const asked = await ask(form.dataset.url ?? "", "POST", { url: data.get("url"), events });
    if (!asked.ok) return sayWrong(form, asked.sentence);
    form.closest("dialog")?.close();
    await showOnce(this.document, "webhook-made", asked.told.secret);
    location.assign(`${form.dataset.page ?? ""}${asked.told.id}`);
    return undefined;
  }

  /**
   * @param {string} id
   * @param {(form: HTMLFormElement) => Promise<void>} act
   */
  #onSubmit(id, act) {
    const form = need(this.document, id, HTMLFormElement);
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const button = form.querySelector('button[type="submit"]');
      if (!(button instanceof HTMLButtonElement) || button.disabled) return;
      sayWrong(form, "");
      button.disabled = true;
      await act(form);
      button.disabled = false;
    });
  }

  /** @param {string} id */
  #focus(id) {
    const heading = need(this.document, id, HTMLElement);
    heading.tabIndex = -1;
    heading.focus();
  }

  /**
   * @param {string} sentence
   * @param {boolean} [bad]
   */
  #say(sentence, bad = false) {
    this.said.toggleAttribute("data-bad", bad);
    // Emptied first: the same sentence twice is told twice.
    this.said.textContent = "";
    this.said.textContent = sentence;
    this.said.scrollIntoView({ block: "nearest" });
  }
}

localiseTimes(document);
bindDialogs(document);
new AccountView(document).listen();
