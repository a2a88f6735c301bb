/**
 * The checks of /check, one function each. A check answers; it never throws.
 *
 * @typedef {"good" | "warning" | "bad" | "skipped"} Verdict
 * @typedef {{verdict: Verdict, said: string, values?: Record<string, string>}} Answer `said` names a sentence of the catalogue
 */

import { DeviceError, closeStream, missingSupport, openDevices } from "../candidate/devices.js";

/** Servers that are asked over UDP. Browsers ask a TURN server over UDP for their own address, too. */
const OVER_UDP = /^stun:|^turn:(?!.*[?]transport=tcp$)/i;
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
 * Whether packets leave this network: a server has to answer over UDP. Without one the browser's own connection is all we can see.
 * @param {RTCIceServer[]} iceServers
 * @returns {Promise<Answer>}
 */
export async function checkUdp(iceServers) {
  if (typeof RTCPeerConnection === "undefined") return { verdict: "bad", said: "no_api" };
  const asked = iceServers
    .map((server) => ({ ...server, urls: [server.urls].flat().filter((url) => OVER_UDP.test(url)) }))
    .filter(({ urls }) => urls.length > 0);
  const hasServers = asked.length > 0;
  const { found, allAnswered } = await gather({ iceServers: asked }, hasServers ? "srflx" : "host");
  if (found.has("srflx")) return { verdict: "good", said: "good" };
  if (!found.has("host")) return { verdict: "bad", said: "bad" };
  if (!hasServers) return { verdict: "good", said: "local" };
  // Where nothing translates addresses on the way, the server's answer brings no new one. Silence would last to the end.
  return allAnswered ? { verdict: "good", said: "good" } : { verdict: "bad", said: "blocked" };
}

/**
 * @param {RTCIceServer[]} iceServers
 * @returns {Promise<Answer>}
 */
export async function checkTurn(iceServers) {
  const relays = iceServers.filter(({ urls }) => [urls].flat().some((url) => url.startsWith("turn")));
  if (relays.length === 0 || typeof RTCPeerConnection === "undefined") return { verdict: "skipped", said: "skipped" };
  const { found } = await gather({ iceServers: relays, iceTransportPolicy: "relay" }, "relay");
  return found.has("relay") ? { verdict: "good", said: "good" } : { verdict: "warning", said: "bad" };
}

/**
 * @param {RTCConfiguration} configuration
 * @param {RTCIceCandidateType} wanted enough as soon as it is found
 * @returns {Promise<{found: Set<RTCIceCandidateType>, allAnswered: boolean}>} the types of ICE candidates that this browser found,
 *   and whether it was done before the time was up, without a complaint
 */
async function gather(configuration, wanted) {
  const peer = new RTCPeerConnection(configuration);
  /** @type {Set<RTCIceCandidateType>} */
  const found = new Set();
  let isComplete = false;
  let complaints = 0;
  const done = new Promise((/** @type {(value?: unknown) => void} */ resolve) => {
    peer.onicecandidateerror = () => (complaints += 1);
    peer.onicecandidate = ({ candidate }) => {
      isComplete ||= candidate === null;
      if (candidate !== null && candidate.type !== null) found.add(candidate.type);
      if (isComplete || found.has(wanted)) resolve();
    };
    setTimeout(resolve, GATHER_MS);
  });
  peer.createDataChannel("check");
  await peer.setLocalDescription(await peer.createOffer());
  await done;
  peer.close();
  return { found, allAnswered: isComplete && complaints === 0 };
}
