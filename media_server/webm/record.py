"""What is appended to a part, and how it is read back: one block, sealed.

A record is a block, in front of it the header of a cluster when it opens one, and behind it a *seal*: a Void
element that holds the CRC-32 of everything in the record before it. Players pass over Void; mending believes a
record only if its seal fits. Nothing else can tell a page that a power cut took from a payload of zeros.
"""

import zlib
from dataclasses import dataclass

from media_server.webm import ebml
from media_server.webm.ebml import ByteSource
from media_server.webm.errors import TruncatedError, WebmError

MAX_TIMESTAMP_MS = 2**32 - 1
"49 days."
MAX_TRACK_NUMBER = 126
"The largest that one octet holds."
MAX_PAYLOAD = 64 * 1024 * 1024
"Octets. Far above any picture that fits through RTP; whoever claims more is damaged."

KEYFRAME_FLAG = 0x80

_CLUSTER_START = ebml.encode_id(ebml.CLUSTER) + ebml.UNKNOWN_SIZE + ebml.encode_id(ebml.TIMESTAMP) + ebml.encode_size(4)
_SIMPLE_BLOCK = ebml.encode_id(ebml.SIMPLE_BLOCK)
_SEAL_START = ebml.encode_id(ebml.VOID) + ebml.encode_size(4)
_CLUSTER_LENGTH = len(_CLUSTER_START) + 4
_SEAL_LENGTH = len(_SEAL_START) + 4
_BLOCK_HEADER = 4


@dataclass(frozen=True, slots=True)
class Record:
    """A block as it lies in a part."""

    track: int
    "Track number."
    timestamp_ms: int
    "When it is shown or heard, milliseconds from the part's first frame."
    keyframe: bool
    "Whether decoding can begin here."
    start: int
    "Where the record begins in the file."
    data_start: int
    "Where the payload begins."
    data_end: int
    "Where the payload ends."
    end: int
    "Where the record ends: the seal's end."
    cluster_ms: int
    "Timestamp of the cluster that it lies in."
    opens_cluster: bool
    "Whether the record begins with that cluster's header."


def encode_record(
    track: int, timestamp_ms: int, data: bytes, *, keyframe: bool, cluster_ms: int, opens_cluster: bool
) -> bytes:
    """Return a record's octets; the timestamp must be 0 to 32767 ms after the cluster's."""
    block = b"".join(
        (
            _CLUSTER_START + cluster_ms.to_bytes(4, "big") if opens_cluster else b"",
            _SIMPLE_BLOCK,
            ebml.encode_size(_BLOCK_HEADER + len(data)),
            ebml.encode_size(track, 1),
            (timestamp_ms - cluster_ms).to_bytes(2, "big", signed=True),
            bytes([KEYFRAME_FLAG if keyframe else 0]),
            data,
        )
    )
    return block + _SEAL_START + zlib.crc32(block).to_bytes(4, "big")


def read_record(buffer: ByteSource, position: int, limit: int, cluster_ms: int | None) -> Record:
    """Read the record at `position`; `cluster_ms` is the timestamp of the cluster that is open, None at the first.

    Raises :class:`TruncatedError` when it reaches beyond `limit`, :class:`WebmError` when there is none or its seal
    does not fit.
    """
    opens_cluster = buffer[position : position + 1] == _CLUSTER_START[:1]
    at = position
    if opens_cluster:
        cluster_ms, at = _read_cluster_start(buffer, position, limit)
    if cluster_ms is None:
        raise WebmError(f"no cluster at {position}")
    block = ebml.read_element(buffer, at, limit)
    if (
        block.id != ebml.SIMPLE_BLOCK
        or not block.sized
        or not 0 <= block.end - block.body - _BLOCK_HEADER <= MAX_PAYLOAD
    ):
        raise WebmError(f"no block at {at}")
    _check_seal(buffer, position, block.end, limit)
    header = bytes(buffer[block.body : block.body + _BLOCK_HEADER])
    return Record(
        track=header[0] & 0x7F,
        timestamp_ms=cluster_ms + int.from_bytes(header[1:3], "big", signed=True),
        keyframe=bool(header[3] & KEYFRAME_FLAG),
        start=position,
        data_start=block.body + _BLOCK_HEADER,
        data_end=block.end,
        end=block.end + _SEAL_LENGTH,
        cluster_ms=cluster_ms,
        opens_cluster=opens_cluster,
    )


def _read_cluster_start(buffer: ByteSource, position: int, limit: int) -> tuple[int, int]:
    end = position + _CLUSTER_LENGTH
    if end > limit:
        raise TruncatedError(f"the cluster at {position} reaches beyond {limit}")
    if buffer[position : end - 4] != _CLUSTER_START:
        raise WebmError(f"no cluster at {position}")
    return int.from_bytes(bytes(buffer[end - 4 : end]), "big"), end


def _check_seal(buffer: ByteSource, start: int, seal: int, limit: int) -> None:
    if seal + _SEAL_LENGTH > limit:
        raise TruncatedError(f"the record at {start} reaches beyond {limit}")
    expected = _SEAL_START + zlib.crc32(buffer[start:seal]).to_bytes(4, "big")
    if buffer[seal : seal + _SEAL_LENGTH] != expected:
        raise WebmError(f"the seal at {seal} does not fit")
