/** Wires the audit: times in the reader's own zone, and days that begin there. */

import { DayFilter } from "./day_filter.js";
import { localiseTimes } from "../shared/local_times.js";

localiseTimes(document);

const form = document.getElementById("filters");
if (form instanceof HTMLFormElement) {
  document.body.classList.add("scripted");
  new DayFilter(document, form).listen();
}
