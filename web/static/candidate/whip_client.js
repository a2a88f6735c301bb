/**
 * A WHIP client (RFC 9725): one peer connection that sends camera and microphone, never receives.
 *
 * @typedef {"connecting" | "connected" | "disconnected" | "failed"} PeerState
 * @typedef {object} WhipOptions
 * @property {string} endpoint the WHIP endpoint's URL
 * @property {string} token
 * @property {string} clientId this page load (`Holdfast-Client`)
 * @property {RTCIceServer[]} iceServers
 * @property {import("./types.js").Limits} limits
 * @property {(state: PeerState) => void} onState
 */

import { request } from "./api.js";
import { candidateFragment } from "./sdp_fragment.js";

/** What is gathered within this time goes into the offer; the rest follows in a PATCH. */
const GATHER_MS = 500;
/** VP9 shows a face best at the cap; VP8 is what every browser has. */
const PREFERRED = ["video/VP9", "video/VP8"];

/** One WHIP session. */
export class WhipClient {
  /** @param {WhipOptions} options */
  constructor(options) {
    this.options = options;
    this.headers = { Authorization: `Bearer ${options.token}` };
    this.peer = new RTCPeerConnection({ iceServers: options.iceServers, bundlePolicy: "max-bundle" });
    /** @type {URL | null} */
    this.session = null;
    /** @type {string | null} */
    this.etag = null;
    /** @type {RTCIceCandidate[]} */
    this.late = [];
    this.closed = false;
  }

  /**
   * Offer, POST, answer. Resolves when the answer is set; `onState` tells the rest.
   * @param {MediaStream} stream
   * @throws {import("./api.js").ApiProblem} when the server refuses or cannot be reached
   */
  async publish(stream) {
    const { peer } = this;
    for (const track of stream.getTracks()) addSender(peer, track, stream, this.options.limits);
    peer.onconnectionstatechange = () => this.#tell();
    await peer.setLocalDescription(await peer.createOffer());
    await gathered(peer, GATHER_MS);
    const offer = peer.localDescription?.sdp ?? "";
    peer.onicecandidate = (event) => void this.#trickle(event.candidate);
    await this.#answer(await this.#post(offer));
  }

  /**
   * When the server's latest report on what it received came, by the browser's clock; 0 before the first.
   * @returns {Promise<number>}
   */
  async latestReport() {
    let latest = 0;
    for (const entry of (await this.peer.getStats()).values()) {
      if (entry.type === "remote-inbound-rtp") latest = Math.max(latest, entry.timestamp);
    }
    return latest;
  }

  /**
   * The page goes away: end the WHIP session, and leave the peer connection to the browser. Closing it here would reach
   * the server first and look like a lost connection.
   */
  leave() {
    this.closed = true;
    if (this.session !== null) void this.#delete(this.session);
  }

  /** Let the peer connection go and end the WHIP session. */
  close() {
    this.closed = true;
    this.peer.onconnectionstatechange = this.peer.onicecandidate = null;
    this.peer.close();
    if (this.session !== null) void this.#delete(this.session);
    this.session = null;
  }

  /**
   * @param {string} offer
   * @returns {Promise<Response>}
   */
  async #post(offer) {
    const headers = { ...this.headers, "Content-Type": "application/sdp", "Holdfast-Client": this.options.clientId };
    const response = await request(this.options.endpoint, { method: "POST", headers, body: offer });
    const session = new URL(response.headers.get("Location") ?? "", response.url);
    if (this.closed) void this.#delete(session);
    this.session = session;
    this.etag = response.headers.get("ETag");
    return response;
  }

  /** @param {Response} response */
  async #answer(response) {
    const sdp = await response.text();
    if (this.closed) return;
    await this.peer.setRemoteDescription({ type: "answer", sdp });
    const late = this.late;
    this.late = [];
    for (const candidate of late) await this.#trickle(candidate);
  }

  /** @param {RTCIceCandidate | null} candidate */
  async #trickle(candidate) {
    if (candidate === null || candidate.candidate === "" || this.closed) return;
    if (this.session === null || this.etag === null) {
      this.late.push(candidate);
      return;
    }
    const headers = { ...this.headers, "Content-Type": "application/trickle-ice-sdpfrag", "If-Match": this.etag };
    const body = candidateFragment(this.peer.localDescription?.sdp ?? "", candidate);
    // A candidate that does not arrive is no failure: the ones in the offer, or the path itself, may do.
    await request(this.session, { method: "PATCH", headers, body }).catch(() => undefined);
  }

  /** @param {URL} session */
  async #delete(session) {
    await request(session, { method: "DELETE", headers: this.headers, keepalive: true }).catch(() => undefined);
  }

  #tell() {
    const state = this.peer.connectionState;
    if (state === "new" || this.closed) return;
    this.options.onState(state === "closed" ? "failed" : state);
  }
}

/**
 * @param {RTCPeerConnection} peer
 * @param {MediaStreamTrack} track
 * @param {MediaStream} stream
 * @param {import("./types.js").Limits} limits
 */
function addSender(peer, track, stream, limits) {
  const isSound = track.kind === "audio";
  if (isSound) track.contentHint = "speech";
  // When the uplink gets narrow the picture gives way, never the voice.
  const encoding = isSound
    ? { maxBitrate: limits.audio_target_bps, priority: /** @type {const} */ ("high"), networkPriority: /** @type {const} */ ("high") }
    : { maxBitrate: limits.video_bps, priority: /** @type {const} */ ("low"), networkPriority: /** @type {const} */ ("low") };
  const transceiver = peer.addTransceiver(track, { direction: "sendonly", streams: [stream], sendEncodings: [encoding] });
  if (isSound) return;
  preferCodecs(transceiver);
  void keepSize(transceiver.sender);
}

/**
 * A narrow uplink costs frames, not size. Left alone, Chromium may begin at 320x240 and grow later; the file's head would
 * say 320x240 for good, and whatever works on the recording later would scale all of it down to that.
 * @param {RTCRtpSender} sender
 */
async function keepSize(sender) {
  try {
    await sender.setParameters({ ...sender.getParameters(), degradationPreference: "maintain-resolution" });
  } catch {
    // A browser that does not take it sends as it likes: smaller for a while, and still a recording.
  }
}

/** @param {RTCRtpTransceiver} transceiver */
function preferCodecs(transceiver) {
  const codecs = RTCRtpSender.getCapabilities("video")?.codecs ?? [];
  const rank = (/** @type {RTCRtpCodec} */ { mimeType }) => (PREFERRED.includes(mimeType) ? PREFERRED.indexOf(mimeType) : PREFERRED.length);
  // Codecs that we do not prefer stay in the offer, behind: the server says what it takes.
  transceiver.setCodecPreferences?.([...codecs].sort((a, b) => rank(a) - rank(b)));
}

/**
 * @param {RTCPeerConnection} peer
 * @param {number} ms
 * @returns {Promise<void>} when gathering is complete or the time is up
 */
function gathered(peer, ms) {
  return new Promise((resolve) => {
    if (peer.iceGatheringState === "complete") resolve();
    peer.onicegatheringstatechange = () => peer.iceGatheringState === "complete" && resolve();
    setTimeout(resolve, ms);
  });
}
