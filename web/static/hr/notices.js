/** Wires the page of a job's notices: times in the reader's zone, and printing. */

import { need } from "../shared/dom.js";
import { localiseTimes } from "../shared/local_times.js";

localiseTimes(document);
if (document.getElementById("print") !== null) {
  const print = need(document, "print", HTMLButtonElement);
  print.addEventListener("click", () => window.print());
  print.disabled = false;
}
