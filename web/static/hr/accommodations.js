/** What HR grants one candidate: more time, no timer, more takes. Sent to the server, which tells the candidate's page. */

import { say } from "../shared/dom.js";

const SAID = {
  running: "In effect since {time}: the interview is running, and the candidate's page shows it.",
  waiting: "In effect since {time}: it counts as soon as the candidate starts or goes on.",
  over: "The interview is over, so nothing was changed.",
  signed_out: "You are signed out. Nothing was changed. Load the page again and sign in.",
  failed: "The server could not be reached, or it did not accept this. Nothing was changed. Try again.",
};

/**
 * @param {Document} document
 */
export function bindAccommodations(document) {
  const form = document.getElementById("accommodations");
  const said = document.getElementById("accommodations-said");
  if (!(form instanceof HTMLFormElement) || said === null) return;
  const button = form.querySelector("button");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (button?.disabled) return;
    button?.toggleAttribute("disabled", true);
    const answer = await grant(form.dataset.url ?? "", wished(form));
    button?.toggleAttribute("disabled", false);
    button?.focus();
    const time = new Date().toLocaleTimeString(undefined, { timeStyle: "medium" });
    // Emptied first: the same sentence twice is told twice.
    said.textContent = "";
    say(said, SAID[answer].replace("{time}", time));
  });
  form.addEventListener("input", () => say(said, ""));
}

/** @param {HTMLFormElement} form */
function wished(form) {
  const data = new FormData(form);
  return { time_factor: Number(data.get("time_factor")), extra_takes: Number(data.get("extra_takes")), no_timer: data.has("no_timer") };
}

/**
 * @param {string} url
 * @param {object} body
 * @returns {Promise<keyof typeof SAID>}
 */
async function grant(url, body) {
  try {
    const response = await fetch(url, { method: "PATCH", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
    if (response.status === 409 || response.status === 410) return "over";
    if (response.status === 401) return "signed_out";
    if (!response.ok) return "failed";
    return (await response.json()).state === "in_progress" ? "running" : "waiting";
  } catch {
    return "failed";
  }
}
