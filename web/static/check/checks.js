/**
 * The checks of /check, one function each. A check answers; it never throws.
 *
 * @typedef {"good" | "warning" | "bad" | "skipped"} Verdict
 * @typedef {{verdict: Verdict, said: string, values?: Record<string, string>}} Answer `said` names a sentence of the catalogue
 */

import { DeviceError, closeStream, missingSupport, openDevices } from "../candidate/devices.js";

/** Long enough for a far STUN or TURN server; a blocked network answers nothing at all. */
const GATHER_MS = 8000;
const PICTURE_FORMATS = ["VP9", "VP8"];

/** @param {boolean} isSecureContext @returns {Answer} */
export function checkSecure(isSecureContext) {
  return isSecureContext ? { verdict: "good", said: "good" } : { verdict: "bad", said: "bad" };
}

/**
 * @param {"camera" | "microphone"} kind
 * @returns {Promise<Answer>}
 */
export async function checkDevice(kind) {
  const missing = missingSupport(window);
  if (missing !== null) return { verdict: "bad", said: "no_api" };
  try {
    const { stream } = await openDevices(navigator.mediaDevices, { camera: "", microphone: "", only: kind });
    const label = stream.getTracks()[0]?.label ?? "";
    closeStream(stream);
    return { verdict: "good", said: "good", values: { label } };
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error;
    return { verdict: "bad", said: error.problem.startsWith("no_") ? "no_device" : error.problem };
  }
}

/** @returns {Answer} */
export function checkFormats() {
  if (typeof RTCRtpSender === "undefined") return { verdict: "bad", said: "bad" };
  const has = (/** @type {string} */ kind, /** @type {string} */ name) =>
    RTCRtpSender.getCapabilities(kind)?.codecs.some(({ mimeType }) => mimeType.toLowerCase() === `${kind}/${name}`.toLowerCase()) ?? false;
  const picture = PICTURE_FORMATS.filter((name) => has("video", name));
  if (picture.length === 0 || !has("audio", "opus")) return { verdict: "bad", said: "bad" };
  return { verdict: "good", said: "good", values: { formats: [...picture, "Opus"].join(", ") } };
}

/**
 * Whether packets leave this network: a STUN server has to answer. Without one the browser's own connection is all we can see.
 * @param {RTCIceServer[]} iceServers
 * @returns {Promise<Answer>}
 */
export async function checkUdp(iceServers) {
  if (typeof RTCPeerConnection === "undefined") return { verdict: "bad", said: "no_api" };
  const hasServers = iceServers.length > 0;
  const found = await gather({ iceServers }, hasServers ? "srflx" : "host");
  if (found.has("srflx")) return { verdict: "good", said: "good" };
  if (!found.has("host")) return { verdict: "bad", said: "bad" };
  return hasServers ? { verdict: "bad", said: "blocked" } : { verdict: "good", said: "local" };
}

/**
 * @param {RTCIceServer[]} iceServers
 * @returns {Promise<Answer>}
 */
export async function checkTurn(iceServers) {
  const relays = iceServers.filter(({ urls }) => [urls].flat().some((url) => url.startsWith("turn")));
  if (relays.length === 0 || typeof RTCPeerConnection === "undefined") return { verdict: "skipped", said: "skipped" };
  const found = await gather({ iceServers: relays, iceTransportPolicy: "relay" }, "relay");
  return found.has("relay") ? { verdict: "good", said: "good" } : { verdict: "warning", said: "bad" };
}

/**
 * @param {RTCConfiguration} configuration
 * @param {RTCIceCandidateType} wanted enough as soon as it is found
 * @returns {Promise<Set<string>>} the types of ICE candidates that this browser found
 */
async function gather(configuration, wanted) {
  const peer = new RTCPeerConnection(configuration);
  const found = new Set();
  const done = new Promise((/** @type {(value?: unknown) => void} */ resolve) => {
    peer.onicecandidate = ({ candidate }) => {
      if (candidate !== null && candidate.type !== null) found.add(candidate.type);
      if (candidate === null || found.has(wanted)) resolve();
    };
    setTimeout(resolve, GATHER_MS);
  });
  peer.createDataChannel("check");
  await peer.setLocalDescription(await peer.createOffer());
  await done;
  peer.close();
  return found;
}
