"""What a part holds: gathered block by block, the same while writing and while mending."""

from typing import NamedTuple

from media_server.webm import ebml
from media_server.webm.actions import FileAction, Sync, Write
from media_server.webm.opus_packet import duration_ms
from media_server.webm.part_head import CUES_BODY, CUES_ROOM, SEGMENT_BODY, Ending, PartHead
from media_server.webm.track_entry import TrackEntry, TrackType

PICTURE_CUE_EVERY_MS = 1_000
"Keyframes closer than this share a cue."
SOUND_CUE_EVERY_MS = 12_000
"Where no keyframe came for this long, sound gets the cue. More than the 10 s between keyframes."

_VOID_HEADER = 9


class Cue(NamedTuple):
    """A place where playing can begin."""

    timestamp_ms: int
    "Of the block."
    track: int
    "Of the block."
    cluster: int
    "Where the block's cluster begins in the file; the block is its first."

    def encode(self) -> bytes:
        """Return the CuePoint; always of one length."""
        return ebml.element(
            ebml.CUE_POINT,
            ebml.uint(ebml.CUE_TIME, self.timestamp_ms, 4),
            ebml.element(
                ebml.CUE_TRACK_POSITIONS,
                ebml.uint(ebml.CUE_TRACK, self.track),
                ebml.uint(ebml.CUE_CLUSTER_POSITION, self.cluster - SEGMENT_BODY, 8),
            ),
        )


MAX_CUES = (CUES_ROOM - _VOID_HEADER) // len(Cue(0, 1, SEGMENT_BODY).encode())
"How many cues the room holds: 50 minutes at one a second, eight hours at one in ten seconds."


class CueIndex:
    """Collects cues; when the room is full, every second one goes and they come half as often."""

    def __init__(self) -> None:
        self._cues: list[Cue] = []
        self._thinning = 1
        self._last_ms: int | None = None
        self._last_picture_ms: int | None = None

    def add(self, cue: Cue, *, is_picture: bool) -> None:
        """Take a block that opens a cluster and can be decoded on its own; keep it if it is far enough from the last."""
        last, every = self._last_ms, SOUND_CUE_EVERY_MS
        if is_picture:
            last, every = self._last_picture_ms, PICTURE_CUE_EVERY_MS
        if last is not None and cue.timestamp_ms - last < every * self._thinning:
            return
        if is_picture and self._cues and cue.timestamp_ms - self._cues[-1].timestamp_ms < PICTURE_CUE_EVERY_MS:
            self._cues.pop()  # sound's, since keyframes as close were passed over above
        self._last_ms = cue.timestamp_ms
        if is_picture:
            self._last_picture_ms = cue.timestamp_ms
        if len(self._cues) == MAX_CUES:
            self._cues = self._cues[::2]
            self._thinning *= 2
        self._cues.append(cue)

    def __len__(self) -> int:
        return len(self._cues)

    def encode(self) -> bytes:
        """Return what fills the room for cues: the cues by time, and Void."""
        cues = b"".join(cue.encode() for cue in sorted(self._cues))
        return cues + ebml.void(CUES_ROOM - len(cues))


class Contents:
    """What is known of a part's blocks so far; of bounded size."""

    def __init__(self, tracks: tuple[TrackEntry, ...]) -> None:
        self._types = {track.number: track.type for track in tracks}
        self._cues = CueIndex()
        self.duration_ms = 0
        "When the last sound or picture ends, milliseconds. A picture has no length of its own."
        self.tracks_used: set[int] = set()
        "Numbers of the tracks that have blocks."

    def add(self, track: int, timestamp_ms: int, data: bytes, *, keyframe: bool, cluster: int | None) -> None:
        """Take a block; `cluster` is where the cluster begins that it opens, None if it opens none.

        Of `data` the first two octets are enough.
        """
        is_picture = self._types[track] is TrackType.VIDEO
        end = timestamp_ms if is_picture else timestamp_ms + duration_ms(data)
        self.duration_ms = max(self.duration_ms, end)
        self.tracks_used.add(track)
        if cluster is not None and keyframe:
            self._cues.add(Cue(timestamp_ms, track, cluster), is_picture=is_picture)

    def closing(self, head: PartHead, size: int) -> list[FileAction]:
        """Return what closes a file of `size` octets in place.

        The cues are on the disk before the head points to them, so that whatever the head says is true.
        """
        ending = Ending(size, self.duration_ms, frozenset(self.tracks_used), has_cues=bool(self._cues))
        return [Write(CUES_BODY, self._cues.encode()), Sync(), Write(0, head.encode(ending)), Sync()]
