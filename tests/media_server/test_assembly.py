"""How parts are laid end to end: times, tracks, and what fills the sound at the joints."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media_server.recording import assembly
from media_server.recording.assembly import (
    PICTURE_TRACK,
    SOUND_TRACK,
    Assembly,
    CannotJoin,
    ReadPart,
    Refusal,
    SoundSpan,
    Span,
    assemble,
    lay_out,
    recording_tracks,
    silences,
)
from media_server.recording.timeline import Timeline
from media_server.rtp.opus import packet_samples
from media_server.webm.packets import Packets
from media_server.webm.track_entry import TrackEntry, TrackType

CELT_20, HYBRID_20, SILK_60 = b"\x78\x01", b"\x68\x01", b"\x58\x01"
LENGTHS = {CELT_20: 20, HYBRID_20: 20, SILK_60: 60}

PICTURE, SOUND = TrackEntry.picture(PICTURE_TRACK, "VP9"), TrackEntry.sound(SOUND_TRACK)


class Parts:
    """Parts whose payloads lie in memory."""

    def __init__(self) -> None:
        self.read_parts: list[ReadPart] = []
        self._payloads: list[bytes] = [assembly.CONCEALMENT_OCTETS]

    def add(
        self,
        *,
        sound_ms: range | None = None,
        picture_ms: range | None = None,
        packet: bytes = CELT_20,
        tracks: tuple[TrackEntry, ...] = (PICTURE, SOUND),
    ) -> "Parts":
        number, packets, payloads = len(self._payloads), Packets(), b""
        rows = [(at, SOUND_TRACK, packet) for at in sound_ms or ()] + [
            (at, PICTURE_TRACK, b"picture") for at in picture_ms or ()
        ]
        for at, track, data in sorted(rows):
            packets.add(0, track, at, len(payloads), len(payloads) + len(data), keyframe=True)
            payloads += data
        self.read_parts.append(ReadPart(number * 3, tracks, packets))
        self._payloads.append(payloads)
        return self

    def read(self, source: int, start: int, end: int) -> bytes:
        return self._payloads[source][start:end]

    def assemble(self) -> Assembly:
        return assemble(self.read_parts, self.read)

    def sound(self, whole: Assembly) -> list[tuple[int, bytes]]:
        """Time and payload of each sound packet."""
        packets = whole.packets
        payloads = packets.payloads(self.read)
        columns = zip(packets.tracks, packets.times, payloads, strict=True)
        return [(at, data) for track, at, data in columns if track == SOUND_TRACK]


def lengths(whole: Assembly) -> list[int]:
    return [part.length_ms for part in whole.timeline.parts]


# --- time ------------------------------------------------------------------------------


def test_a_part_s_sound_begins_where_the_sound_before_it_ends() -> None:
    parts = Parts().add(sound_ms=range(0, 1000, 20), picture_ms=range(0, 990, 40)).add(sound_ms=range(0, 400, 20))
    whole = parts.assemble()
    assert lengths(whole) == [1000, 400]
    assert [at for at, _ in parts.sound(whole)] == list(range(0, 1400, 20))
    assert assembly.CONCEALMENT not in whole.packets.sources


def test_a_picture_that_outlasts_the_sound_is_matched_by_concealment() -> None:
    parts = Parts().add(sound_ms=range(0, 1000, 20), picture_ms=range(0, 1050, 40)).add(sound_ms=range(0, 40, 20))
    whole = parts.assemble()
    # The last picture begins at 1040 and ends at 1041; the next packet boundary is at 1050.
    assert lengths(whole) == [1050, 40]
    assert parts.sound(whole)[49:] == [
        (980, CELT_20),
        (1000, b"\x78"),
        (1020, b"\x78"),
        (1040, b"\x70"),  # 10 ms of the same mode
        (1050, CELT_20),
        (1070, CELT_20),
    ]


def test_sound_that_begins_after_the_picture_is_led_up_to() -> None:
    parts = Parts().add(sound_ms=range(0, 1000, 20)).add(sound_ms=range(37, 400, 20), picture_ms=range(0, 400, 40))
    whole = parts.assemble()
    # Part two begins 3 ms late, so that 40 ms have to be filled, not 37.
    assert [part.start_ms for part in whole.timeline.parts] == [0, 1003]
    assert [at for at, _ in parts.sound(whole)][48:54] == [960, 980, 1000, 1020, 1040, 1060]


def test_a_part_without_sound_is_filled_from_end_to_end() -> None:
    parts = Parts().add(sound_ms=range(0, 1000, 20))
    parts.add(picture_ms=range(0, 60_000, 40)).add(sound_ms=range(0, 100, 20))
    whole = parts.assemble()
    sound = parts.sound(whole)
    assert lengths(whole) == [1000, 59_970, 100]
    assert [data for _, data in sound[50:-5]] == [b"\x78"] * 2998 + [b"\x70"]
    assert [at for at, _ in sound[50:-5]] == list(range(1000, 60_970, 20))
    # Woven, so that nobody has to look far ahead for either.
    times = list(whole.packets.times)
    assert times == sorted(times)


def test_before_the_first_sound_and_after_the_last_nothing_is_filled() -> None:
    parts = (
        Parts().add(picture_ms=range(0, 1000, 40)).add(sound_ms=range(13, 93, 20)).add(picture_ms=range(0, 1000, 40))
    )
    whole = parts.assemble()
    assert assembly.CONCEALMENT not in whole.packets.sources
    assert lengths(whole) == [961, 93, 961]
    assert [at for at, _ in parts.sound(whole)] == [974, 994, 1014, 1034]


def test_the_next_part_s_first_picture_comes_after_the_last() -> None:
    parts = Parts().add(picture_ms=range(0, 1000, 40)).add(picture_ms=range(0, 100, 40))
    times = list(parts.assemble().packets.times)
    assert times == sorted(set(times))


spans = st.builds(
    lambda start, length, extra, packet: Span(0, start + length + extra, SoundSpan(start, start + length, packet)),
    st.integers(0, 500),
    st.integers(1, 5000),
    st.integers(0, 900),
    st.sampled_from(list(LENGTHS)),
) | st.builds(lambda length: Span(0, length, None), st.integers(1, 5000))


@given(st.lists(spans, min_size=1, max_size=12))
@settings(deadline=None, max_examples=200)
def test_parts_neither_overlap_nor_part_and_sound_has_no_hole(given: list[Span]) -> None:
    timeline = lay_out(given)
    filled = {silence.start_ms: silence.end_ms for silence in silences(given, timeline)}
    for span, placed in zip(given, timeline.parts, strict=True):
        assert 0 <= placed.length_ms - span.end_ms < assembly.SOUND_GRAIN_MS
    assert timeline.parts[-1].length_ms == given[-1].end_ms
    heard_until: int | None = None
    for span, placed in zip(given, timeline.parts, strict=True):
        if span.sound is None:
            continue
        begins = placed.start_ms + span.sound.start_ms
        if heard_until is not None:
            assert filled.pop(heard_until, heard_until) == begins
            assert (begins - heard_until) % assembly.SOUND_GRAIN_MS == 0
        heard_until = placed.start_ms + span.sound.end_ms
    assert filled == {}


@pytest.mark.parametrize("packet", LENGTHS)
@pytest.mark.parametrize("outlasts_ms", [0, 1, 9, 10, 11, 59, 60, 61, 119, 2503])
def test_samples_and_times_agree_in_every_mode(packet: bytes, outlasts_ms: int) -> None:
    step = LENGTHS[packet]
    parts = Parts().add(sound_ms=range(0, 600, step), picture_ms=range(0, 600 + outlasts_ms, 1), packet=packet)
    parts.add(sound_ms=range(7, 607, step), picture_ms=range(0, 600, 40), packet=packet)
    heard = 0
    for at, data in parts.sound(parts.assemble()):
        assert at * 48 == heard
        heard += packet_samples(data)


# --- tracks ----------------------------------------------------------------------------


def test_the_picture_s_size_is_the_largest() -> None:
    parts = Parts()
    for width, height in ((320, 240), (640, 480), (480, 360)):
        entry = TrackEntry(1, TrackType.VIDEO, "V_VP9", width=width, height=height)
        parts.add(picture_ms=range(0, 80, 40), tracks=(entry, SOUND))
    (picture,) = parts.assemble().tracks
    assert (picture.width, picture.height) == (640, 480)


def test_a_track_that_no_part_uses_is_not_declared() -> None:
    assert Parts().add(sound_ms=range(0, 100, 20)).assemble().tracks == (SOUND,)


def test_a_part_with_only_sound_and_one_with_only_picture_make_both() -> None:
    parts = (
        Parts().add(sound_ms=range(0, 100, 20), tracks=(SOUND,)).add(picture_ms=range(0, 100, 40), tracks=(PICTURE,))
    )
    assert parts.assemble().tracks == (PICTURE, SOUND)


def refusal(parts: Parts) -> tuple[Refusal, int]:
    with pytest.raises(CannotJoin) as caught:
        parts.assemble()
    return caught.value.refusal, caught.value.part_number


def test_another_codec_needs_transcoding() -> None:
    parts = Parts().add(picture_ms=range(0, 100, 40)).add(sound_ms=range(0, 100, 20))
    parts.add(picture_ms=range(0, 100, 40), tracks=(TrackEntry.picture(1, "VP8"), SOUND))
    assert refusal(parts) == (Refusal.NEEDS_TRANSCODING, 9)


def test_another_codec_that_was_declared_and_never_sent_does_not_matter() -> None:
    parts = Parts().add(picture_ms=range(0, 100, 40))
    parts.add(sound_ms=range(0, 100, 20), tracks=(TrackEntry.picture(1, "VP8"), SOUND))
    assert parts.assemble().tracks == (PICTURE, SOUND)


def test_sound_whose_decoder_has_to_know_something_else_needs_transcoding() -> None:
    other = TrackEntry(2, TrackType.AUDIO, "A_OPUS", codec_private=b"OpusHead\1\1\x38\1" + bytes(7), channels=1)
    parts = Parts().add(sound_ms=range(0, 100, 20)).add(sound_ms=range(0, 100, 20), tracks=(other,))
    assert refusal(parts) == (Refusal.NEEDS_TRANSCODING, 6)


def test_nothing_at_all_cannot_be_joined() -> None:
    assert refusal(Parts().add().add()) == (Refusal.EMPTY, 6)
    assert Parts().add().add(sound_ms=range(0, 100, 20)).add().assemble().timeline.duration_ms == 100


def test_an_empty_sound_packet_at_the_end_is_no_sound() -> None:
    assert refusal(Parts().add(sound_ms=range(0, 100, 20), packet=b"")) == (Refusal.UNREADABLE, 3)


def test_track_numbers_of_other_writers_become_ours() -> None:
    entries = [TrackEntry.sound(1), TrackEntry.picture(7, "VP8")]
    renumbered = recording_tracks(1, entries)
    assert {old: entry.number for old, entry in renumbered.items()} == {1: SOUND_TRACK, 7: PICTURE_TRACK}
    with pytest.raises(CannotJoin, match="two tracks of a kind"):
        recording_tracks(1, [*entries, TrackEntry.sound(3)])


# --- recording time --------------------------------------------------------------------


def test_a_moment_of_a_part_has_one_place_in_the_recording() -> None:
    timeline = Timeline.of([(1, 1000), (2, 500), (5, 250)])
    assert timeline.duration_ms == 1750
    assert [timeline.recording_time(*moment) for moment in ((1, 0), (1, 999), (2, 0), (2, 499), (5, 250))] == [
        *(0, 999, 1000),
        *(1499, 1750),
    ]


def test_a_moment_outside_its_part_is_moved_to_the_nearer_end() -> None:
    timeline = Timeline.of([(1, 1000), (2, 500)])
    assert [timeline.recording_time(1, 1200), timeline.recording_time(2, -5), timeline.recording_time(2, 9999)] == [
        *(1000, 1000),
        1500,
    ]


def test_a_part_that_is_not_there_has_no_place() -> None:
    with pytest.raises(LookupError, match="no part 3"):
        Timeline.of([(1, 1000)]).recording_time(3, 0)
    assert Timeline.of([]).duration_ms == 0
