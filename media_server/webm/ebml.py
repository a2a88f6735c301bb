"""EBML (RFC 8794) as far as WebM needs it: ids, sizes, elements, both ways."""

import mmap
import struct
from collections.abc import Iterator
from typing import NamedTuple

from media_server.webm.errors import TruncatedError, WebmError

ByteSource = bytes | bytearray | memoryview | mmap.mmap
"Anything whose slices are bytes; a file of any length comes as an mmap."

# The EBML header and the global elements, RFC 8794 sections 11.2 and 11.3.
EBML = 0x1A45DFA3
EBML_VERSION = 0x4286
EBML_READ_VERSION = 0x42F7
EBML_MAX_ID_LENGTH = 0x42F2
EBML_MAX_SIZE_LENGTH = 0x42F3
DOC_TYPE = 0x4282
DOC_TYPE_VERSION = 0x4287
DOC_TYPE_READ_VERSION = 0x4285
VOID = 0xEC
CRC_32 = 0xBF

# Matroska, RFC 9559 section 5.1.
SEGMENT = 0x18538067
SEEK_HEAD = 0x114D9B74
SEEK = 0x4DBB
SEEK_ID = 0x53AB
SEEK_POSITION = 0x53AC
INFO = 0x1549A966
TIMESTAMP_SCALE = 0x2AD7B1
DURATION = 0x4489
DATE_UTC = 0x4461
MUXING_APP = 0x4D80
WRITING_APP = 0x5741
TRACKS = 0x1654AE6B
TRACK_ENTRY = 0xAE
TRACK_NUMBER = 0xD7
TRACK_UID = 0x73C5
TRACK_TYPE = 0x83
FLAG_LACING = 0x9C
LANGUAGE = 0x22B59C
CODEC_ID = 0x86
CODEC_PRIVATE = 0x63A2
CONTENT_ENCODINGS = 0x6D80
CODEC_DELAY = 0x56AA
SEEK_PRE_ROLL = 0x56BB
VIDEO = 0xE0
PIXEL_WIDTH = 0xB0
PIXEL_HEIGHT = 0xBA
AUDIO = 0xE1
SAMPLING_FREQUENCY = 0xB5
CHANNELS = 0x9F
CLUSTER = 0x1F43B675
TIMESTAMP = 0xE7
SILENT_TRACKS = 0x5854
POSITION = 0xA7
PREV_SIZE = 0xAB
SIMPLE_BLOCK = 0xA3
BLOCK_GROUP = 0xA0
BLOCK = 0xA1
REFERENCE_BLOCK = 0xFB
ENCRYPTED_BLOCK = 0xAF
CUES = 0x1C53BB6B
CUE_POINT = 0xBB
CUE_TIME = 0xB3
CUE_TRACK_POSITIONS = 0xB7
CUE_TRACK = 0xF7
CUE_CLUSTER_POSITION = 0xF1
CHAPTERS = 0x1043A770
TAGS = 0x1254C367
ATTACHMENTS = 0x1941A469

UNKNOWN_SIZE = b"\x01" + 7 * b"\xff"
"A size of eight octets that says: until something comes that cannot be inside (RFC 8794 section 6.2)."

MAX_ID_LENGTH = 4
MAX_SIZE_LENGTH = 8
MIN_VOID = 2
"The smallest element there is: one octet of id, one of size."

_FLOAT_FORMATS = {4: ">f", 8: ">d"}


# Encoding -----------------------------------------------------------------------------


def encode_id(element_id: int) -> bytes:
    """Return an element id's octets; the length is part of the id's value."""
    return element_id.to_bytes((element_id.bit_length() + 7) // 8, "big")


def encode_size(size: int, width: int | None = None) -> bytes:
    """Return an element size (RFC 8794 section 6), as short as it can be, or `width` octets long.

    Raises ValueError when it does not fit; all ones is kept for sizes that are not known.
    """
    octets = width or max(1, ((size + 1).bit_length() + 6) // 7)
    if 0 <= size < (1 << 7 * octets) - 1 and octets <= MAX_SIZE_LENGTH:
        return (size | 1 << 7 * octets).to_bytes(octets, "big")
    raise ValueError(f"a size of {size} does not fit into {width or MAX_SIZE_LENGTH} octets")


def element(element_id: int, *content: bytes) -> bytes:
    """Return an element that holds `content`, one piece after the other."""
    body = b"".join(content)
    return encode_id(element_id) + encode_size(len(body)) + body


def uint(element_id: int, value: int, width: int | None = None) -> bytes:
    """Return an unsigned integer element, as short as it can be, or with a body of `width` octets."""
    return element(element_id, value.to_bytes(width or max(1, (value.bit_length() + 7) // 8), "big"))


def float64(element_id: int, value: float) -> bytes:
    """Return a float element of eight octets."""
    return element(element_id, struct.pack(">d", value))


def text(element_id: int, value: str) -> bytes:
    """Return a string element."""
    return element(element_id, value.encode())


def void(length: int) -> bytes:
    """Return a Void element that takes `length` octets, header included.

    Raises ValueError below :data:`MIN_VOID` octets.
    """
    for width in range(1, MAX_SIZE_LENGTH + 1):
        body = length - 1 - width
        if 0 <= body < (1 << 7 * width) - 1:
            return encode_id(VOID) + encode_size(body, width) + bytes(body)
    raise ValueError(f"no Void element is {length} octets long")


# Decoding -----------------------------------------------------------------------------


class Element(NamedTuple):
    """An element as it lies in a buffer."""

    id: int
    "Its id, length marker included."
    start: int
    "Where its id begins."
    body: int
    "Where its content begins."
    end: int
    "Where its content ends; when its size is not known, where the bytes end that it was read from."
    sized: bool
    "Whether its size is known."


def read_id(buffer: ByteSource, position: int, limit: int) -> tuple[int, int]:
    """Read an element id; return it and where it ends. Raises :class:`WebmError`."""
    length = _length(buffer, position, limit)
    if length > MAX_ID_LENGTH:
        raise WebmError(f"no element id at {position}")
    return int.from_bytes(_octets(buffer, position, position + length, limit), "big"), position + length


def read_size(buffer: ByteSource, position: int, limit: int) -> tuple[int | None, int]:
    """Read an element size; return it (None: not known) and where it ends. Raises :class:`WebmError`."""
    length = _length(buffer, position, limit)
    if length > MAX_SIZE_LENGTH:
        raise WebmError(f"no element size at {position}")
    ones = (1 << 7 * length) - 1
    value = int.from_bytes(_octets(buffer, position, position + length, limit), "big") & ones
    return None if value == ones else value, position + length


def read_header(buffer: ByteSource, position: int, limit: int) -> Element:
    """Read the header of the element at `position`; its content may reach beyond `limit`. Raises :class:`WebmError`."""
    element_id, after_id = read_id(buffer, position, limit)
    size, body = read_size(buffer, after_id, limit)
    return Element(element_id, position, body, limit if size is None else body + size, size is not None)


def read_element(buffer: ByteSource, position: int, limit: int) -> Element:
    """Read the header of the element at `position`, all of which lies before `limit`.

    Raises :class:`TruncatedError` when it reaches beyond `limit`, :class:`WebmError` when there is none.
    """
    found = read_header(buffer, position, limit)
    if found.end > limit:
        raise TruncatedError(f"the element at {position} reaches beyond {limit}")
    return found


def children(buffer: ByteSource, start: int, end: int) -> Iterator[Element]:
    """Read the elements from `start` to `end`, all of known size. Raises :class:`WebmError`."""
    while start < end:
        child = read_element(buffer, start, end)
        if not child.sized:
            raise WebmError(f"the element at {start} does not tell its size")
        yield child
        start = child.end


def read_uint(buffer: ByteSource, found: Element) -> int:
    """Return an unsigned integer element's value. Raises :class:`WebmError`."""
    return int.from_bytes(_body(buffer, found, 8), "big")


def read_int(buffer: ByteSource, found: Element) -> int:
    """Return a signed integer element's value. Raises :class:`WebmError`."""
    return int.from_bytes(_body(buffer, found, 8), "big", signed=True)


def read_float(buffer: ByteSource, found: Element) -> float:
    """Return a float element's value. Raises :class:`WebmError`."""
    octets = _body(buffer, found, 8)
    if not octets:
        return 0.0
    if len(octets) not in _FLOAT_FORMATS:
        raise WebmError(f"no float at {found.start}")
    return float(struct.unpack(_FLOAT_FORMATS[len(octets)], octets)[0])


def read_text(buffer: ByteSource, found: Element, most: int = 256) -> str:
    """Return a string element's value without its padding. Raises :class:`WebmError`."""
    return _body(buffer, found, most).rstrip(b"\0").decode("utf-8", "replace")


def read_bytes(buffer: ByteSource, found: Element, most: int) -> bytes:
    """Return a binary element's value. Raises :class:`WebmError` when it is longer than `most`."""
    return _body(buffer, found, most)


def _body(buffer: ByteSource, found: Element, most: int) -> bytes:
    if not found.sized or found.end - found.body > most:
        raise WebmError(f"the element at {found.start} is longer than {most} octets")
    return bytes(buffer[found.body : found.end])


def _length(buffer: ByteSource, position: int, limit: int) -> int:
    """How many octets the number at `position` has: the leading zeros of its first octet, and one."""
    if position >= limit:
        raise TruncatedError(f"the bytes end at {limit}")
    return 9 - int(buffer[position]).bit_length()


def _octets(buffer: ByteSource, start: int, end: int, limit: int) -> bytes:
    if end > limit:
        raise TruncatedError(f"the bytes end at {limit}")
    return bytes(buffer[start:end])
