"""The live writer: what it asks the disk to do, octet by octet."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media_server.webm.actions import Sync, Write
from media_server.webm.contents import MAX_CUES, SOUND_CUE_EVERY_MS
from media_server.webm.part_head import FIRST_CLUSTER, HEAD_SIZE
from media_server.webm.record import MAX_TIMESTAMP_MS
from media_server.webm.track_entry import TrackEntry
from media_server.webm.writer import CLUSTER_MS, WebmWriter
from tests.media_server.webm.image import (
    OPUS_20_MS,
    PICTURE,
    SOUND,
    STARTED_AT_NS,
    Given,
    closed_part,
    live_part,
    new_writer,
    talk,
)

GOLDEN_LIVE_HEAD = (
    "1a45dfa39f 42868101 42f78101 42f28104 42f38108 4282847765626d 42878104 42858102"  # EBML, webm 4, readable by 2
    "18538067 01ffffffffffffff"  # Segment, size unknown
)
GOLDEN_RECORDS = (
    "1f43b675 01ffffffffffffff e78400000000 a388 81 0000 80 01020304 ec8498af5312a386 82 0014 80 7801 ec8457f14d3d"
)


def test_a_live_file_begins_as_written_here() -> None:
    image, _ = live_part([])
    assert image.octets.hex().startswith(GOLDEN_LIVE_HEAD.replace(" ", ""))
    assert len(image.octets) == FIRST_CLUSTER


def test_records_lie_on_the_disk_as_written_here() -> None:
    image, _ = live_part([Given(PICTURE, 0, b"\1\2\3\4", True), Given(SOUND, 20, b"\x78\1", True)])
    assert image.octets[FIRST_CLUSTER:].hex() == GOLDEN_RECORDS.replace(" ", "")


def test_what_is_appended_follows_without_a_hole() -> None:
    writer = new_writer()
    writer.open()
    for block in talk(3, late_ms=100):
        before = writer.size
        (written,) = writer.add_block(block.track, block.timestamp_ms, block.data, keyframe=block.keyframe)
        assert isinstance(written, Write)
        assert (written.position, written.position + len(written.data)) == (before, writer.size)


def test_closing_puts_the_cues_on_the_disk_before_the_head_names_them() -> None:
    _, writer = live_part(talk(3))
    cues, sync, head, last_sync = writer.close()
    assert isinstance(cues, Write)
    assert isinstance(head, Write)
    assert (cues.position, cues.position + len(cues.data)) == (HEAD_SIZE, FIRST_CLUSTER)
    assert (head.position, len(head.data)) == (0, HEAD_SIZE)
    assert sync == last_sync == Sync()


def test_every_change_of_the_head_is_one_write_of_one_sector() -> None:
    _, writer = live_part(talk(1))
    changes = [*writer.set_picture_size(320, 240), *writer.close(), *writer.reopen()]
    heads = [change for change in changes if isinstance(change, Write) and change.position == 0]
    assert [len(head.data) for head in heads] == [HEAD_SIZE] * 3
    assert all(change.position == HEAD_SIZE for change in changes if isinstance(change, Write) and change not in heads)


def test_closing_and_reopening_can_be_repeated() -> None:
    blocks = talk(6)
    image, writer = live_part(blocks[:100])
    image.apply(writer.close())
    assert writer.close() == []
    reopened = writer.reopen()
    assert reopened[-1] == Sync()
    image.apply(reopened)
    assert writer.reopen() == []
    for block in blocks[100:]:
        image.apply(writer.add_block(block.track, block.timestamp_ms, block.data, keyframe=block.keyframe))
    image.apply(writer.close())
    assert len(image.octets) == writer.size
    assert writer.duration_ms == 6000


def test_duration_is_the_end_of_the_last_sound_packet_or_the_last_picture() -> None:
    _, writer = live_part([Given(SOUND, 980, OPUS_20_MS, True)])
    assert writer.duration_ms == 1000
    writer.add_block(PICTURE, 1500, b"\0", keyframe=True)
    assert writer.duration_ms == 1500
    assert writer.tracks_used == {PICTURE, SOUND}


def cluster_starts(blocks: list[Given]) -> list[int]:
    """Which of the blocks open a cluster, by their place in the list."""
    writer = new_writer()
    writer.open()
    starts = []
    for index, block in enumerate(blocks):
        (written,) = writer.add_block(block.track, block.timestamp_ms, block.data, keyframe=block.keyframe)
        assert isinstance(written, Write)
        if written.data.startswith(bytes.fromhex("1f43b675")):
            starts.append(index)
    return starts


def test_a_cluster_ends_after_a_second() -> None:
    assert cluster_starts([Given(SOUND, at, OPUS_20_MS, True) for at in (0, 999, 1000, 1999, 2000)]) == [0, 2, 4]


def test_a_keyframe_opens_a_cluster_and_sound_does_not() -> None:
    blocks = [Given(SOUND, 0, b"", True), Given(SOUND, 20, b"", True), Given(PICTURE, 20, b"", True)]
    assert cluster_starts([*blocks, Given(PICTURE, 60, b"", False)]) == [0, 2]


def test_a_late_frame_opens_a_cluster_that_what_follows_goes_on_in() -> None:
    blocks = [Given(SOUND, 100, b"", True), Given(PICTURE, 50, b"", False), Given(SOUND, 120, b"", True)]
    assert cluster_starts(blocks) == [0, 1]


def test_the_list_of_cues_thins_instead_of_growing() -> None:
    writer = new_writer()
    writer.open()
    for second in range(3 * MAX_CUES):
        writer.add_block(PICTURE, second * 1000, b"\0", keyframe=True)
    assert MAX_CUES / 3 < len(writer._contents._cues) <= MAX_CUES
    writer.close()


def test_sound_alone_gets_cues() -> None:
    writer = new_writer()
    writer.open()
    for at in range(0, 5 * SOUND_CUE_EVERY_MS, 20):
        writer.add_block(SOUND, at, OPUS_20_MS, keyframe=True)
    assert len(writer._contents._cues) == 5


@pytest.mark.parametrize(("track", "timestamp_ms"), [(3, 0), (0, 0), (PICTURE, -1), (PICTURE, MAX_TIMESTAMP_MS + 1)])
def test_what_does_not_fit_is_refused_and_changes_nothing(track: int, timestamp_ms: int) -> None:
    image, writer = live_part(talk(1))
    before = (writer.size, writer.duration_ms, writer.tracks_used)
    with pytest.raises(ValueError, match=r"track|block"):
        writer.add_block(track, timestamp_ms, b"", keyframe=True)
    assert (writer.size, writer.duration_ms, writer.tracks_used) == before
    image.apply(writer.close())
    assert bytes(image.octets) == closed_part(talk(1))


def test_a_file_is_opened_once_and_takes_blocks_only_while_open() -> None:
    writer = new_writer()
    with pytest.raises(ValueError, match="not opened"):
        writer.add_block(SOUND, 0, b"", keyframe=True)
    writer.open()
    with pytest.raises(ValueError, match="being recorded"):
        writer.open()
    writer.close()
    with pytest.raises(ValueError, match="closed"):
        writer.add_block(SOUND, 0, b"", keyframe=True)


@pytest.mark.parametrize(
    "tracks",
    [
        [],
        [TrackEntry.sound(1), TrackEntry.sound(1)],
        [TrackEntry.sound(0)],
        [TrackEntry.sound(127)],
        [TrackEntry.sound(number) for number in range(1, 9)],
    ],
)
def test_tracks_that_cannot_be_are_refused(tracks: list[TrackEntry]) -> None:
    with pytest.raises(ValueError, match="tracks"):
        WebmWriter(tracks, started_at_ns=STARTED_AT_NS)


@pytest.mark.parametrize("size", [(0, 480), (640, 0), (65_536, 480)])
def test_pictures_without_a_size_are_refused(size: tuple[int, int]) -> None:
    _, writer = live_part([])
    with pytest.raises(ValueError, match="picture"):
        writer.set_picture_size(*size)


def test_the_same_picture_size_is_written_once() -> None:
    _, writer = live_part([])
    assert len(writer.set_picture_size(320, 240)) == 1
    assert writer.set_picture_size(320, 240) == []


@given(
    st.lists(
        st.tuples(st.sampled_from([PICTURE, SOUND]), st.integers(0, 100_000), st.booleans()), min_size=1, max_size=60
    )
)
@settings(deadline=None, max_examples=60)
def test_no_order_of_timestamps_overflows_a_cluster(arrivals: list[tuple[int, int, bool]]) -> None:
    writer = new_writer()
    writer.open()
    cluster_ms = last = None
    for track, at, keyframe in arrivals:
        (written,) = writer.add_block(track, at, OPUS_20_MS, keyframe=keyframe)
        assert isinstance(written, Write)
        if written.data.startswith(bytes.fromhex("1f43b675")):
            cluster_ms = last = at
        assert cluster_ms is not None
        assert last is not None
        assert last <= at < cluster_ms + CLUSTER_MS
        last = at
