/** SDP fragments for trickle ICE (RFC 8840, as RFC 9725 section 4.3.1 uses them). Pure. */

/**
 * One candidate, with the credentials it belongs to.
 * @param {string} offer the local description
 * @param {{candidate: string, sdpMid: string | null}} candidate
 * @returns {string} the body of a PATCH with `application/trickle-ice-sdpfrag`
 */
export function candidateFragment(offer, { candidate, sdpMid }) {
  const ufrag = lineOf(offer, "a=ice-ufrag:");
  const password = lineOf(offer, "a=ice-pwd:");
  const media = /^m=.*$/m.exec(offer)?.[0].trim() ?? "m=audio 9 UDP/TLS/RTP/SAVPF 0";
  return [ufrag, password, media, `a=mid:${sdpMid ?? "0"}`, `a=${candidate}`, ""].join("\r\n");
}

/**
 * @param {string} sdp
 * @param {string} prefix
 */
function lineOf(sdp, prefix) {
  return sdp.split(/\r?\n/).find((line) => line.startsWith(prefix)) ?? prefix;
}
