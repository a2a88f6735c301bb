/** Dates in the reader's own language and zone; the zone shows on hover. */

/**
 * @param {ParentNode} root every `<time datetime>` below it is rewritten
 */
export function localiseTimes(root) {
  const short = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
  const full = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" });
  for (const time of root.querySelectorAll("time[datetime]")) {
    const when = new Date(time.getAttribute("datetime") ?? "");
    if (Number.isNaN(when.getTime())) continue;
    time.textContent = short.format(when);
    time.setAttribute("title", full.format(when));
  }
}
