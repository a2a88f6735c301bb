/** Wires Interview Results: local dates, and the player when there is something to play. */

import { localiseTimes } from "../shared/local_times.js";
import { bindAccommodations } from "./accommodations.js";
import { PartsPlayer } from "./player.js";
import { focusKind, playerKey } from "./player_keys.js";
import { PlayerView } from "./player_view.js";
import { timeOf } from "./playlist.js";

localiseTimes(document);
bindAccommodations(document);

const video = document.getElementById("video");
if (video instanceof HTMLVideoElement) play(video);

/** @param {HTMLVideoElement} video */
function play(video) {
  const view = new PlayerView(document);
  const player = new PartsPlayer(video, view.readParts(), {
    onChange: () => queueMicrotask(() => view.render(player)),
    onProblem: (failed) => view.showProblem(failed),
  });
  view.drawTimeline(player);

  for (const toggle of view.toggles) toggle.addEventListener("click", () => player.toggle());
  for (const button of document.querySelectorAll("[data-player-seek], [data-player-at]")) {
    button.addEventListener("click", () => {
      const at = button.getAttribute("data-player-at");
      player.seek(at === null ? timeOf(player.parts, button.getAttribute("data-player-seek") ?? "") : Number(at));
      player.play();
    });
  }
  view.seek.addEventListener("input", () => player.seek(view.soughtMs));
  view.speed.addEventListener("change", () => player.setSpeed(Number(view.speed.value)));
  view.mute.addEventListener("click", () => {
    video.muted = !video.muted;
    view.showMuted(video.muted);
  });
  view.fullscreen.addEventListener("click", () => void (document.fullscreenElement ? document.exitFullscreen() : video.parentElement?.requestFullscreen()));

  document.addEventListener("keydown", (event) => {
    const wish = playerKey(event, focusKind(document.activeElement));
    if (wish === null) return;
    event.preventDefault();
    if (wish.type === "toggle") player.toggle();
    else player.seek(player.now + wish.ms);
  });
}
