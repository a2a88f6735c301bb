/** One webhook: tried, changed, switched off, removed; and what became of its messages, while they are sent. */

import { need } from "../shared/dom.js";
import { localiseTimes } from "../shared/local_times.js";
import { ask } from "./asking.js";
import { bindDialogs, confirmed, sayWrong, showOnce } from "./dialogs.js";

const LOOK_EVERY_MS = 1_500;
const LOOKS = 20;

class WebhookView {
  /** @param {Document} document */
  constructor(document) {
    this.document = document;
    const head = need(document, "webhook", HTMLElement);
    this.url = head.dataset.url ?? "";
    this.account = head.dataset.account ?? "";
    this.said = need(document, "said", HTMLElement);
    this.deliveries = need(document, "deliveries", HTMLElement);
    this.looks = 0;
    this.last = LOOKS;
  }

  listen() {
    this.document.addEventListener("click", (event) => {
      const button = event.target instanceof Element ? event.target.closest("button") : null;
      if (button !== null) this.#press(button);
    });
    const form = need(this.document, "change-form", HTMLFormElement);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#change(form);
    });
    if (this.#someWait()) this.#look();
  }

  /** @param {HTMLButtonElement} button */
  async #press(button) {
    switch (button.dataset.do ?? button.dataset.asks) {
      case "test":
        return this.#send("/test", "The test message is on its way. What became of it shows below.");
      case "retry":
        return this.#send(button.dataset.path ?? "", "It is sent again.");
      case "switch":
        return this.#then(await ask(this.url, "PATCH", { enabled: button.dataset.enabled === "true" }), () => location.reload());
      case "delete":
        if (!(await confirmed(this.document, "delete-dialog"))) return undefined;
        return this.#then(await ask(this.url, "DELETE"), () => location.assign(this.account));
      case "secret":
        if (!(await confirmed(this.document, "secret-dialog"))) return undefined;
        return this.#then(await ask(`${this.url}/secret`, "POST"), (told) => showOnce(this.document, "secret-made", told.secret));
      default:
        return undefined;
    }
  }

  /**
   * @param {string} path
   * @param {string} sentence
   */
  async #send(path, sentence) {
    this.#then(await ask(this.url + path, "POST"), () => {
      this.#say(sentence);
      this.last = this.looks + LOOKS;
      this.#look();
    });
  }

  /** @param {HTMLFormElement} form */
  async #change(form) {
    const data = new FormData(form);
    const events = data.getAll("events");
    if (events.length === 0) return sayWrong(form, "Choose at least one thing that it is told of.");
    const asked = await ask(this.url, "PATCH", { url: data.get("url"), events });
    if (!asked.ok) return sayWrong(form, asked.sentence);
    location.reload();
    return undefined;
  }

  /**
   * @param {import("./asking.js").Asked} asked
   * @param {(told: any) => unknown} next
   */
  #then(asked, next) {
    if (asked.ok) next(asked.told);
    else this.#say(asked.sentence, true);
  }

  /** Fetch the page again and put its messages in place of these, as long as some are being sent. */
  async #look() {
    if (!("live" in this.deliveries.dataset) || this.looks >= this.last) return;
    const looked = ++this.looks;
    try {
      const response = await fetch(location.href);
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      const fresh = page.getElementById("deliveries");
      // Whoever has begun to look meanwhile knows better.
      if (looked !== this.looks) return;
      if (response.ok && fresh !== null) this.#replace(fresh);
    } catch {
      // The messages stay as they are; the next look may do better.
    }
    if (this.#someWait()) setTimeout(() => looked === this.looks && this.#look(), LOOK_EVERY_MS);
  }

  /** @param {HTMLElement} fresh */
  #replace(fresh) {
    const focused = this.document.activeElement?.getAttribute("data-path") ?? null;
    this.deliveries.replaceChildren(...fresh.childNodes);
    localiseTimes(this.deliveries);
    if (focused === null) return;
    const same = this.deliveries.querySelector(`[data-path="${focused}"]`);
    if (same instanceof HTMLElement) same.focus();
  }

  #someWait() {
    return this.deliveries.querySelector('[data-state="waiting"]') !== null;
  }

  /**
   * @param {string} sentence
   * @param {boolean} [bad]
   */
  #say(sentence, bad = false) {
    this.said.toggleAttribute("data-bad", bad);
    this.said.textContent = "";
    this.said.textContent = sentence;
  }
}

localiseTimes(document);
bindDialogs(document);
new WebhookView(document).listen();
