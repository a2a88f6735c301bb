/** Reads the octets of a part that is being written, and writes what is wanted of them for `MediaSource`. */

const CLUSTER = 0x1f43b675;
const TIMESTAMP = 0xe7;
const SIMPLE_BLOCK = 0xa3;
const BLOCK_GROUP = 0xa0;
const BLOCK = 0xa1;
const BLOCK_DURATION = 0x9b;
const REFERENCE_BLOCK = 0xfb;
const KEYFRAME = 0x80;
const VOID = 0xec;
/** The first octet of an element size that takes five. */
const SIZE_OF_FIVE = 0x08;
const EBML_HEADER = 0x1a45dfa3;
const SEGMENT = 0x18538067;
const TRACKS = 0x1654ae6b;
const TRACK_ENTRY = 0xae;
const TRACK_NUMBER = 0xd7;
const CODEC_ID = 0x86;

/** How WebM and `MediaSource` call the same codec. */
const CODECS = /** @type {Record<string, string>} */ ({ V_VP8: "vp8", V_VP9: "vp9", V_AV1: "av01.0.04M.08", A_OPUS: "opus" });

/**
 * @typedef {"picture" | "sound"} Kind
 * @typedef {{number: number, kind: Kind, codec: string, at: number}} Track `at`: where its TrackEntry begins
 * @typedef {{kind: Kind, ms: number, keyframe: boolean}} Block
 * @typedef {{id: number, start: number, body: number, end: number}} Element `end` is Infinity when the size is not known
 */

/**
 * The header of the element at `start`; null when the octets end before it does.
 * @param {Uint8Array} octets
 * @param {number} start
 * @returns {Element | null}
 */
export function elementAt(octets, start) {
  const idLength = Math.clz32(octets[start] ?? 0) - 23;
  const sizeAt = start + idLength;
  const sizeLength = Math.clz32(octets[sizeAt] ?? 0) - 23;
  const body = sizeAt + sizeLength;
  if (idLength > 4 || sizeLength > 8 || body > octets.length) return null;
  const id = numberIn(octets, start, sizeAt);
  const size = numberIn(octets, sizeAt, body) - 2 ** (7 * sizeLength);
  const unknown = size === 2 ** (7 * sizeLength) - 1;
  return { id, start, body, end: unknown ? Infinity : body + size };
}

/** @param {Uint8Array} octets @param {number} start @param {number} end @returns {number} big endian */
function numberIn(octets, start, end) {
  let value = 0;
  for (let at = start; at < end; at += 1) value = value * 256 + (octets[at] ?? 0);
  return value;
}

/**
 * The tracks that a part's head declares.
 * @param {Uint8Array} head
 * @returns {Track[]}
 */
export function readTracks(head) {
  const tracks = /** @type {Track[]} */ ([]);
  for (const child of children(head, 0, head.length, [SEGMENT, TRACKS])) {
    if (child.id !== TRACK_ENTRY) continue;
    let [number, name] = [0, ""];
    for (const field of children(head, child.body, child.end, [])) {
      if (field.id === TRACK_NUMBER) number = numberIn(head, field.body, field.end);
      if (field.id === CODEC_ID) name = new TextDecoder().decode(head.subarray(field.body, field.end));
    }
    tracks.push({ number, kind: name.startsWith("A_") ? "sound" : "picture", codec: CODECS[name] ?? name, at: child.start });
  }
  return tracks;
}

/**
 * Elements in order, and what is inside those that are to be entered.
 * @param {Uint8Array} octets
 * @param {number} start
 * @param {number} end
 * @param {number[]} entered
 * @returns {Generator<Element>}
 */
function* children(octets, start, end, entered) {
  let at = start;
  while (at < end) {
    const found = elementAt(octets, at);
    if (found === null) return;
    yield found;
    at = entered.includes(found.id) && found.id !== EBML_HEADER ? found.body : found.end;
  }
}

/**
 * The head with the other tracks' entries made Void.
 * @param {Uint8Array} head
 * @param {Track[]} kept
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function headWith(head, kept) {
  const masked = new Uint8Array(head);
  for (const { number, at } of readTracks(head)) {
    if (!kept.some((track) => track.number === number)) masked[at] = VOID;
  }
  return masked;
}

/**
 * Follows one part from a cluster on, and writes what is kept of it anew: each block in a cluster of its own, each
 * picture with the time for which it is shown. `MediaSource` has to know that: after a picture it expects the next
 * within twice its length, and where the camera skipped some it would show nothing more until the next whole picture.
 */
export class BlockReader {
  /**
   * @param {Track[]} tracks all that the head declares
   * @param {number} lastsMs for how long the newest picture is taken to be shown
   */
  constructor(tracks, lastsMs) {
    this.kinds = new Map(tracks.map(({ number, kind }) => [number, kind]));
    this.lastsMs = lastsMs;
    this.clusterMs = 0;
    this.rest = new Uint8Array(0);
    /** @type {{ms: number, block: Uint8Array} | null} a picture whose successor is not known yet */
    this.held = null;
  }

  /**
   * Take the next octets; what can be played of them comes back.
   * @param {Uint8Array} octets
   * @param {boolean} isNewest whether there is nothing behind them yet
   * @param {Set<Kind>} kept
   * @param {(block: Block) => void} told each block, kept or not
   * @returns {Uint8Array<ArrayBuffer>}
   */
  take(octets, isNewest, kept, told) {
    const all = joined([this.rest, octets]);
    const written = /** @type {Uint8Array[]} */ ([]);
    let at = 0;
    for (let found = elementAt(all, at); found !== null && (found.id === CLUSTER || found.end <= all.length); found = elementAt(all, at)) {
      if (found.id === TIMESTAMP) this.clusterMs = numberIn(all, found.body, found.end);
      if (found.id === SIMPLE_BLOCK) this.#take(all.subarray(found.body, found.end), kept, told, written);
      at = found.id === CLUSTER ? found.body : found.end;
    }
    this.rest = all.slice(at);
    if (isNewest) this.#write(this.lastsMs, written);
    return joined(written);
  }

  /** @param {Uint8Array} block @param {Set<Kind>} kept @param {(block: Block) => void} told @param {Uint8Array[]} written */
  #take(block, kept, told, written) {
    const kind = this.kinds.get((block[0] ?? 0) & 0x7f);
    if (kind === undefined) return;
    const ms = this.clusterMs + ((numberIn(block, 1, 3) << 16) >> 16);
    const keyframe = ((block[3] ?? 0) & KEYFRAME) !== 0;
    told({ kind, ms, keyframe });
    if (!kept.has(kind)) return;
    if (kind === "sound") {
      written.push(clusterStart(ms), header(SIMPLE_BLOCK, block.length), beginning(block, block[3] ?? 0), block.subarray(4));
      return;
    }
    this.#write(ms - (this.held?.ms ?? 0), written);
    this.held = { ms, block };
  }

  /** The picture that is held, shown for so long. @param {number} shownMs @param {Uint8Array[]} written */
  #write(shownMs, written) {
    if (this.held === null) return;
    const { ms, block } = this.held;
    const isWhole = ((block[3] ?? 0) & KEYFRAME) !== 0;
    const duration = joined([header(BLOCK_DURATION, 4), uint32(Math.max(1, shownMs))]);
    const reference = isWhole ? new Uint8Array(0) : Uint8Array.of(REFERENCE_BLOCK, 0x81, 0xff);
    const inner = joined([header(BLOCK, block.length), beginning(block, 0), block.subarray(4), duration, reference]);
    written.push(clusterStart(ms), header(BLOCK_GROUP, inner.length), inner);
    this.held = null;
  }
}

/** A block's track, no time after its cluster's, and its flags. @param {Uint8Array} block @param {number} flags */
function beginning(block, flags) {
  return Uint8Array.of(block[0] ?? 0, 0, 0, flags);
}

/** @param {number} ms @returns {Uint8Array} a cluster of unknown size, up to its first block */
function clusterStart(ms) {
  return joined([Uint8Array.of(0x1f, 0x43, 0xb6, 0x75, 0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff), header(TIMESTAMP, 4), uint32(ms)]);
}

/** @param {number} id one octet @param {number} size @returns {Uint8Array} */
function header(id, size) {
  return joined([Uint8Array.of(id, SIZE_OF_FIVE), uint32(size)]);
}

/** @param {number} value @returns {Uint8Array} */
function uint32(value) {
  const octets = new Uint8Array(4);
  new DataView(octets.buffer).setUint32(0, value);
  return octets;
}

/** @param {Uint8Array[]} pieces @returns {Uint8Array<ArrayBuffer>} */
function joined(pieces) {
  const all = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}
