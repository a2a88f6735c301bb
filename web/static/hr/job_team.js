/** Who is in a job's team: added, given another role, removed. Each counts at once. */

import { BASE } from "../shared/base.js";
import { need, say } from "../shared/dom.js";
import { ask } from "./job_api.js";

/** @typedef {import("./job_api.js").Member} Member */

/**
 * @param {Document} document
 * @param {number} jobId
 * @param {number} userId whoever looks at the page
 */
export function bindTeam(document, jobId, userId) {
  const add = document.getElementById("member-add");
  if (!(add instanceof HTMLButtonElement)) return;
  const list = need(document, "members", HTMLElement);
  const said = need(document, "team-said", HTMLElement);
  const email = need(document, "member-email", HTMLInputElement);
  const role = need(document, "member-role", HTMLSelectElement);

  /** @param {string} method @param {string} path @param {object | undefined} body @param {string} done */
  const change = async (method, path, body, done) => {
    said.textContent = "";
    const outcome = /** @type {import("./job_api.js").Outcome<{ members: Member[] }>} */ (
      await ask(method, `/${jobId}/members${path}`, { body })
    );
    if (!outcome.ok) {
      said.dataset.state = "problem";
      say(said, outcome.errors[0] ? `${outcome.errors[0].problem}.` : outcome.said);
      return false;
    }
    render(list, outcome.value.members);
    said.dataset.state = "done";
    say(said, done);
    leaveIfShutOut(document, outcome.value.members, userId);
    return true;
  };

  const addOne = async () => {
    const who = email.value.trim();
    if (who === "") return email.focus();
    if (await change("PUT", "", { email: who, role: role.value }, `${who} is in the team.`)) email.value = "";
    email.focus();
  };
  add.addEventListener("click", addOne);
  email.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault(); // It is no field of the job.
    void addOne();
  });

  list.addEventListener("change", async (event) => {
    const select = event.target;
    const row = select instanceof Element ? select.closest("[data-member]") : null;
    if (!(select instanceof HTMLSelectElement) || !(row instanceof HTMLElement)) return;
    const who = row.dataset.email ?? "";
    const before = select.dataset.before ?? "";
    const changed = await change("PUT", "", { email: who, role: select.value }, `${who} is ${select.value} now.`);
    if (!changed && before !== "") select.value = before;
    find(list, row.dataset.member ?? "")?.querySelector("select")?.focus();
  });
  list.addEventListener("click", async (event) => {
    const button = event.target instanceof Element ? event.target.closest("[data-leave]") : null;
    const row = button?.closest("[data-member]");
    if (!(row instanceof HTMLElement)) return;
    const who = row.dataset.email ?? "";
    if (await change("DELETE", `/${row.dataset.member}`, undefined, `${who} is not in the team any more.`)) email.focus();
  });
  for (const select of list.querySelectorAll("select")) select.dataset.before = select.value;
}

/**
 * The rows follow what the server says.
 * @param {HTMLElement} list
 * @param {readonly Member[]} members
 */
function render(list, members) {
  const pattern = list.querySelector("[data-member]");
  if (!(pattern instanceof HTMLElement)) return;
  const rows = members.map((member) => {
    const row = find(list, String(member.user_id)) ?? /** @type {HTMLElement} */ (pattern.cloneNode(true));
    row.dataset.member = String(member.user_id);
    row.dataset.email = member.email;
    say(/** @type {HTMLElement} */ (row.querySelector(".team__who > span")), member.email);
    const select = /** @type {HTMLSelectElement} */ (row.querySelector("[data-role]"));
    select.value = select.dataset.before = member.role;
    select.setAttribute("aria-label", `Role of ${member.email}`);
    say(/** @type {HTMLElement} */ (row.querySelector("[data-leave] > span")), `Remove ${member.email}`);
    return row;
  });
  list.replaceChildren(...rows);
}

/**
 * @param {HTMLElement} list
 * @param {string} userId
 * @returns {HTMLElement | null}
 */
function find(list, userId) {
  return list.querySelector(`[data-member="${CSS.escape(userId)}"]`);
}

/**
 * Who gave up being an owner sees the page as it is for them now.
 * @param {Document} document
 * @param {readonly Member[]} members
 * @param {number} userId
 */
function leaveIfShutOut(document, members, userId) {
  const me = members.find((member) => member.user_id === userId);
  if (me === undefined) document.location.assign(`${BASE}/hr/jobs`);
  else if (me.role !== "owner") document.location.reload();
}
