/** Captions: shown over the picture, attached and taken away by HR. */

import { say } from "../shared/dom.js";

/**
 * Show the captions that were attached, in a player whose whole recording is one file.
 * @param {HTMLVideoElement} video
 * @param {string | null} url null: there are none
 */
export function loadCaptions(video, url) {
  video.querySelector("track")?.remove();
  if (url === null) return;
  const track = video.ownerDocument.createElement("track");
  Object.assign(track, { kind: "captions", label: "Captions", src: url });
  video.append(track);
  track.track.mode = "hidden";
}

/**
 * @param {HTMLVideoElement} video
 * @returns {boolean | null} whether they are shown now; null: there are none
 */
export function toggleCaptions(video) {
  const track = video.textTracks[0];
  if (track === undefined) return null;
  track.mode = track.mode === "showing" ? "hidden" : "showing";
  return track.mode === "showing";
}

/**
 * The file field and the button in the page; they are found anew at every event, since the page is brought up to date in place.
 * @param {Document} document
 * @param {string} api the interview's address in the API
 * @param {() => Promise<void>} changed called when the server has taken it
 */
export function bindAttaching(document, api, changed) {
  /** @param {string} text */
  const tell = (text) => {
    const said = document.getElementById("captions-said");
    if (said !== null) say(said, text);
  };
  /** @param {RequestInit} request @param {string} done */
  const send = async (request, done) => {
    const answer = await fetch(`${api}/captions.vtt`, request).catch(() => null);
    if (answer === null) return tell("The server was not reached. Nothing was changed.");
    if (!answer.ok) return tell((await answer.json().catch(() => ({}))).detail ?? "It did not work. Nothing was changed.");
    await changed();
    tell(done);
  };
  document.addEventListener("change", (event) => {
    const field = event.target;
    if (!(field instanceof HTMLInputElement) || field.id !== "captions-file") return;
    const file = field.files?.[0];
    field.value = "";
    if (file) void send({ method: "PUT", body: file, headers: { "Content-Type": "text/vtt" } }, "Captions are attached.");
  });
  document.addEventListener("click", (event) => {
    if (event.target instanceof Element && event.target.closest("#captions-remove")) void send({ method: "DELETE" }, "Captions were taken away.");
  });
}
