"""How an interview's parts become one recording: where each begins, and what keeps the sound whole at the joints.

Nothing is decoded. A part begins where the one before it has ended; where its sound ended earlier, or the next sound
begins later, packets fill the stretch that have the decoder conceal it, since browsers skip holes in sound and then
play everything after them too early.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise

from media_server.recording.timeline import Timeline
from media_server.rtp.opus import SAMPLE_RATE, conceal
from media_server.webm.opus_packet import duration_ms
from media_server.webm.packets import Packets, ReadSource
from media_server.webm.track_entry import TrackEntry, TrackType

PICTURE_TRACK, SOUND_TRACK = 1, 2
"Track numbers of the recording."

CONCEALMENT = 0
"The source of packets that conceal; parts come after it in their order, from 1."
CONCEALMENT_OCTETS = bytes(range(256))
"What that source holds: such a packet is its TOC octet alone."

SOUND_GRAIN_MS = 10
"The shortest packet that every Opus mode has: a stretch of so many milliseconds can be filled without a remainder."

LAST_PICTURE_MS = 1
"A picture has no length of its own; the last one of a part is given this, so that the next part's comes after it."

_SAMPLES_PER_MS = SAMPLE_RATE // 1000
_OPUS_START = 2


class Refusal(StrEnum):
    """Why parts cannot be joined as they are."""

    NEEDS_TRANSCODING = "needs_transcoding"
    UNREADABLE = "unreadable"
    EMPTY = "empty"


class CannotJoin(Exception):  # noqa: N818  it says what happened
    """These parts cannot be joined as they are; nothing was changed."""

    def __init__(self, refusal: Refusal, part_number: int, why: str) -> None:
        super().__init__(f"part {part_number} is why: {why}")
        self.refusal = refusal
        self.part_number = part_number
        self.why = why


@dataclass(frozen=True, slots=True)
class ReadPart:
    """A part that was read from end to end."""

    number: int
    "Its number within the interview."
    tracks: tuple[TrackEntry, ...]
    "What its head declares, in the recording's track numbers."
    packets: Packets
    "All it holds, times of the part, in the recording's track numbers."


@dataclass(frozen=True, slots=True)
class Assembly:
    """Everything that the recording will be, but for its chapters."""

    tracks: tuple[TrackEntry, ...]
    "At most one picture and one sound."
    timeline: Timeline
    "Where each part lies."
    packets: Packets
    "Those of all parts, and what fills the sound between them, by time."


def recording_tracks(part_number: int, tracks: Sequence[TrackEntry]) -> dict[int, TrackEntry]:
    """Tell by the file's own track number what each of a part's tracks is in the recording.

    Raises :class:`CannotJoin` when there are two of a kind.
    """
    numbers = {TrackType.VIDEO: PICTURE_TRACK, TrackType.AUDIO: SOUND_TRACK}
    renumbered = {track.number: replace(track, number=numbers[track.type]) for track in tracks}
    if len({track.number for track in renumbered.values()}) < len(tracks):
        raise CannotJoin(Refusal.NEEDS_TRANSCODING, part_number, "it has two tracks of a kind")
    return renumbered


def assemble(parts: Sequence[ReadPart], read: ReadSource) -> Assembly:
    """Lay the parts end to end; `read` fetches octets of a part, the sources being numbered from 1 in their order.

    Raises :class:`CannotJoin` when they hold nothing, or need more than putting them one behind the other.
    """
    tracks = common_tracks(parts)
    spans = [_span(source, part, read) for source, part in enumerate(parts, start=1)]
    timeline = lay_out(spans)
    before = {silence.part_number: silence for silence in silences(spans, timeline)}
    packets = Packets()
    for source, (part, placed) in enumerate(zip(parts, timeline.parts, strict=True), start=1):
        if part.number in before:
            _fill(packets, before[part.number])
        packets.extend(part.packets, source=source, shift_ms=placed.start_ms)
    return Assembly(tracks, timeline, packets.by_time())


def common_tracks(parts: Iterable[ReadPart]) -> tuple[TrackEntry, ...]:
    """Return the tracks that all parts fit into: the first of each kind that has packets, its picture the largest.

    Raises :class:`CannotJoin` when a part's codec, or what its decoder has to know first, is another.
    """
    common: dict[int, TrackEntry] = {}
    last = 0
    for part in parts:
        last = part.number
        used = set(part.packets.tracks)
        for track in (track for track in part.tracks if track.number in used):
            known = common.setdefault(track.number, track)
            if (known.codec_id, known.codec_private) != (track.codec_id, track.codec_private):
                why = f"its {track.codec_id} does not continue the {known.codec_id} before it"
                raise CannotJoin(Refusal.NEEDS_TRANSCODING, part.number, why)
            if track.width * track.height > known.width * known.height:
                common[track.number] = replace(known, width=track.width, height=track.height)
    if not common:
        raise CannotJoin(Refusal.EMPTY, last, "no part holds a packet")
    return tuple(common[number] for number in sorted(common))


# --- time -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Span:
    """What of a part matters to its neighbours."""

    number: int
    "Its number within the interview."
    end_ms: int
    "Where its last sound or picture ends, milliseconds of the part."
    sound: "SoundSpan | None"
    "None in a part without sound."


@dataclass(frozen=True, slots=True)
class SoundSpan:
    """Where a part's sound lies."""

    start_ms: int
    "Where its first packet begins, milliseconds of the part."
    end_ms: int
    "Where its last packet ends, milliseconds of the part."
    last_packet: bytes
    "The beginning of that packet: what follows conceals in its manner."


@dataclass(frozen=True, slots=True)
class Silence:
    """A stretch between two parts' sound."""

    part_number: int
    "The part whose sound ends it."
    start_ms: int
    "Milliseconds of the recording."
    end_ms: int
    "Milliseconds of the recording."
    after: bytes
    "The packet before it."


def lay_out(spans: Iterable[Span]) -> Timeline:
    """Say where parts begin: at once where the one before ends, or so many milliseconds later, less than
    :data:`SOUND_GRAIN_MS`, that whole packets fill what lies between their sounds.
    """
    starts: list[tuple[int, int]] = []
    at, sound_end = 0, None
    for span in spans:
        if span.sound is not None:
            if sound_end is not None:
                at += -(at + span.sound.start_ms - sound_end) % SOUND_GRAIN_MS
            sound_end = at + span.sound.end_ms
        starts.append((span.number, at))
        at += span.end_ms
    ends = [*(start for _, start in starts[1:]), at]
    return Timeline.of((number, end - start) for (number, start), end in zip(starts, ends, strict=True))


def silences(spans: Sequence[Span], timeline: Timeline) -> Iterator[Silence]:
    """Say where sound has to be filled. Before the first sound and after the last there is nothing to keep in step."""
    heard = [(placed, span.sound) for span, placed in zip(spans, timeline.parts, strict=True) if span.sound]
    for (earlier, before), (later, after) in pairwise(heard):
        start_ms, end_ms = earlier.start_ms + before.end_ms, later.start_ms + after.start_ms
        if start_ms < end_ms:
            yield Silence(later.number, start_ms, end_ms, before.last_packet)


def _span(source: int, part: ReadPart, read: ReadSource) -> Span:
    packets = part.packets
    pictures, sounds = packets.times_of(PICTURE_TRACK), packets.times_of(SOUND_TRACK)
    picture_end = max(pictures) + LAST_PICTURE_MS if pictures else 0
    if not sounds:
        return Span(part.number, picture_end, None)
    last = max(index for index, track in enumerate(packets.tracks) if track == SOUND_TRACK)
    if packets.starts[last] == packets.ends[last]:
        raise CannotJoin(Refusal.UNREADABLE, part.number, "its last sound packet is empty")
    packet = read(source, packets.starts[last], min(packets.starts[last] + _OPUS_START, packets.ends[last]))
    sound = SoundSpan(sounds[0], packets.times[last] + duration_ms(packet), packet)
    return Span(part.number, max(picture_end, sound.end_ms), sound)


def _fill(packets: Packets, silence: Silence) -> None:
    samples = (silence.end_ms - silence.start_ms) * _SAMPLES_PER_MS
    at = silence.start_ms * _SAMPLES_PER_MS
    for piece in conceal(silence.after, samples):
        octet = piece.data[0]
        packets.add(CONCEALMENT, SOUND_TRACK, at // _SAMPLES_PER_MS, octet, octet + 1, keyframe=True)
        at += piece.samples
