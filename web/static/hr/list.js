/** Wires the list of interviews: local dates, a list that follows the typing, more rows, days, ticked rows, and a menu on each. */

import { DayFilter } from "./day_filter.js";
import { ListLoader } from "./list_loader.js";
import { RowMenu } from "./row_menu.js";
import { Selection } from "./selection.js";
import { localiseTimes } from "../shared/local_times.js";

localiseTimes(document);

const form = document.getElementById("filters");
const list = document.getElementById("list");
const said = document.getElementById("list-said");
const menu = document.getElementById("row-menu");
const toast = document.getElementById("list-toast");

if (form instanceof HTMLFormElement && list && said && menu && toast) {
  document.body.classList.add("scripted");
  new DayFilter(document, form).listen();
  new ListLoader(document, { form, list, said, menu }).listen();
  new Selection(document, list).listen();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let hiding;
  new RowMenu(document, {
    list,
    menu,
    say: (sentence) => {
      toast.textContent = sentence;
      toast.hidden = false;
      said.textContent = sentence;
      clearTimeout(hiding);
      hiding = setTimeout(() => { toast.hidden = true; }, 6_000);
    },
  }).listen();
}
