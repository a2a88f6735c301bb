"""A recording made elsewhere: what of it can be kept as it is, and how its packets become those of a part.

Nothing is decoded. Pictures keep their octets; sound keeps its packets, and where some are missing others stand in
that have the decoder conceal them, since browsers skip holes in sound and then play everything after them too early.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from media_server.recording.assembly import CONCEALMENT, PICTURE_TRACK, SOUND_TRACK
from media_server.rtp.errors import PayloadError
from media_server.rtp.opus import SAMPLE_RATE, conceal, packet_samples
from media_server.webm.packets import Packets, ReadSource
from media_server.webm.reader import Block
from media_server.webm.record import MAX_PAYLOAD
from media_server.webm.track_entry import TrackEntry, TrackType

UPLOADED: Final = 1
"The source of packets that were uploaded; :data:`~media_server.recording.assembly.CONCEALMENT` is the other."

HOLE_MS: Final = 60
"Recorders stamp sound by its arrival, some tens of milliseconds to and fro; what is further off is a hole."
MOST_PACKETS: Final = 4_000_000
"Ten hours of pictures and sound. A file that holds more was made to hurt."
LONGEST_AV1_PRIVATE: Final = 128
"Octets. A part's head holds no more, and encoders write some twenty."

PICTURES: Final = frozenset({"V_VP8", "V_VP9", "V_AV1"})
SOUND: Final = "A_OPUS"
PACKET_START: Final = 2
"Octets of an Opus packet that tell how long it lasts."

_SAMPLES_PER_MS = SAMPLE_RATE // 1000
_NS_PER_MS = 1_000_000
_OPUS_HEAD = 19
_OPUS_GAIN = slice(16, 18)
_OPUS_CHANNELS, _OPUS_FAMILY = 9, 18
_STEREO = 2


class UploadRefusal(StrEnum):
    """Why an upload becomes no part."""

    NO_WEBM = "no_webm"
    BROKEN = "broken"
    CODEC = "codec"
    LAYOUT = "layout"
    EMPTY = "empty"
    TOO_LONG = "too_long"
    UNPLAYABLE = "unplayable"


class UploadRefused(Exception):  # noqa: N818  it says what happened
    """It becomes no part; nothing was stored."""

    def __init__(self, refusal: UploadRefusal, why: str) -> None:
        super().__init__(why)
        self.refusal = refusal


@dataclass(frozen=True, slots=True)
class UploadedTracks:
    """Which of a file's tracks are kept, and as what."""

    by_number: Mapping[int, TrackEntry]
    "By the file's own number, the track of the part that it becomes."
    picture_later_ms: int
    "How much later pictures are shown than their blocks say: so much of the sound's beginning is the codec's own."


def choose_tracks(tracks: Iterable[TrackEntry]) -> UploadedTracks:
    """Say what each track becomes. Raises UploadRefused: another codec, two of a kind, nothing to keep."""
    chosen: dict[int, TrackEntry] = {}
    later_ms = 0
    for track in tracks:
        if track.is_encoded:
            raise UploadRefused(UploadRefusal.LAYOUT, f"track {track.number} is compressed once more, or encrypted")
        kept = _picture(track) if track.type is TrackType.VIDEO else _sound(track)
        if any(kept.number == other.number for other in chosen.values()):
            raise UploadRefused(UploadRefusal.LAYOUT, "it has two tracks of a kind")
        chosen[track.number] = kept
        if track.type is TrackType.AUDIO:
            later_ms = round(track.codec_delay_ns / _NS_PER_MS)
    if not chosen:
        raise UploadRefused(UploadRefusal.EMPTY, "it declares neither picture nor sound")
    return UploadedTracks(chosen, later_ms)


def _picture(track: TrackEntry) -> TrackEntry:
    if track.codec_id not in PICTURES:
        raise UploadRefused(UploadRefusal.CODEC, f"its picture is {track.codec_id}")
    # VP8 and VP9 decoders need nothing beforehand; without it parts of different recorders can be joined.
    private = track.codec_private if track.codec_id == "V_AV1" else b""
    if len(private) > LONGEST_AV1_PRIVATE:
        raise UploadRefused(UploadRefusal.LAYOUT, f"its CodecPrivate has {len(private)} octets")
    return replace(TrackEntry.picture(PICTURE_TRACK, track.codec_id.removeprefix("V_")), codec_private=private)


def _sound(track: TrackEntry) -> TrackEntry:
    if track.codec_id != SOUND:
        raise UploadRefused(UploadRefusal.CODEC, f"its sound is {track.codec_id}")
    head = track.codec_private
    if head and (
        len(head) < _OPUS_HEAD or head[_OPUS_FAMILY] or head[_OPUS_CHANNELS] > _STEREO or any(head[_OPUS_GAIN])
    ):
        raise UploadRefused(UploadRefusal.LAYOUT, "its sound has more than two channels, or a gain")
    return TrackEntry.sound(SOUND_TRACK)


def gather(blocks: Iterable[Block], tracks: UploadedTracks, longest_ms: int) -> Packets:
    """Put the blocks of the chosen tracks into columns, the earliest at 0, pictures from the first keyframe on.

    Raises UploadRefused: too long, too many, nothing that can be shown or heard.
    """
    packets = Packets()
    shown = False
    for block in blocks:
        track = tracks.by_number.get(block.track)
        if track is None:
            continue
        if block.data_end - block.data_start > MAX_PAYLOAD:
            raise UploadRefused(UploadRefusal.BROKEN, f"a packet has {block.data_end - block.data_start} octets")
        at_ms = block.timestamp_ms
        if track.type is TrackType.VIDEO:
            shown = shown or block.keyframe
            at_ms += tracks.picture_later_ms
            if not shown:
                continue
        packets.add(UPLOADED, track.number, at_ms, block.data_start, block.data_end, keyframe=bool(block.keyframe))
        if len(packets) > MOST_PACKETS:
            raise UploadRefused(UploadRefusal.TOO_LONG, f"it holds more than {MOST_PACKETS} packets")
    return _from_zero(packets, longest_ms)


def _from_zero(packets: Packets, longest_ms: int) -> Packets:
    if not len(packets):
        raise UploadRefused(UploadRefusal.EMPTY, "it holds neither picture nor sound")
    first_ms = min(packets.times)
    if max(packets.times) - first_ms > longest_ms:
        raise UploadRefused(UploadRefusal.TOO_LONG, f"it spans {max(packets.times) - first_ms} ms")
    moved = Packets()
    moved.extend(packets, source=UPLOADED, shift_ms=-first_ms)
    return moved


def without_holes(packets: Packets, read: ReadSource) -> Packets:
    """Fill what is missing of the sound, and weave the tracks together by time; `read` fetches octets of the upload.

    Raises UploadRefused when what claims to be sound is none.
    """
    filled, sound = Packets(), _Sound(read)
    for row in zip(*packets.columns(), strict=True):
        _, track, at_ms, keyframe, start, end = row
        if track == SOUND_TRACK:
            for missing_ms, octet in sound.take(at_ms, start, end):
                filled.add(CONCEALMENT, SOUND_TRACK, missing_ms, octet, octet + 1, keyframe=True)
        filled.add(UPLOADED, track, at_ms, start, end, keyframe=bool(keyframe))
    return filled.by_time()


class _Sound:
    """Follows the sound packet by packet: how far it is heard without a hole."""

    def __init__(self, read: ReadSource) -> None:
        self._read = read
        self._heard_to: int | None = None
        self._before = b""

    def take(self, at_ms: int, start: int, end: int) -> Iterator[tuple[int, int]]:
        """Take a packet; what is missing before it comes out as times, each with the octet that conceals."""
        begins = at_ms * _SAMPLES_PER_MS
        heard_to = begins if self._heard_to is None else self._heard_to
        if begins - heard_to >= HOLE_MS * _SAMPLES_PER_MS:
            for piece in conceal(self._before, begins - heard_to):
                yield heard_to // _SAMPLES_PER_MS, piece.data[0]
                heard_to += piece.samples
        self._before = self._read(UPLOADED, start, min(start + PACKET_START, end))
        try:
            self._heard_to = heard_to + packet_samples(self._before)
        except PayloadError as error:
            raise UploadRefused(UploadRefusal.BROKEN, f"the sound at {at_ms} ms is none: {error}") from error
