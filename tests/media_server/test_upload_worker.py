"""The process that looks at uploads: what browsers record comes out untouched and mended, what is none is refused."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import av
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media_server.aio.upload_job import Job, Outcome
from media_server.aio.upload_worker import run
from media_server.recording import uploads
from media_server.recording.uploads import UploadRefusal
from media_server.webm import ebml
from media_server.webm.mend import mend
from media_server.webm.reader import blocks, scan
from media_server.webm.track_entry import TrackEntry, TrackType
from tests.media_server.foreign import film, recorded
from tests.media_server.webm.image import PICTURE, SOUND, Given, read
from tests.media_server.webm.real_media import interview, pictures, sound, tracks

LONGEST_MS = 60_000


def looked_at(octets: bytes, folder: Path, *, longest_ms: int = LONGEST_MS) -> tuple[Outcome, bytes]:
    (folder / "given.webm").write_bytes(octets)
    source = os.open(folder / "given.webm", os.O_RDONLY)
    output = os.open(folder / "part.webm", os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        outcome = run(Job(source, output, 0, longest_ms))
    finally:
        os.close(source)
        os.close(output)
    return outcome, (folder / "part.webm").read_bytes()


def payloads(octets: bytes, kind: TrackType) -> list[bytes]:
    found = scan(octets)
    (number,) = (track.number for track in found.head.tracks if track.type is kind)
    return [octets[block.data_start : block.data_end] for block in blocks(octets, found) if block.track == number]


def test_what_chromium_recorded_is_kept_octet_by_octet_with_length_and_cues(tmp_path: Path) -> None:
    before = scan(recorded())
    assert (before.head.duration_ms, before.head.muxing_app) == (None, "Chrome")
    outcome, part = looked_at(recorded(), tmp_path)
    assert (outcome.refusal, outcome.video_codec, outcome.audio_codec) == (None, "VP9", "opus")
    assert (outcome.width, outcome.height, outcome.size_bytes) == (640, 480, len(part))
    assert outcome.duration_ms == 3_960
    assert scan(part).head.duration_ms == 3_960
    for kind in TrackType:
        assert payloads(part, kind) == payloads(recorded(), kind)
    assert mend(part).dropped == 0
    assert outcome.video_kbps is not None
    assert outcome.audio_kbps is not None
    assert 100 < outcome.video_kbps < 300
    assert 20 < outcome.audio_kbps < 70
    assert [start for start, _, _ in outcome.windows] == [0]
    with av.open(tmp_path / "part.webm") as container:
        assert container.duration == 3_960_000
        container.seek(2_000_000)
        assert sum(1 for _ in container.decode(video=0)) > 10


def test_the_process_says_the_same(tmp_path: Path) -> None:
    (tmp_path / "given.webm").write_bytes(recorded())
    with (tmp_path / "given.webm").open("rb") as source, (tmp_path / "part.webm").open("w+b") as output:
        job = Job(source.fileno(), output.fileno(), 0, LONGEST_MS)
        worker = subprocess.run(
            [sys.executable, "-m", "media_server.aio.upload_worker"],
            input=job.encode(),
            capture_output=True,
            check=True,
            pass_fds=[job.source, job.output],
        )
    assert Outcome.decode(worker.stdout) == looked_at(recorded(), tmp_path)[0]


@pytest.mark.parametrize("kind", [PICTURE, SOUND])
def test_one_track_alone_is_a_part_too(tmp_path: Path, kind: int) -> None:
    only = [given for given in interview("VP8", 2) if given.track == kind]
    outcome, part = looked_at(film(only), tmp_path)
    assert outcome.refusal is None
    assert (outcome.video_codec, outcome.audio_codec) == (("VP8", None) if kind == PICTURE else (None, "opus"))
    assert len(scan(part).head.tracks) == 1


def test_pictures_before_the_first_keyframe_go_and_time_begins_at_nought(tmp_path: Path) -> None:
    late = [Given(each.track, each.timestamp_ms + 30_000, each.data, each.keyframe) for each in interview("VP8", 4)]
    begun = [each for each in late if each.timestamp_ms >= 31_000]
    outcome, part = looked_at(film(begun), tmp_path)
    found = read(part)
    assert outcome.duration_ms == 3_000
    assert found[0].timestamp_ms == 0
    first = next(each for each in found if each.track == PICTURE)
    assert (first.keyframe, first.timestamp_ms) == (True, 1_000)


def test_holes_in_the_sound_are_filled_so_that_nothing_slips(tmp_path: Path) -> None:
    heard = [each for each in sound(4) if not 1_000 <= each.timestamp_ms < 1_700]
    outcome, part = looked_at(film(sorted([*pictures("VP8", 4), *heard], key=lambda each: each.timestamp_ms)), tmp_path)
    assert outcome.refusal is None
    found = [each for each in read(part) if each.track == SOUND]
    assert [each.timestamp_ms for each in found] == list(range(0, 4_000, 20))
    assert [len(each.data) for each in found if 1_000 <= each.timestamp_ms < 1_700] == [1] * 35


def test_sound_that_jitters_a_little_has_no_hole(tmp_path: Path) -> None:
    shaken = [Given(SOUND, each.timestamp_ms + at % 3 * 20, each.data, True) for at, each in enumerate(sound(2))]
    assert len(read(looked_at(film(shaken), tmp_path)[1])) == len(shaken)


def test_the_codecs_own_beginning_keeps_sound_and_picture_together(tmp_path: Path) -> None:
    delayed = ebml.uint(ebml.CODEC_DELAY, 80_000_000, 8)
    _, part = looked_at(film(more=delayed), tmp_path)
    firsts = {kind: next(each.timestamp_ms for each in read(part) if each.track == kind) for kind in (PICTURE, SOUND)}
    assert firsts == {PICTURE: 80, SOUND: 0}


def test_ticks_need_not_be_milliseconds(tmp_path: Path) -> None:
    outcome, _ = looked_at(film(scale_ns=2_000_000), tmp_path)
    assert (outcome.refusal, outcome.duration_ms) == (None, 3_980)


def _truncated() -> bytes:
    return recorded()[: len(recorded()) * 2 // 3]


def _damaged() -> bytes:
    octets = bytearray(film())
    octets[len(octets) // 2 : len(octets) // 2 + 2_000] = bytes(2_000)
    return bytes(octets)


def _two_pictures() -> bytes:
    return film(entries=[TrackEntry.picture(1, "VP8"), TrackEntry.picture(2, "VP8")])


def _surround() -> bytes:
    return film(entries=tracks("VP8")).replace(b"OpusHead\x01\x02", b"OpusHead\x01\x06")


def _nonsense_for_pictures() -> bytes:
    return film([each._replace(data=b"\xff" * 90) if each.track == PICTURE else each for each in interview("VP8", 1)])


def _no_sound_in_the_sound() -> bytes:
    late = [each.track == SOUND and each.timestamp_ms > 600 for each in interview("VP8", 1)]
    return film(
        [each._replace(data=b"") if is_late else each for each, is_late in zip(interview("VP8", 1), late, strict=True)]
    )


@pytest.mark.parametrize(
    ("make", "refusal"),
    [
        (lambda: b"", UploadRefusal.EMPTY),
        (lambda: b"no film", UploadRefusal.NO_WEBM),
        (lambda: b"\0\0\0\x18ftypmp42" + bytes(5_000), UploadRefusal.NO_WEBM),
        (lambda: film(doc_type="matroska"), UploadRefusal.NO_WEBM),
        (lambda: recorded()[:200], UploadRefusal.BROKEN),
        (_truncated, UploadRefusal.BROKEN),
        (_damaged, UploadRefusal.BROKEN),
        (lambda: recorded().replace(b"V_VP9", b"V_XYZ"), UploadRefusal.CODEC),
        (lambda: recorded().replace(b"A_OPUS", b"A_PCM!"), UploadRefusal.CODEC),
        (_two_pictures, UploadRefusal.LAYOUT),
        (_surround, UploadRefusal.LAYOUT),
        (lambda: film(more=ebml.element(ebml.CONTENT_ENCODINGS)), UploadRefusal.LAYOUT),
        (lambda: film(flags=0x02), UploadRefusal.LAYOUT),
        (lambda: film([]), UploadRefusal.EMPTY),
        (lambda: film([each._replace(keyframe=False) for each in pictures("VP8", 1)]), UploadRefusal.EMPTY),
        (_nonsense_for_pictures, UploadRefusal.UNPLAYABLE),
        (_no_sound_in_the_sound, UploadRefusal.BROKEN),
        (lambda: film(interview("VP8", 62)), UploadRefusal.TOO_LONG),
    ],
)
def test_what_cannot_be_kept_is_refused(tmp_path: Path, make: Callable[[], bytes], refusal: UploadRefusal) -> None:
    outcome, _ = looked_at(make(), tmp_path)
    assert (outcome.refusal, outcome.errno) == (refusal, 0)
    assert outcome.why


def test_too_many_packets_are_not_kept_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MOST_PACKETS", 100)
    assert looked_at(film(), tmp_path)[0].refusal == UploadRefusal.TOO_LONG


def test_a_disk_that_is_full_is_told_as_such(tmp_path: Path) -> None:
    (tmp_path / "given.webm").write_bytes(recorded())
    source, output = os.open(tmp_path / "given.webm", os.O_RDONLY), os.open("/dev/full", os.O_RDWR)
    outcome = run(Job(source, output, 0, LONGEST_MS))
    os.close(source)
    os.close(output)
    assert (outcome.refusal, outcome.errno) == (None, 28)


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_whatever_the_octets_say_there_is_an_answer(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Heads and blocks with octets changed, cut out, put in: refused, or a part that mending finds whole."""
    octets = bytearray(film() if data.draw(st.booleans()) else recorded()[:40_000])
    where = st.integers(0, 400) | st.integers(0, len(octets) - 1)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(where)
        match data.draw(st.sampled_from(("change", "cut", "put"))):
            case "change":
                octets[at : at + 1] = bytes([data.draw(st.integers(0, 255))])
            case "cut":
                del octets[at : at + data.draw(st.integers(1, 40))]
            case _:
                octets[at:at] = data.draw(st.binary(min_size=1, max_size=20))
    folder = tmp_path_factory.getbasetemp()
    outcome, part = looked_at(bytes(octets), folder)
    assert outcome.errno == 0
    if outcome.refusal is None:
        assert mend(part).size == outcome.size_bytes == len(part)
    else:
        assert UploadRefusal(outcome.refusal)
