"""Every packet of a recording in columns: who holds it, where, and when it is shown.

A tuple for each packet of a long interview would take more memory than joining it may have; a column takes eight
octets. The octets themselves stay where they are.
"""

from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from media_server.webm import ebml
from media_server.webm.errors import TruncatedError, UnsupportedError, WebmError
from media_server.webm.file_head import SEGMENT_CHILDREN

ReadSource = Callable[[int, int, int], bytes]
"(source, start, end) → those octets of it."

HEADER_ROOM = 24
"No element that has to be looked at is longer: id, size, and a cluster's time or a block's header."

_SKIPPED = (SEGMENT_CHILDREN | {ebml.SILENT_TRACKS, ebml.POSITION, ebml.PREV_SIZE}) - {ebml.CLUSTER}
_LACING_FLAGS = 0x06
_BLOCK_HEADER = 4
_ONE_OCTET, _TWO_OCTETS, _ALL_ONES = 0x80, 0x40, 0xFF
_SIGN = 0x8000
_OPEN_END = 1 << 62
"Where a cluster ends that does not tell."


@dataclass(frozen=True, slots=True)
class Packets:
    """Columns of equal length; one row is one picture or one sound packet."""

    sources: "array[int]" = field(default_factory=lambda: array("H"))
    "Which source holds the payload."
    tracks: "array[int]" = field(default_factory=lambda: array("B"))
    "Track number."
    times: "array[int]" = field(default_factory=lambda: array("q"))
    "When it is shown or heard, milliseconds."
    keyframes: "array[int]" = field(default_factory=lambda: array("B"))
    "1 where decoding can begin."
    starts: "array[int]" = field(default_factory=lambda: array("q"))
    "Where the payload begins in its source."
    ends: "array[int]" = field(default_factory=lambda: array("q"))
    "Where the payload ends in its source."

    def __len__(self) -> int:
        return len(self.times)

    def add(self, source: int, track: int, time_ms: int, start: int, end: int, *, keyframe: bool) -> None:
        """Append one row."""
        self.sources.append(source)
        self.tracks.append(track)
        self.times.append(time_ms)
        self.keyframes.append(keyframe)
        self.starts.append(start)
        self.ends.append(end)

    def extend(self, others: "Packets", *, source: int, shift_ms: int) -> None:
        """Append all rows of a file: it is `source` here, and begins at `shift_ms`."""
        self.sources.extend(array("H", [source]) * len(others))
        self.tracks.extend(others.tracks)
        self.times.extend(array("q", [time_ms + shift_ms for time_ms in others.times]))
        self.keyframes.extend(others.keyframes)
        self.starts.extend(others.starts)
        self.ends.extend(others.ends)

    def times_of(self, track: int) -> list[int]:
        """The times of one track, in its order."""
        return [time_ms for time_ms, number in zip(self.times, self.tracks, strict=True) if number == track]

    def by_time(self) -> "Packets":
        """The same rows, the tracks woven together by time, at the same time the lower track number first.

        Each track keeps its own order, whatever its times say.
        """
        running = {track: accumulate(self.times_of(track), max) for track in set(self.tracks)}
        keys = [next(running[track]) << 8 | track for track in self.tracks]
        order = sorted(range(len(self)), key=keys.__getitem__)
        return Packets(*(array(column.typecode, map(column.__getitem__, order)) for column in self.columns()))

    def columns(self) -> "tuple[array[int], ...]":
        """Return the columns, in the order in which they are declared."""
        return (self.sources, self.tracks, self.times, self.keyframes, self.starts, self.ends)

    def payloads(self, read: ReadSource) -> Iterator[bytes]:
        """Fetch payload after payload."""
        return map(read, self.sources, self.starts, self.ends)


class PacketIndexer:
    """Finds the packets of a file whose octets are fed to it from the first cluster on, in pieces of any length.

    Takes what we write, live and joined, and whatever else needs no more than SimpleBlocks. It holds no payload.
    """

    def __init__(self, first_cluster: int, tracks: Mapping[int, int]) -> None:
        """Begin at `first_cluster`; `tracks` tells for each track number of the file the one it gets."""
        self._packets = Packets()
        self._tracks = {_ONE_OCTET | number: renumbered for number, renumbered in tracks.items()}
        self._rest = b""
        self._rest_at = first_cluster
        self._at = first_cluster
        self._cluster_ms: int | None = None
        self._cluster_end = _OPEN_END

    def receive_data(self, data: bytes) -> None:
        """Take the next piece. Raises :class:`WebmError`; UnsupportedError for valid WebM that is not taken."""
        buffer = self._rest + data
        self._walk(buffer, self._rest_at + len(buffer) - HEADER_ROOM)
        kept = min(max(self._at - self._rest_at, 0), len(buffer))
        self._rest = buffer[kept:]
        self._rest_at += kept

    def close(self) -> Packets:
        """Hear that the file ends here; hand out what it holds. Raises as :meth:`receive_data` does."""
        end = self._rest_at + len(self._rest)
        self._walk(self._rest + bytes(HEADER_ROOM), end - 1)
        if self._at > end or end < self._cluster_end < _OPEN_END:
            raise TruncatedError(f"the bytes end at {end}, in the middle of an element")
        return self._packets

    def _walk(self, buffer: bytes, last: int) -> None:
        """Go over the elements that begin at `last` or before; everything up to the end of their headers is there."""
        shift = self._rest_at
        at, last = self._at - shift, last - shift
        while at <= last:
            first = buffer[at]
            if first not in (ebml.SIMPLE_BLOCK, ebml.VOID):
                at = self._enter(buffer, at)
                continue
            # Sizes of one and two octets are all that sound and most pictures need; all ones means that it is unknown.
            size, body = buffer[at + 1], at + 2
            if _ONE_OCTET <= size < _ALL_ONES:
                size ^= _ONE_OCTET
            elif _TWO_OCTETS <= size < _ONE_OCTET - 1:
                size, body = (size ^ _TWO_OCTETS) << 8 | buffer[at + 2], at + 3
            else:
                size, body = _read_size(buffer, at + 1)
            if first == ebml.SIMPLE_BLOCK:
                self._take_block(buffer, body, size)
            at = body + size
        self._at = at + shift

    def _take_block(self, buffer: bytes, body: int, size: int) -> None:
        number, high, low, flags = buffer[body : body + _BLOCK_HEADER]
        track = self._tracks.get(number)
        start, end = self._rest_at + body + _BLOCK_HEADER, self._rest_at + body + size
        if track is None or end < start or end > self._cluster_end or self._cluster_ms is None:
            raise WebmError(f"the block before {end} makes no sense")
        if flags & _LACING_FLAGS:
            raise UnsupportedError(f"the block before {end} is laced")
        relative = (high << 8 | low) ^ _SIGN
        packets = self._packets
        packets.sources.append(0)
        packets.tracks.append(track)
        packets.times.append(self._cluster_ms + relative - _SIGN)
        packets.keyframes.append(flags >> 7)  # the highest bit says so
        packets.starts.append(start)
        packets.ends.append(end)

    def _enter(self, buffer: bytes, at: int) -> int:
        """Read the header of an element that is no block; return where to go on."""
        found = ebml.read_header(buffer, at, len(buffer))
        match found.id:
            case ebml.CLUSTER:
                if self._rest_at + at < self._cluster_end < _OPEN_END:
                    raise WebmError(f"the cluster at {self._rest_at + at} lies in another")
                self._cluster_end = self._rest_at + found.end if found.sized else _OPEN_END
                self._cluster_ms = None
                return found.body
            case ebml.TIMESTAMP:
                self._cluster_ms = ebml.read_uint(buffer, found)
            case ebml.BLOCK_GROUP | ebml.ENCRYPTED_BLOCK:
                raise UnsupportedError(f"there is no simple block at {self._rest_at + at}")
            case other if other not in _SKIPPED or not found.sized:
                raise WebmError(f"no element of a Segment or Cluster at {self._rest_at + at}")
            case _:
                pass
        return found.end


def _read_size(buffer: bytes, at: int) -> tuple[int, int]:
    size, body = ebml.read_size(buffer, at, len(buffer))
    if size is None:
        raise WebmError("a block does not tell its size")
    return size, body


def differences(wanted: Packets, found: Packets, read_wanted: ReadSource, read_found: ReadSource) -> Iterator[str]:
    """Tell how one file's packets differ from those that it was to hold: number, order, times, every octet."""
    if len(wanted) != len(found):
        yield f"{len(found)} packets, not {len(wanted)}"
        return
    names = ("track", "time", "keyframe")
    for name, ours, theirs in zip(names, wanted.columns()[1:4], found.columns()[1:4], strict=True):
        if ours != theirs:
            yield f"the {name} of packet {_first_difference(ours, theirs)}"
    pairs = zip(wanted.payloads(read_wanted), found.payloads(read_found), strict=True)
    yield from (f"the octets of packet {index}" for index, (ours, theirs) in enumerate(pairs) if ours != theirs)


def _first_difference(ours: Sequence[int], theirs: Sequence[int]) -> int:
    return next(index for index, (one, other) in enumerate(zip(ours, theirs, strict=True)) if one != other)
