/** Wires the live view on Interview Results, while the interview is being recorded. */

import { WatchApi } from "./live_api.js";
import { LivePlayer } from "./live_player.js";
import { SOURCE } from "./live_source.js";
import { LiveView } from "./live_view.js";

const BEFORE = ["invited", "consented"];
const GOES_ON = ["in_progress", "interrupted"];
/** How often to look whether an interview has begun. */
const BEGUN_MS = 5_000;

if (document.getElementById("live-view") !== null) watch(new LiveView(document));

/** @param {LiveView} view */
function watch(view) {
  if (SOURCE === undefined) {
    view.root.dataset.able = "no";
    view.root.hidden = false;
    return;
  }
  const api = new WatchApi(view.sessionId);
  let connected = true;
  const render = () => view.render(player, connected);
  const player = new LivePlayer(view.video, api, { onChange: () => queueMicrotask(render), onFreeze: () => view.freeze() });
  listen();

  function listen() {
    api.listen(hear, (now) => {
      connected = now;
      render();
    });
  }

  /** @param {import("./live_api.js").News} news */
  function hear(news) {
    if (BEFORE.includes(news.state)) {
      api.hush();
      setTimeout(listen, BEGUN_MS);
      return;
    }
    player.hear(news);
    if (GOES_ON.includes(news.state)) view.root.hidden = false;
    else end();
  }

  function end() {
    api.hush();
    player.pause();
    view.root.hidden = true;
    document.dispatchEvent(new CustomEvent("holdfast:interview-changed"));
  }

  bind(view, player);
}

/** @param {LiveView} view @param {LivePlayer} player */
function bind(view, player) {
  view.video.addEventListener("playing", () => view.thaw());
  view.video.addEventListener("seeked", () => view.thaw());
  view.start.addEventListener("click", () => {
    player.play();
    view.toggle.focus();
  });
  view.toggle.addEventListener("click", () => (player.wantsToPlay ? player.pause() : player.play()));
  view.edge.addEventListener("click", () => {
    player.goLive();
    view.toggle.focus(); // the button that was pressed is gone now
  });
  view.seek.addEventListener("input", () => (view.isSeeking = true));
  view.seek.addEventListener("change", () => {
    view.isSeeking = false;
    player.seek(view.soughtMs);
  });
  view.mute.addEventListener("click", () => (view.video.muted = !view.video.muted));
  view.video.addEventListener("volumechange", () => player.listener.onChange());
  view.fullscreen.addEventListener("click", () => void (document.fullscreenElement ? document.exitFullscreen() : view.video.parentElement?.requestFullscreen()));
}
