/**
 * Camera and microphone: open them, name them, and say in our words why they do not open.
 *
 * @typedef {import("./types.js").DeviceProblem} DeviceProblem
 * @typedef {import("./types.js").OpenedDevices} OpenedDevices
 * @typedef {{camera: string, microphone: string, only?: "camera" | "microphone"}} Wish device ids, empty for the browser's own choice; `only` opens one of the two
 */

/** 640x480 at 24 frames per second is what 250 kbps carry well. */
const PICTURE = { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 24, max: 30 } };
const SOUND = { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: { ideal: 1 } };

/** Camera or microphone did not open. */
export class DeviceError extends Error {
  /** @param {DeviceProblem} problem */
  constructor(problem) {
    super(problem);
    this.problem = problem;
  }
}

/**
 * What keeps this page from using camera and microphone at all.
 * @param {{isSecureContext: boolean, navigator: Navigator, RTCPeerConnection?: unknown}} window
 * @returns {DeviceProblem | null}
 */
export function missingSupport({ isSecureContext, navigator, RTCPeerConnection }) {
  if (!isSecureContext) return "insecure_page";
  const hasApi = typeof navigator.mediaDevices?.getUserMedia === "function" && typeof RTCPeerConnection === "function";
  return hasApi ? null : "no_api";
}

/**
 * @param {MediaDevices} mediaDevices
 * @param {Wish} wish
 * @returns {Promise<OpenedDevices>}
 * @throws {DeviceError}
 */
export async function openDevices(mediaDevices, wish) {
  const constraints = {
    audio: wish.only === "camera" ? false : { ...SOUND, ...chosen(wish.microphone) },
    video: wish.only === "microphone" ? false : { ...PICTURE, ...chosen(wish.camera) },
  };
  try {
    return await describe(mediaDevices, await mediaDevices.getUserMedia(constraints));
  } catch (error) {
    throw new DeviceError(await problemOf(mediaDevices, error, wish));
  }
}

/** @param {MediaStream | null} stream */
export function closeStream(stream) {
  for (const track of stream?.getTracks() ?? []) track.stop();
}

/** @param {string} deviceId */
function chosen(deviceId) {
  return deviceId === "" ? {} : { deviceId: { exact: deviceId } };
}

/**
 * @param {MediaDevices} mediaDevices
 * @param {MediaStream} stream
 * @returns {Promise<OpenedDevices>}
 */
async function describe(mediaDevices, stream) {
  const all = await mediaDevices.enumerateDevices();
  const ofKind = (/** @type {MediaDeviceKind} */ kind) => all.filter((device) => device.kind === kind && device.deviceId !== "");
  const idOf = (/** @type {MediaStreamTrack | undefined} */ track) => track?.getSettings().deviceId ?? "";
  return {
    stream,
    cameras: ofKind("videoinput"),
    microphones: ofKind("audioinput"),
    camera: idOf(stream.getVideoTracks()[0]),
    microphone: idOf(stream.getAudioTracks()[0]),
  };
}

/**
 * @param {MediaDevices} mediaDevices
 * @param {unknown} error what getUserMedia was rejected with
 * @param {Wish} wish
 * @returns {Promise<DeviceProblem>}
 */
async function problemOf(mediaDevices, error, wish) {
  switch (error instanceof DOMException ? error.name : "") {
    case "NotAllowedError": case "SecurityError": return "permission_denied";
    case "NotReadableError": case "AbortError": return "device_busy";
    case "NotFoundError": case "OverconstrainedError": return whatIsMissing(mediaDevices, wish);
    default: return "device_unknown";
  }
}

/**
 * @param {MediaDevices} mediaDevices
 * @param {Wish} wish
 * @returns {Promise<DeviceProblem>}
 */
async function whatIsMissing(mediaDevices, { only }) {
  const kinds = new Set((await mediaDevices.enumerateDevices()).map((device) => device.kind));
  const lacksCamera = only !== "microphone" && !kinds.has("videoinput");
  const lacksMicrophone = only !== "camera" && !kinds.has("audioinput");
  if (lacksCamera && lacksMicrophone) return "no_device";
  if (lacksCamera) return "no_camera";
  return lacksMicrophone ? "no_microphone" : "device_unknown";
}
