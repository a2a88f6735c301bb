/** WAV files: PCM, 16 bits, mono, as the server takes them. */

const HEAD = 44;

/**
 * @param {readonly Float32Array[]} chunks samples from -1 to 1
 * @param {number} rate samples per second
 * @returns {Blob} audio/wav
 */
export function encodeWav(chunks, rate) {
  const samples = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  const octets = new DataView(new ArrayBuffer(HEAD + samples * 2));
  const write = (/** @type {number} */ at, /** @type {string} */ word) => {
    for (let n = 0; n < word.length; n += 1) octets.setUint8(at + n, word.charCodeAt(n));
  };
  write(0, "RIFF");
  octets.setUint32(4, HEAD - 8 + samples * 2, true);
  write(8, "WAVEfmt ");
  octets.setUint32(16, 16, true);
  octets.setUint16(20, 1, true); // PCM
  octets.setUint16(22, 1, true); // mono
  octets.setUint32(24, rate, true);
  octets.setUint32(28, rate * 2, true);
  octets.setUint16(32, 2, true);
  octets.setUint16(34, 16, true);
  write(36, "data");
  octets.setUint32(40, samples * 2, true);
  let at = HEAD;
  for (const chunk of chunks) {
    for (const sample of chunk) {
      octets.setInt16(at, Math.round(Math.max(-1, Math.min(1, sample)) * 32767), true);
      at += 2;
    }
  }
  return new Blob([octets.buffer], { type: "audio/wav" });
}

/**
 * The loudest sample.
 * @param {Float32Array} chunk
 * @returns {number} 0 to 1
 */
export function peak(chunk) {
  let most = 0;
  for (const sample of chunk) most = Math.max(most, Math.abs(sample));
  return Math.min(1, most);
}
