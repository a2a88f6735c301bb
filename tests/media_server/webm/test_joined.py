"""The writer of finished recordings: what comes out is what went in, and every position in it is right."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media_server.webm import ebml, joined
from media_server.webm.chapters import Chapter, encode_chapters
from media_server.webm.ebml import Element
from media_server.webm.joined import JoinedFile
from media_server.webm.packets import Packets
from media_server.webm.reader import Tail, scan
from media_server.webm.track_entry import TrackEntry
from tests.media_server.webm.image import PICTURE, SOUND, STARTED_AT_NS, Given, both_tracks, read, talk

CHAPTERS = [Chapter(0, 4000, "1. Who are you?"), Chapter(4000, 9000, "1. Who are you? (take 1)")]


def file_of(
    given: list[Given], chapters: list[Chapter] | None = None, tracks: list[TrackEntry] | None = None
) -> tuple[JoinedFile, bytes]:
    """The file, and the octets that its payloads lie in."""
    packets, payloads = Packets(), b""
    for each in given:
        start = len(payloads)
        payloads += each.data
        packets.add(3, each.track, each.timestamp_ms, start, len(payloads), keyframe=each.keyframe)
    entries = tuple(both_tracks() if tracks is None else tracks)
    last = max((each.timestamp_ms for each in given), default=0)
    return JoinedFile(entries, packets, last + 20, STARTED_AT_NS, chapters or ()), payloads


def written(given: list[Given], chapters: list[Chapter] | None = None, tracks: list[TrackEntry] | None = None) -> bytes:
    file, payloads = file_of(given, chapters, tracks)

    def fetch(source: int, start: int, end: int) -> bytes:
        assert source == 3
        return payloads[start:end]

    octets = b"".join(file.encode(fetch))
    assert len(octets) == file.size
    return octets


def woven(given: list[Given]) -> list[Given]:
    return sorted(given, key=lambda each: (each.timestamp_ms, each.track))


def segment_children(octets: bytes) -> list[Element]:
    header = ebml.read_element(octets, 0, len(octets))
    segment = ebml.read_element(octets, header.end, len(octets))
    assert segment.end == len(octets)
    return list(ebml.children(octets, segment.body, segment.end))


def cue_points(octets: bytes) -> list[tuple[int, int, int]]:
    """Time, track and cluster position (in the Segment) of each cue."""
    (cues,) = (child for child in segment_children(octets) if child.id == ebml.CUES)
    points = []
    for point in ebml.children(octets, cues.body, cues.end):
        time, positions = ebml.children(octets, point.body, point.end)
        track, cluster = ebml.children(octets, positions.body, positions.end)
        points.append(tuple(ebml.read_uint(octets, each) for each in (time, track, cluster)))
    return [(time, track, cluster) for time, track, cluster in points]


times = st.integers(0, 20_000) | st.integers(0, 2**32 - 1)
givens = st.builds(
    Given,
    st.sampled_from([PICTURE, SOUND]),
    times,
    st.binary(max_size=200) | st.integers(16_000, 17_000).map(bytes),
    st.booleans(),
)


@given(st.lists(givens, min_size=1, max_size=40))
@settings(deadline=None, max_examples=80)
def test_what_goes_in_comes_out(given: list[Given]) -> None:
    octets = written(given)
    found = scan(octets)
    assert read(octets) == given
    assert (found.end, found.tail) == (len(octets), Tail.WHOLE)


def test_the_head_tells_everything_before_the_first_cluster() -> None:
    octets = written(talk(9), CHAPTERS)
    children = segment_children(octets)
    names = [child.id for child in children]
    assert names[:5] == [ebml.SEEK_HEAD, ebml.INFO, ebml.TRACKS, ebml.CHAPTERS, ebml.CUES]
    assert set(names[5:]) == {ebml.CLUSTER}
    head = scan(octets).head
    assert (head.duration_ms, head.started_at_ns, head.muxing_app) == (9000.0, STARTED_AT_NS, "Holdfast")
    assert head.segment_end == len(octets)
    assert head.tracks == tuple(both_tracks())


@pytest.mark.parametrize("chapters", [[], CHAPTERS])
def test_the_seek_head_points_to_each_of_them(chapters: list[Chapter]) -> None:
    octets = written(talk(9), chapters)
    seek_head, *others = segment_children(octets)
    pointed = {}
    for seek in ebml.children(octets, seek_head.body, seek_head.end):
        seek_id, position = ebml.children(octets, seek.body, seek.end)
        pointed[int.from_bytes(ebml.read_bytes(octets, seek_id, 4), "big")] = ebml.read_uint(octets, position)
    expected = {child.id: child.start - seek_head.start for child in others if child.id != ebml.CLUSTER}
    assert pointed == expected
    assert (ebml.CHAPTERS in pointed) == bool(chapters)


def test_cues_point_to_clusters_that_begin_with_what_they_name() -> None:
    octets = written(woven(talk(30)), CHAPTERS)
    body = segment_children(octets)[0].start
    points = cue_points(octets)
    assert [time for time, _, _ in points] == list(range(0, 30_000, 2000))
    for time, track, position in points:
        cluster = ebml.read_element(octets, body + position, len(octets))
        timestamp, first, *_ = ebml.children(octets, cluster.body, cluster.end)
        assert cluster.id == ebml.CLUSTER
        assert ebml.read_uint(octets, timestamp) == time
        assert octets[first.body] == 0x80 | track
        assert track == PICTURE


def test_where_no_keyframe_comes_sound_gets_the_cues() -> None:
    sound = [Given(SOUND, at, b"\x78", True) for at in range(0, 60_000, 20)]
    late_pictures = [Given(PICTURE, at, b"picture", at == 40_500) for at in range(40_500, 60_000, 40)]
    octets = written(woven([*sound, *late_pictures]))
    points = [(time, track) for time, track, _ in cue_points(octets)]
    assert (40_500, PICTURE) in points
    assert all(
        later - earlier <= joined.SOUND_CUE_EVERY_MS + joined.CLUSTER_MS
        for (earlier, _), (later, _) in pairwise(points)
    )
    assert [track for _, track in points].count(SOUND) == 3


def test_a_cluster_stays_short_and_begins_at_keyframes() -> None:
    pictures = [
        Given(PICTURE, at, bytes(1_000_000 if at < 400 else 9), at % 12_000 == 0) for at in range(0, 24_000, 40)
    ]
    file, _ = file_of(pictures)
    assert [file.packets.times[cluster.first] for cluster in file.clusters] == [
        0,
        200,
        400,
        5400,
        10_400,
        12_000,
        17_000,
        22_000,
    ]
    assert all(cluster.body < joined.CLUSTER_OCTETS + 1_000_100 for cluster in file.clusters)
    assert [cluster.first for cluster in file.clusters[1:]] == [cluster.end for cluster in file.clusters[:-1]]


def test_many_cues_move_the_first_cluster() -> None:
    """More than any room that could have been kept for them."""
    octets = written([Given(PICTURE, at * 1000, b"p", True) for at in range(20_000)])
    assert len(cue_points(octets)) == 20_000
    assert scan(octets).blocks == 20_000


def test_chapters_have_names_in_any_script_and_none_is_no_element() -> None:
    assert encode_chapters([]) == b""
    octets = encode_chapters([Chapter(0, 1, "Où êtes-vous ? 你好")])
    assert "Où êtes-vous ? 你好".encode() in octets
    assert ebml.read_element(octets, 0, len(octets)).id == ebml.CHAPTERS
