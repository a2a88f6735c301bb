"""Packets are found like the reader finds them: whole, piece by piece, cut anywhere, and in nonsense."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media_server.webm import ebml
from media_server.webm.errors import TruncatedError, UnsupportedError, WebmError
from media_server.webm.packets import PacketIndexer, Packets, differences
from media_server.webm.part_head import FIRST_CLUSTER
from media_server.webm.reader import Tail, blocks, scan
from tests.media_server.webm.image import PICTURE, SOUND, Given, closed_part, live_part, talk

BOTH = {PICTURE: PICTURE, SOUND: SOUND}

givens = st.builds(
    Given,
    st.sampled_from([PICTURE, SOUND]),
    st.integers(0, 10_000) | st.integers(0, 2**32 - 1),
    st.binary(max_size=300) | st.integers(100, 70_000).map(bytes),
    st.booleans(),
)


def index(octets: bytes, tracks: dict[int, int] | None = None, *, pieces: int = 1 << 20) -> Packets:
    indexer = PacketIndexer(FIRST_CLUSTER, BOTH if tracks is None else tracks)
    for at in range(FIRST_CLUSTER, len(octets), pieces):
        indexer.receive_data(octets[at : at + pieces])
    return indexer.close()


def rows(octets: bytes, packets: Packets) -> list[Given]:
    return [
        Given(track, time_ms, octets[start:end], bool(keyframe))
        for _, track, time_ms, keyframe, start, end in zip(*packets.columns(), strict=True)
    ]


def cluster(*children: bytes, sized: bool = True) -> bytes:
    body = ebml.uint(ebml.TIMESTAMP, 7) + b"".join(children)
    return ebml.element(ebml.CLUSTER, body) if sized else ebml.encode_id(ebml.CLUSTER) + ebml.UNKNOWN_SIZE + body


def block(payload: bytes, *, track: int = SOUND, flags: int = 0x80, relative: int = 0) -> bytes:
    head = bytes([0x80 | track]) + relative.to_bytes(2, "big", signed=True) + bytes([flags])
    return ebml.element(ebml.SIMPLE_BLOCK, head, payload)


def behind_head(octets: bytes) -> bytes:
    return bytes(FIRST_CLUSTER) + octets


@given(st.lists(givens, max_size=30), st.integers(1, 400), st.booleans())
@settings(deadline=None, max_examples=80)
def test_what_was_written_is_found_in_pieces_of_any_length(given: list[Given], pieces: int, closed: bool) -> None:
    octets = closed_part(given) if closed else bytes(live_part(given)[0].octets)
    assert rows(octets, index(octets, pieces=pieces)) == given


def test_octet_by_octet() -> None:
    octets = closed_part(talk(3, late_ms=70))
    assert index(octets, pieces=1) == index(octets)


def test_a_file_cut_anywhere_is_never_taken_for_a_whole_one() -> None:
    octets = closed_part(talk(0.2))
    whole = rows(octets, index(octets))
    for end in range(FIRST_CLUSTER, len(octets)):
        try:
            found = rows(octets, index(octets[:end]))
        except WebmError:
            continue
        # An unknown size hides a cut between two elements; then the reader sees none either.
        assert found == whole[: len(found)]
        assert scan(octets[:end]).blocks == len(found)


def test_tracks_are_renumbered_and_strangers_refused() -> None:
    octets = closed_part(talk(0.2))
    packets = index(octets, {PICTURE: 9, SOUND: 8})
    assert {*packets.tracks} == {9, 8}
    with pytest.raises(WebmError, match="makes no sense"):
        index(octets, {PICTURE: 1})


def test_times_before_the_cluster_s_and_other_elements_are_read() -> None:
    octets = behind_head(
        ebml.void(50)
        + cluster(ebml.uint(ebml.PREV_SIZE, 9), block(b"x", relative=-5), ebml.void(300), block(bytes(20_000)))
        + ebml.element(ebml.TAGS, bytes(70))
        + cluster(block(b"y", flags=0), sized=False)
    )
    assert rows(octets, index(octets, pieces=10)) == [
        Given(SOUND, 2, b"x", True),
        Given(SOUND, 7, bytes(20_000), True),
        Given(SOUND, 7, b"y", False),
    ]


@pytest.mark.parametrize(
    ("octets", "error"),
    [
        (cluster(block(b"x", flags=0x82)), UnsupportedError),
        (cluster(ebml.element(ebml.BLOCK_GROUP, b"")), UnsupportedError),
        (cluster(ebml.element(ebml.ENCRYPTED_BLOCK, b"")), UnsupportedError),
        (block(b"x"), WebmError),
        (ebml.element(ebml.CLUSTER, block(b"x")), WebmError),
        (cluster(ebml.element(ebml.SIMPLE_BLOCK, b"\x82\x00\x00")), WebmError),
        (cluster(ebml.encode_id(ebml.SIMPLE_BLOCK) + ebml.UNKNOWN_SIZE + b"\x82\0\0\0"), WebmError),
        (cluster(ebml.encode_id(ebml.SIMPLE_BLOCK) + b"\xff\x82\0\0\0"), WebmError),
        (cluster(b"\x00" * 30), WebmError),
        (ebml.element(ebml.SEGMENT, b""), WebmError),
        (cluster(block(b"x"))[:-1], TruncatedError),
        (cluster(block(b"xyz"))[:-3] + cluster(block(b"x")), WebmError),
    ],
)
def test_what_is_no_part_is_refused(octets: bytes, error: type[WebmError]) -> None:
    for pieces in (1, 1 << 20):
        with pytest.raises(error):
            index(behind_head(octets), pieces=pieces)


@given(st.binary(max_size=400), st.integers(1, 50))
@settings(deadline=None, max_examples=300)
def test_nonsense_raises_nothing_else(octets: bytes, pieces: int) -> None:
    with contextlib.suppress(WebmError):
        index(behind_head(cluster(block(b"x")) + octets), pieces=pieces)


@given(st.data())
@settings(deadline=None, max_examples=150)
def test_a_damaged_part_is_read_like_the_reader_reads_it_or_refused(data: st.DataObject) -> None:
    octets = bytearray(closed_part(talk(0.4)))
    for _ in range(data.draw(st.integers(1, 3))):
        octets[data.draw(st.integers(FIRST_CLUSTER, len(octets) - 1))] = data.draw(st.integers(0, 255))
    try:
        packets = index(bytes(octets), pieces=97)
    except WebmError:
        return
    found = scan(bytes(octets))
    assert found.tail is Tail.WHOLE
    assert rows(bytes(octets), packets) == [
        Given(each.track, each.timestamp_ms, bytes(octets[each.data_start : each.data_end]), each.keyframe)
        for each in blocks(bytes(octets), found)
    ]


def _packets(*given: tuple[int, int]) -> Packets:
    packets = Packets()
    for place, (track, time_ms) in enumerate(given):
        packets.add(0, track, time_ms, place, place + 1, keyframe=True)
    return packets


def test_tracks_are_woven_by_time_and_keep_their_own_order() -> None:
    packets = _packets(
        (SOUND, 60), (PICTURE, 0), (PICTURE, 40), (SOUND, 120), (PICTURE, 20), (PICTURE, 80), (SOUND, 60)
    )
    woven = packets.by_time()
    assert list(zip(woven.tracks, woven.times, strict=True)) == [
        (PICTURE, 0),
        (PICTURE, 40),
        (PICTURE, 20),
        (SOUND, 60),
        (PICTURE, 80),
        (SOUND, 120),
        (SOUND, 60),
    ]
    assert list(_packets((SOUND, 40), (PICTURE, 40)).by_time().tracks) == [PICTURE, SOUND]


@given(st.lists(st.tuples(st.sampled_from([PICTURE, SOUND]), st.integers(0, 500)), max_size=60))
@settings(deadline=None, max_examples=100)
def test_weaving_loses_nothing(given: list[tuple[int, int]]) -> None:
    packets = _packets(*given)
    woven = packets.by_time()
    for track in (PICTURE, SOUND):
        assert woven.times_of(track) == packets.times_of(track)
    assert sorted(woven.starts) == list(packets.starts)


def test_every_difference_is_told() -> None:
    octets = {0: b"abc", 1: b"abX"}
    wanted = _packets((SOUND, 0), (SOUND, 20), (PICTURE, 20))

    def told(found: Packets, source: int = 0) -> list[str]:
        return list(
            differences(
                wanted,
                found,
                lambda _, start, end: octets[0][start:end],
                lambda _, start, end: octets[source][start:end],
            )
        )

    assert told(wanted) == []
    assert told(_packets((SOUND, 0))) == ["1 packets, not 3"]
    assert told(_packets((SOUND, 0), (SOUND, 21), (PICTURE, 20))) == ["the time of packet 1"]
    assert told(_packets((PICTURE, 0), (SOUND, 20), (PICTURE, 20))) == ["the track of packet 0"]
    assert told(wanted, source=1) == ["the octets of packet 2"]
