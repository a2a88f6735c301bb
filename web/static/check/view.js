/** The check's rows as elements. */

import { need, say } from "../shared/dom.js";

/** Draws verdicts. */
export class CheckView {
  /**
   * @param {Document} document
   * @param {import("../candidate/texts.js").Texts} texts
   */
  constructor(document, texts) {
    this.document = document;
    this.texts = texts;
    this.start = need(document, "start-check", HTMLButtonElement);
    this.summary = need(document, "summary", HTMLElement);
  }

  /**
   * @param {string} key which check
   * @param {import("./checks.js").Verdict | "running"} verdict
   * @param {string} sentence what it found and what to do; empty while it runs
   */
  show(key, verdict, sentence) {
    const row = this.#find(this.document, `[data-check="${key}"]`);
    row.dataset.verdict = verdict;
    for (const icon of row.querySelectorAll("[data-icon]")) {
      icon.toggleAttribute("hidden", icon.getAttribute("data-icon") !== verdict);
    }
    say(this.#find(row, "[data-word]"), this.texts.say(`check.verdicts.${verdict}`));
    const said = this.#find(row, "[data-said]");
    say(said, sentence);
    said.hidden = sentence === "";
  }

  /** @param {boolean} running */
  showRunning(running) {
    this.start.disabled = running;
    say(this.start, this.texts.say(running ? "check.running" : "check.again"));
    if (running) this.summary.hidden = true;
  }

  /** @param {import("./checks.js").Verdict[]} verdicts */
  summarise(verdicts) {
    const name = verdicts.includes("bad") ? "some_bad" : verdicts.includes("warning") ? "some_warning" : "all_good";
    this.summary.hidden = false;
    say(this.summary, this.texts.say(`check.${name}`));
  }

  /** @param {ParentNode} root @param {string} selector */
  #find(root, selector) {
    const found = root.querySelector(selector);
    if (!(found instanceof HTMLElement)) throw new Error(`The page has no ${selector}.`);
    return found;
  }
}
