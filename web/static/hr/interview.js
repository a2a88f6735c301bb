/** Wires Interview Results: local dates, the player when there is something to play, and what comes while the page is open. */

import { copyText, need, say } from "../shared/dom.js";
import { localiseTimes } from "../shared/local_times.js";
import { bindAccommodations } from "./accommodations.js";
import { bindAttaching } from "./captions.js";
import { bindOwn } from "./own.js";
import { PlayerPage } from "./player_page.js";
import { Refresh } from "./refresh.js";

localiseTimes(document);
bindAccommodations(document);
bindOwn(document);

const { api = "" } = need(document, "results", HTMLElement).dataset;
/** @type {PlayerPage | null} */
let page = null;
/** @type {string | null} What is shown of previews and captions, so that they are fetched once. */
let previewsOf = null;
/** @type {string | null} */
let captionsOf = null;

const refresh = new Refresh(document, { onRefreshed: () => void bringUpToDate(true) });
bindAttaching(document, api, async () => {
  captionsOf = null;
  await refresh.takeOver();
});
document.addEventListener("click", (event) => {
  const button = event.target instanceof Element ? event.target.closest("[data-copy]") : null;
  if (button === null) return;
  void copyText(document, button.getAttribute("data-copy") ?? "").then((copied) => say(need(document, "page-news", HTMLElement), copied ? "Copied" : "Copying did not work"));
});
void bringUpToDate(false);
refresh.start();

/** @param {boolean} again whether the page has changed since it was last read */
async function bringUpToDate(again) {
  const video = document.getElementById("video");
  if (!(video instanceof HTMLVideoElement)) return;
  if (page === null) page = new PlayerPage(document, video);
  else if (again) page.readAgain();
  const link = document.querySelector('#questions a[download="captions.vtt"]');
  const captions = link?.getAttribute("href") ?? "none";
  if (captions !== captionsOf) page.showCaptions(link === null ? null : captions);
  captionsOf = captions;
  await showPreviews(page);
}

/** @param {PlayerPage} shown */
async function showPreviews(shown) {
  const { previews } = need(document, "about", HTMLElement).dataset;
  if (!previews || previews === previewsOf) return;
  previewsOf = previews;
  const answer = await fetch(`${api}/previews.json`).catch(() => null);
  if (!answer?.ok) return;
  shown.timeline.showPreviews({ ...(await answer.json()), thumbnailsUrl: `${api}/thumbnails.jpg` });
}
