/** Wires the list of interviews: local dates, sorting, and the copy button of the empty list. */

import { copyText } from "../shared/dom.js";
import { localiseTimes } from "../shared/local_times.js";
import { SortableTable } from "./sortable_table.js";

localiseTimes(document);

const table = document.getElementById("interviews");
if (table instanceof HTMLTableElement) new SortableTable(table).listen();

for (const button of document.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", async () => {
    const source = document.querySelector(button.getAttribute("data-copy") ?? "");
    const label = button.querySelector("span");
    if (label && (await copyText(document, source?.textContent ?? ""))) label.textContent = "Copied";
  });
}
