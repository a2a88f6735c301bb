"""The reader: whole files, cut files, broken files, files of others."""

import io
from fractions import Fraction

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media_server.webm import ebml
from media_server.webm.errors import UnsupportedError, WebmError
from media_server.webm.file_head import MAX_TRACKS
from media_server.webm.part_head import FIRST_CLUSTER
from media_server.webm.reader import Tail, blocks, scan
from media_server.webm.record import MAX_TIMESTAMP_MS
from media_server.webm.track_entry import TrackEntry
from tests.media_server.webm.image import (
    PICTURE,
    SOUND,
    STARTED_AT_NS,
    Given,
    both_tracks,
    closed_part,
    live_part,
    new_writer,
    read,
    talk,
)

givens = st.builds(
    Given,
    st.sampled_from([PICTURE, SOUND]),
    st.integers(0, 10_000) | st.integers(0, MAX_TIMESTAMP_MS),
    st.binary(max_size=300),
    st.booleans(),
)


@given(st.lists(givens, max_size=40), st.booleans())
@settings(deadline=None, max_examples=80)
def test_what_was_written_is_read(given: list[Given], closed: bool) -> None:
    octets = closed_part(given) if closed else bytes(live_part(given)[0].octets)
    found = scan(octets)
    assert read(octets) == given
    assert (found.end, found.tail, found.blocks) == (len(octets), Tail.WHOLE, len(given))
    assert found.last_ms == max((block.timestamp_ms for block in given), default=0)


def test_the_head_comes_back() -> None:
    image, writer = live_part(talk(2))
    image.apply(writer.set_picture_size(320, 240))
    image.apply(writer.close())
    head = scan(image.octets).head
    assert [(track.width, track.height) for track in head.tracks] == [(320, 240), (0, 0)]
    assert head.tracks[1] == TrackEntry.sound(SOUND)
    assert (head.duration_ms, head.started_at_ns) == (2000.0, STARTED_AT_NS)
    assert (head.segment_end, head.first_cluster) == (len(image.octets), FIRST_CLUSTER)


def test_a_track_without_blocks_is_gone_from_a_closed_file_and_back_when_it_is_reopened() -> None:
    image, writer = live_part([block for block in talk(2) if block.track == SOUND])
    image.apply(writer.close())
    assert [track.number for track in scan(image.octets).head.tracks] == [SOUND]
    image.apply(writer.reopen())
    assert [track.number for track in scan(image.octets).head.tracks] == [PICTURE, SOUND]
    assert scan(image.octets).head.duration_ms is None


def test_cues_lead_to_the_keyframes() -> None:
    octets = closed_part(talk(20, late_ms=90))
    (cues,) = [e for e in segment_children(octets) if e.id == ebml.CUES]
    places = {}
    for point in ebml.children(octets, cues.body, cues.end):
        if point.id == ebml.CUE_POINT:
            fields = flat(octets, point)
            places[fields[ebml.CUE_TIME]] = (fields[ebml.CUE_TRACK], fields[ebml.CUE_CLUSTER_POSITION])
    assert list(places) == sorted(places)
    (segment,) = [e for e in top_level(octets) if e.id == ebml.SEGMENT]
    entered = {b.timestamp_ms: b for b in blocks(octets, scan(octets)) if b.track == PICTURE and b.keyframe}
    assert set(places) == set(entered)
    for at, block in entered.items():
        track, position = places[at]
        cluster = ebml.read_header(octets, segment.body + position, len(octets))
        assert (cluster.id, track) == (ebml.CLUSTER, PICTURE)
        assert next(b for b in blocks(octets, scan(octets)) if b.position > cluster.start) == block


def top_level(octets: bytes) -> list[ebml.Element]:
    return list(ebml.children(octets, 0, len(octets)))


def segment_children(octets: bytes) -> list[ebml.Element]:
    """The elements of a closed file's Segment up to the first cluster."""
    (segment,) = [e for e in top_level(octets) if e.id == ebml.SEGMENT]
    return list(ebml.children(octets, segment.body, FIRST_CLUSTER))


def flat(octets: bytes, found: ebml.Element) -> dict[int, int]:
    values: dict[int, int] = {}
    for child in ebml.children(octets, found.body, found.end):
        if child.id == ebml.CUE_TRACK_POSITIONS:
            values |= flat(octets, child)
        else:
            values[child.id] = ebml.read_uint(octets, child)
    return values


def test_a_seek_head_leads_to_what_it_names() -> None:
    octets = closed_part(talk(2))
    (segment,) = [e for e in top_level(octets) if e.id == ebml.SEGMENT]
    (seek_head,) = [e for e in segment_children(octets) if e.id == ebml.SEEK_HEAD]
    named = []
    for seek in ebml.children(octets, seek_head.body, seek_head.end):
        fields = flat(octets, seek)
        found = ebml.read_element(octets, segment.body + fields[ebml.SEEK_POSITION], len(octets))
        named.append(found.id)
        assert found.id == fields[ebml.SEEK_ID]
    assert named == [ebml.INFO, ebml.TRACKS, ebml.CUES]


# Cut and broken ---------------------------------------------------------------------


def small_file() -> tuple[bytes, list[Given], list[int]]:
    """A file, its blocks, and where each block's element ends."""
    given = talk(0.4)
    image, _ = live_part(given)
    octets = bytes(image.octets)
    return octets, given, [block.data_end for block in blocks(octets, scan(octets))]


def test_cut_anywhere_every_whole_block_is_there() -> None:
    octets, given, ends = small_file()
    for length in range(FIRST_CLUSTER, len(octets)):
        found = scan(octets[:length])
        assert found.blocks == sum(end <= length for end in ends)
        assert found.end <= length
        assert read(octets[:length]) == given[: found.blocks]
        assert (found.tail is Tail.WHOLE) == (found.end == length)


def test_a_head_cut_anywhere_is_refused_or_has_no_blocks() -> None:
    octets, _, _ = small_file()
    for length in [*range(600), FIRST_CLUSTER - 1]:
        try:
            found = scan(octets[:length])
        except WebmError:
            assert length < 512
        else:
            assert found.blocks == 0
            assert found.end <= length


def test_zeros_and_garbage_end_the_good_bytes() -> None:
    octets, given, ends = small_file()
    seal = 6
    for behind in (bytes(5000), b"\x12\x34" * 50, b"\xff" * 50, b"\xa3\x80", b"\xa3\x84\x81\0\0\0" + bytes(9)):
        found = scan(octets + behind)
        assert found.tail is Tail.DAMAGED
        assert found.end in {ends[-1] + seal, ends[-1] + seal + 6}
        assert read(octets + behind)[: len(given)] == given


@given(st.lists(st.tuples(st.integers(0, 2**20), st.integers(0, 255)), min_size=1, max_size=12))
@settings(deadline=None, max_examples=300)
def test_no_mutation_raises_anything_else(changes: list[tuple[int, int]]) -> None:
    octets = bytearray(SMALL)
    for where, value in changes:
        octets[where % len(octets)] = value
    try:
        found = scan(octets)
    except WebmError:
        return
    assert found.end <= len(octets)
    assert sum(1 for _ in blocks(octets, found)) == found.blocks


@given(st.binary(max_size=400))
@settings(deadline=None, max_examples=200)
def test_garbage_behind_a_good_beginning_raises_nothing_else(garbage: bytes) -> None:
    for keep in (0, 36, 48):  # behind nothing, the EBML header, the Segment's header
        try:
            scan(SMALL[:keep] + garbage)
        except WebmError:
            continue


def without_room(octets: bytes) -> bytes:
    """The same file without the room for cues, so that mutations hit something."""
    found = scan(octets)
    return octets[:500] + ebml.void(12) + octets[found.head.first_cluster :]


SMALL = without_room(small_file()[0])


def test_a_mutated_file_is_a_file_at_first() -> None:
    assert read(SMALL) == small_file()[1]


# Files of others ----------------------------------------------------------------------


def foreign(*clusters: bytes, tracks: bytes | None = None, segment_size: bytes = ebml.UNKNOWN_SIZE) -> bytes:
    return (
        ebml.element(ebml.EBML, ebml.text(ebml.DOC_TYPE, "webm"))
        + ebml.encode_id(ebml.SEGMENT)
        + segment_size
        + ebml.element(ebml.INFO, ebml.uint(ebml.TIMESTAMP_SCALE, 500_000))
        + (ebml.element(ebml.TRACKS, *(t.encode() for t in both_tracks())) if tracks is None else tracks)
        + b"".join(clusters)
    )


def block_body(ticks: int, flags: int = 0) -> bytes:
    return b"\x81" + ticks.to_bytes(2, "big", signed=True) + bytes([flags]) + b"payload"


def test_block_groups_negative_times_and_other_scales() -> None:
    cluster = ebml.element(
        ebml.CLUSTER,
        ebml.uint(ebml.TIMESTAMP, 1000),
        ebml.uint(ebml.PREV_SIZE, 7),
        ebml.element(ebml.BLOCK_GROUP, ebml.element(ebml.BLOCK, block_body(-10))),
        ebml.element(ebml.BLOCK_GROUP, ebml.element(ebml.BLOCK, block_body(20)), ebml.element(0xFB, b"\xff")),
        ebml.element(ebml.SIMPLE_BLOCK, block_body(40, 0x80)),
    )
    octets = foreign(cluster, ebml.element(ebml.TAGS), cluster)
    assert [(b.timestamp_ms, b.keyframe) for b in blocks(octets, scan(octets))] == [
        (495, True),
        (510, False),
        (520, True),
    ] * 2


def test_a_cluster_of_unknown_size_ends_where_the_next_element_of_the_segment_begins() -> None:
    live = ebml.encode_id(ebml.CLUSTER) + b"\xff" + ebml.uint(ebml.TIMESTAMP, 0)
    live += ebml.element(ebml.SIMPLE_BLOCK, block_body(2))
    cues = ebml.element(ebml.CUES, bytes(8))
    assert scan(foreign(live, live, cues, live)).clusters == 3
    assert scan(foreign(live, cues, live)).tail is Tail.WHOLE


def test_a_second_file_behind_the_first_is_left_alone() -> None:
    one = foreign(ebml.element(ebml.CLUSTER, ebml.uint(ebml.TIMESTAMP, 0), ebml.element(0xA3, block_body(0))))
    found = scan(one + one)
    assert (found.blocks, found.end, found.tail) == (1, len(one), Tail.WHOLE)


def test_lacing_is_refused_by_name() -> None:
    octets = foreign(ebml.element(ebml.CLUSTER, ebml.uint(ebml.TIMESTAMP, 0), ebml.element(0xA3, block_body(0, 0x02))))
    with pytest.raises(UnsupportedError, match="laced"):
        scan(octets)


@pytest.mark.parametrize(
    "cluster",
    [
        ebml.element(0xA3, block_body(0)),  # a block before its cluster's time
        ebml.uint(ebml.TIMESTAMP, 0) + ebml.element(0xA3, b"\x81\0\0"),
        ebml.uint(ebml.TIMESTAMP, 0) + ebml.element(0xA3, b"\x80\0\0\0"),
        ebml.uint(ebml.TIMESTAMP, 0) + ebml.element(ebml.BLOCK_GROUP),
        ebml.uint(ebml.TIMESTAMP, 0) + ebml.element(ebml.BLOCK_GROUP, ebml.element(0xFB, b"\xff") * 100),
        ebml.uint(ebml.TIMESTAMP, 0) + ebml.element(ebml.BLOCK_GROUP, b"\xa1\xff"),
        ebml.uint(ebml.TIMESTAMP, 0) + ebml.element(0x4DBB),
    ],
)
def test_blocks_that_make_no_sense_are_damage(cluster: bytes) -> None:
    assert scan(foreign(ebml.element(ebml.CLUSTER, cluster))).tail is Tail.DAMAGED


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"RIFF" + bytes(100),
        ebml.element(ebml.EBML, ebml.text(ebml.DOC_TYPE, "docx")),
        ebml.element(ebml.EBML),
        ebml.element(ebml.EBML, ebml.text(ebml.DOC_TYPE, "webm")) + ebml.element(ebml.TAGS),
        foreign(tracks=b""),
        foreign(tracks=ebml.element(ebml.TRACKS, *[both_tracks()[0].encode()] * (MAX_TRACKS + 1))),
        foreign(tracks=ebml.element(ebml.TRACKS, ebml.element(ebml.TRACK_ENTRY, ebml.uint(ebml.TRACK_TYPE, 1)))),
        foreign(tracks=ebml.encode_id(ebml.TRACKS) + ebml.UNKNOWN_SIZE),
        foreign(ebml.element(ebml.INFO, ebml.uint(ebml.TIMESTAMP_SCALE, 0))),
    ],
)
def test_heads_that_make_no_sense_are_refused(octets: bytes) -> None:
    with pytest.raises(WebmError):
        scan(octets)


def test_what_does_not_belong_behind_the_head_is_damage() -> None:
    found = scan(foreign(ebml.element(0x4DBB)))
    assert (found.blocks, found.end, found.tail) == (0, len(foreign()), Tail.DAMAGED)


def test_tracks_that_are_neither_picture_nor_sound_are_passed_over() -> None:
    subtitles = ebml.element(ebml.TRACK_ENTRY, ebml.uint(ebml.TRACK_TYPE, 17))
    head = scan(foreign(tracks=ebml.element(ebml.TRACKS, subtitles, both_tracks()[1].encode()))).head
    assert [track.codec_id for track in head.tracks] == ["A_OPUS"]


@pytest.mark.parametrize("options", [{}, {"live": "1"}, {"cluster_time_limit": "100"}])
def test_what_ffmpeg_writes_is_walked(options: dict[str, str]) -> None:
    target = io.BytesIO()
    with av.open(target, "w", format="webm", options=options) as container:
        stream = container.add_stream("libvpx", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        for index in range(50):
            frame = av.VideoFrame.from_ndarray(np.full((64, 64, 3), index, np.uint8))
            frame.pts, frame.time_base = index, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    octets = target.getvalue()
    found = scan(octets)
    assert (found.blocks, found.last_ms, found.tail) == (50, 1960, Tail.WHOLE)
    with av.open(io.BytesIO(octets), "r") as written:
        packets = [(packet.pts, bytes(packet), packet.is_keyframe) for packet in written.demux() if packet.size]
    assert [(b.timestamp_ms, octets[b.data_start : b.data_end], b.keyframe) for b in blocks(octets, found)] == packets


def test_any_kind_of_buffer_will_do() -> None:
    octets = closed_part(talk(1))
    assert scan(octets) == scan(bytearray(octets)) == scan(memoryview(octets))
    assert new_writer().size == 0
