"""Mending: the state that closing leaves, from whatever a crash left."""

import io
import mmap
from pathlib import Path

import av
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media_server.webm.actions import Sync, Truncate
from media_server.webm.errors import WebmError
from media_server.webm.mend import WINDOW_MS, mend
from media_server.webm.part_head import FIRST_CLUSTER, HEAD_SIZE
from media_server.webm.reader import Tail, scan
from media_server.webm.record import MAX_TIMESTAMP_MS
from media_server.webm.track_entry import TrackEntry
from tests.media_server.webm.image import (
    OPUS_20_MS,
    PICTURE,
    SOUND,
    FileImage,
    Given,
    closed_part,
    live_part,
    read,
    talk,
    write,
)


def mended(octets: bytes) -> bytes:
    image = FileImage(octets)
    image.apply(mend(octets).actions)
    return bytes(image.octets)


givens = st.builds(
    Given,
    st.sampled_from([PICTURE, SOUND]),
    st.integers(0, 100_000) | st.integers(0, MAX_TIMESTAMP_MS),
    st.binary(max_size=20),
    st.booleans(),
)


@given(st.lists(givens, min_size=1, max_size=40), st.integers(0, 40))
@settings(deadline=None, max_examples=80)
def test_a_mended_part_is_the_part_as_closing_leaves_it(given: list[Given], closed_after: int) -> None:
    image, writer = live_part(given[:closed_after])
    image.apply(writer.close())
    image.apply(writer.reopen())
    write(image, writer, given[closed_after:])
    left = bytes(image.octets)
    image.apply(writer.close())
    assert mended(left) == image.octets


def test_a_part_is_mended_once() -> None:
    octets = mended(bytes(live_part(talk(5, late_ms=60))[0].octets))
    assert mend(octets).actions == (Sync(),)
    assert mend(closed_part(talk(5, late_ms=60))).actions == (Sync(),)


def test_the_plan_tells_what_the_part_holds() -> None:
    image, writer = live_part([])
    image.apply(writer.set_picture_size(320, 240))
    write(image, writer, talk(25))
    plan = mend(image.octets)
    picture, sound = plan.tracks
    assert (plan.size, plan.duration_ms, plan.tail, plan.dropped) == (writer.size, 25_000, Tail.WHOLE, 0)
    assert plan.picture == picture.entry
    assert plan.sound == sound.entry == TrackEntry.sound(SOUND)
    assert (picture.entry.width, picture.entry.height, picture.entry.codec_id) == (320, 240, "V_VP8")
    assert (picture.blocks, picture.octets) == (625, 625 * 120)
    assert (sound.blocks, sound.octets) == (1250, 1250 * 8)
    assert sound.windows == {0: 500 * 8, 1: 500 * 8, 2: 250 * 8}
    assert sum(picture.windows.values()) == picture.octets
    assert WINDOW_MS == 10_000


def test_a_track_without_blocks_is_left_out() -> None:
    given = [block for block in talk(2) if block.track == SOUND]
    octets = mended(bytes(live_part(given)[0].octets))
    assert [track.number for track in scan(octets).head.tracks] == [SOUND]
    assert mend(octets).picture is None
    assert mend(octets).actions == (Sync(),)


def test_cut_anywhere_every_whole_record_stays() -> None:
    given = talk(0.3)
    image, writer = live_part([])
    ends = []
    for block in given:
        write(image, writer, [block])
        ends.append(writer.size)
    for length in range(FIRST_CLUSTER, len(image.octets) + 1):
        left = bytes(image.octets[:length])
        plan = mend(left)
        whole = sum(end <= length for end in ends)
        assert plan.size == max([FIRST_CLUSTER, *ends[:whole]])
        assert plan.dropped == length - plan.size
        assert plan.is_empty == (whole == 0)
        if whole and plan.dropped:
            assert plan.tail is Tail.TRUNCATED
            assert plan.actions[0] == Truncate(plan.size)
            assert mended(left) == closed_part(given[:whole])


@pytest.mark.parametrize("lost", [b"\0", b"\xa5"])
def test_a_lost_page_ends_the_part_in_front_of_the_record_that_reaches_into_it(lost: bytes) -> None:
    given = talk(10)
    image, _ = live_part(given)
    page = FIRST_CLUSTER + 5 * 4096
    image.octets[page : page + 4096] = lost * 4096
    plan = mend(image.octets)
    assert page - 300 < plan.size <= page
    assert plan.tail is Tail.DAMAGED
    kept = read(mended(bytes(image.octets)))
    assert kept == given[: len(kept)]


def test_a_payload_of_zeros_stays() -> None:
    given = [Given(PICTURE, 0, bytes(20_000), True), Given(SOUND, 0, OPUS_20_MS, True)]
    image, writer = live_part(given)
    image.octets.extend(bytes(8192))
    octets = mended(bytes(image.octets))
    assert (len(octets), read(octets)) == (writer.size, given)


@pytest.mark.parametrize("left", [b"", bytes(9000)])
def test_what_has_no_head_yet_is_empty(left: bytes) -> None:
    plan = mend(left)
    assert plan.is_empty
    assert (plan.actions, plan.size, plan.dropped) == ((), 0, len(left))


def test_a_head_alone_is_empty() -> None:
    head = bytes(live_part([])[0].octets)
    for left in (head, head[:HEAD_SIZE], head[:9000], head + bytes(5000)):
        assert mend(left).is_empty
        assert mend(left).actions == ()


def others() -> list[bytes]:
    target = io.BytesIO()
    with av.open(target, "w", format="webm") as container:
        container.add_stream("libopus", rate=48_000)
        container.start_encoding()
    return [
        target.getvalue(),
        b"RIFF",
        bytes(live_part([])[0].octets[:100]),
        bytes(100) + b"x",
        closed_part(talk(1)).replace(b"Holdfast part 1", b"Holdfast part 2"),
    ]


@pytest.mark.parametrize("octets", others())
def test_what_is_not_ours_is_refused(octets: bytes) -> None:
    with pytest.raises(WebmError):
        mend(octets)


@given(st.lists(st.tuples(st.integers(0, 2**20), st.integers(0, 255)), min_size=1, max_size=8))
@settings(deadline=None, max_examples=200)
def test_no_mutation_raises_anything_else_and_what_is_mended_is_sound(changes: list[tuple[int, int]]) -> None:
    octets = bytearray(BODY)
    for where, value in changes:
        place = where % (HEAD_SIZE + len(BODY) - FIRST_CLUSTER)
        octets[place if place < HEAD_SIZE else place - HEAD_SIZE + FIRST_CLUSTER] = value
    try:
        plan = mend(octets)
    except WebmError:
        return
    if not plan.is_empty:
        image = FileImage(octets)
        image.apply(plan.actions)
        assert scan(image.octets).tail is Tail.WHOLE
        assert mend(image.octets).actions == (Sync(),)


BODY = bytes(live_part(talk(0.5))[0].octets)


def test_a_mapped_file_is_mended_like_any(tmp_path: Path) -> None:
    path = tmp_path / "0001.webm"
    path.write_bytes(live_part(talk(3))[0].octets)
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        assert mend(mapped) == mend(path.read_bytes())
