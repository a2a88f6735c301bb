/** Dates in the reader's own language and zone; the zone, and the year when it is this one, show on hover. */

/**
 * @param {ParentNode} root every `<time datetime>` below it is rewritten
 */
export function localiseTimes(root) {
  const thisYear = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric" });
  const otherYear = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
  const timeOfDay = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });
  const full = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" });
  for (const time of root.querySelectorAll("time[datetime]")) {
    const when = new Date(time.getAttribute("datetime") ?? "");
    if (Number.isNaN(when.getTime())) continue;
    const span = document.createElement("span");
    span.className = "time-of-day"; // left out where there is no room for it
    span.textContent = `, ${timeOfDay.format(when)}`;
    const date = when.getFullYear() === new Date().getFullYear() ? thisYear : otherYear;
    time.replaceChildren(date.format(when), span);
    time.setAttribute("title", full.format(when));
  }
}
