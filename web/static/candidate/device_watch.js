/** Notices when camera or microphone stop by themselves: unplugged, a phone call, a locked screen, a changed network. */

/** A camera may be silent this long before it counts as muted: some hiccup when another program looks at it. */
const MUTED_MS = 1000;

/**
 * @param {MediaStream} stream
 * @param {(kind: "camera" | "microphone", is: "ended" | "muted" | "live") => void} onChange
 */
export function watchTracks(stream, onChange) {
  for (const track of stream.getTracks()) {
    const kind = track.kind === "video" ? "camera" : "microphone";
    let timer = 0;
    track.onended = () => onChange(kind, "ended");
    track.onmute = () => {
      clearTimeout(timer);
      timer = setTimeout(() => track.muted && onChange(kind, "muted"), MUTED_MS);
    };
    track.onunmute = () => {
      clearTimeout(timer);
      onChange(kind, "live");
    };
  }
}

/**
 * Tell of a change from one network to another. Chromium calls its estimates of speed a change as well; only the kind of
 * network counts.
 * @param {Window & {navigator: Navigator & {connection?: EventTarget & {type?: string}}}} window
 * @param {() => void} onChange
 */
export function watchNetwork(window, onChange) {
  const { connection } = window.navigator;
  let type = connection?.type;
  window.addEventListener("online", onChange);
  connection?.addEventListener("change", () => {
    if (connection.type === type) return;
    type = connection.type;
    if (type !== "none") onChange();
  });
}

/**
 * Whether camera and microphone may be opened without asking. Browsers that do not tell are asked by a press.
 * @param {Navigator} navigator
 * @returns {Promise<boolean>}
 */
export async function isAllowed(navigator) {
  try {
    const names = /** @type {PermissionName[]} */ (["camera", "microphone"]);
    const answers = await Promise.all(names.map((name) => navigator.permissions.query({ name })));
    return answers.every(({ state }) => state === "granted");
  } catch {
    return false;
  }
}
