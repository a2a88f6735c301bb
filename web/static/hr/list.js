/** Wires the list of interviews: local dates, a list that follows the typing, and more rows below the present ones. */

import { ListLoader } from "./list_loader.js";
import { localiseTimes } from "../shared/local_times.js";

localiseTimes(document);

const form = document.getElementById("filters");
const list = document.getElementById("list");
const said = document.getElementById("list-said");

if (form instanceof HTMLFormElement && list && said) {
  document.body.classList.add("scripted");
  new ListLoader(document, { form, list, said }).listen();
}
