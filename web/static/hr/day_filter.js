/** Which days the list is of: chosen in a panel, told on its button, and counted in the reader's own zone. */

export class DayFilter {
  /**
   * @param {Document} document
   * @param {HTMLFormElement} form
   */
  constructor(document, form) {
    this.document = document;
    this.form = form;
    this.panel = form.querySelector("#dates");
    this.said = form.querySelector("#dates-said");
  }

  listen() {
    this.form.addEventListener("input", () => this.#show());
    this.form.querySelector("#dates-clear")?.addEventListener("click", () => {
      for (const field of this.#days()) field.value = "";
      this.form.dispatchEvent(new Event("input"));
      this.#close(true);
    });
    this.document.addEventListener("click", (event) => {
      if (event.target instanceof Node && !this.panel?.contains(event.target)) this.#close(false);
    });
    this.form.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.panel instanceof HTMLDetailsElement && this.panel.open) this.#close(true);
    });
    this.#show();
  }

  #days() {
    return [...this.form.querySelectorAll('input[type="date"]')].filter((field) => field instanceof HTMLInputElement);
  }

  #show() {
    const [from, to] = this.#days().map((field) => field.value);
    this.#takeZone(Boolean(from || to));
    if (!this.said) return;
    if (from && to) this.said.textContent = from === to ? written(from) : `${written(from)} \u2013 ${written(to)}`;
    else if (from) this.said.textContent = `From ${written(from)}`;
    else this.said.textContent = to ? `To ${written(to)}` : "Any date";
  }

  /** @param {boolean} isNeeded */
  #takeZone(isNeeded) {
    let field = this.form.querySelector('input[name="zone"]');
    if (!isNeeded) return field?.remove();
    if (!(field instanceof HTMLInputElement)) {
      field = this.document.createElement("input");
      field.setAttribute("type", "hidden");
      field.setAttribute("name", "zone");
      this.form.append(field);
    }
    return field.setAttribute("value", new Intl.DateTimeFormat().resolvedOptions().timeZone);
  }

  /** @param {boolean} takeFocus */
  #close(takeFocus) {
    if (!(this.panel instanceof HTMLDetailsElement) || !this.panel.open) return;
    this.panel.open = false;
    if (takeFocus) this.panel.querySelector("summary")?.focus();
  }
}

/**
 * @param {string} day as in `2026-11-24`
 * @returns {string} as the reader writes it
 */
function written(day) {
  return new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeZone: "UTC" }).format(new Date(day));
}
