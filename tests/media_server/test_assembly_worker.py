"""The process that joins: real media in, one file out that other programs read, and nothing in it but what went in."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import av
import pytest

from media_server.aio import assemble_worker
from media_server.aio.assemble_worker import run
from media_server.aio.assembly_job import Job, Outcome
from media_server.aio.worker_main import NotVerified
from media_server.recording.assembly import Refusal
from media_server.webm.reader import Tail, blocks, scan
from media_server.webm.track_entry import TrackEntry
from tests.media_server import flash_beep
from tests.media_server.webm.image import PICTURE, SOUND, Given, closed_part, live_part, read

STARTED_AT_NS = 1_732_795_530_000_000_000
MEMORY_LIMIT_KB = 100_000


def media(codec: str, *, size: tuple[int, int] = (320, 240), ends_early_ms: int = 0, begins_ms: int = 0) -> list[Given]:
    """Two seconds of both."""
    both = [*flash_beep.pictures(codec, 2000, size), *flash_beep.sound(2000 - ends_early_ms, begins_ms)]
    return sorted(both, key=lambda block: block.timestamp_ms)


def part(path: Path, given: Sequence[Given], codec: str = "VP9", size: tuple[int, int] | None = (320, 240)) -> Path:
    return flash_beep.write_part(path, given, flash_beep.both(codec), size)


def job_for(parts: Sequence[Path], output: Path, **more: tuple[tuple[object, ...], ...]) -> Job:
    descriptors = tuple((number, os.open(path, os.O_RDONLY)) for number, path in enumerate(parts, start=1))
    return Job(descriptors, os.open(output, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), STARTED_AT_NS, **more)  # type: ignore[arg-type]  # tuples of the right shape


def close(job: Job) -> None:
    for descriptor in (*(descriptor for _, descriptor in job.parts), job.output):
        os.close(descriptor)


def join(parts: Sequence[Path], output: Path, **more: tuple[tuple[object, ...], ...]) -> Outcome:
    job = job_for(parts, output, **more)
    try:
        return run(job)
    finally:
        close(job)


@pytest.fixture
def three(tmp_path: Path) -> list[Path]:
    """Two sizes of picture, sound that ends early, sound that begins late."""
    return [
        part(tmp_path / "1.webm", media("VP9", ends_early_ms=130)),
        part(tmp_path / "2.webm", media("VP9", size=(160, 120), begins_ms=37), size=(160, 120)),
        part(tmp_path / "3.webm", media("VP9")),
    ]


# --- what comes out --------------------------------------------------------------------


def test_every_packet_of_every_part_is_there_in_order(three: list[Path], tmp_path: Path) -> None:
    outcome = join(three, tmp_path / "joined.webm")
    octets = (tmp_path / "joined.webm").read_bytes()
    found, starts = read(octets), [0, outcome.lengths[0][1], outcome.lengths[0][1] + outcome.lengths[1][1]]
    given = [
        block._replace(timestamp_ms=start + block.timestamp_ms)
        for start, path in zip(starts, three, strict=True)
        for block in read(path.read_bytes())
    ]
    own = {block.data for block in given}
    for track in (PICTURE, SOUND):
        kept = [block for block in found if block.track == track and block.data in own]
        assert kept == [block for block in given if block.track == track]
    assert {(block.track, len(block.data)) for block in found if block.data not in own} == {(SOUND, 1)}
    assert outcome.refusal is None
    assert outcome.size_bytes == len(octets)
    assert outcome.sha256 == hashlib.sha256(octets).hexdigest()


@pytest.mark.parametrize("codec", ["VP8", "VP9"])
def test_ffmpeg_reads_it_without_a_hole_or_a_complaint(codec: str, tmp_path: Path) -> None:
    parts = [
        part(tmp_path / "1.webm", media(codec, ends_early_ms=130), codec),
        part(tmp_path / "2.webm", media(codec, size=(160, 120), begins_ms=37), codec, size=(160, 120)),
        part(tmp_path / "3.webm", media(codec), codec),
    ]
    outcome = join(parts, tmp_path / "joined.webm")
    with av.open(str(tmp_path / "joined.webm"), "r") as container:
        heard = 0
        for frame in container.decode(container.streams.audio[0]):
            assert frame.pts is not None
            assert frame.time_base is not None
            assert abs(float(frame.pts * frame.time_base) - heard / 48_000) < 0.002
            heard += frame.samples
        container.seek(0)
        sizes = [(frame.width, frame.height) for frame in container.decode(container.streams.video[0])]
        assert sizes == [(320, 240)] * 50 + [(160, 120)] * 50 + [(320, 240)] * 50
        duration_ms = sum(length for _, length in outcome.lengths)
        assert abs((container.duration or 0) / 1000 - duration_ms) < 1
        assert heard == duration_ms * 48
        for wanted_ms, keyframe_ms in ((5900, 4000), (3500, 2000), (500, 0)):
            container.seek(wanted_ms, stream=container.streams.video[0])
            shown = next(container.decode(container.streams.video[0]))
            assert abs((shown.pts or 0) - keyframe_ms) <= 100


@pytest.mark.skipif(shutil.which("mkvinfo") is None, reason="mkvinfo is not installed (Debian package mkvtoolnix)")
def test_mkvinfo_shows_the_chapters_and_finds_nothing_wrong(three: list[Path], tmp_path: Path) -> None:
    join(
        three,
        tmp_path / "joined.webm",
        marks=((1, 0, 1, None), (1, 1000, 1, 1), (3, 500, 2, None)),
        questions=((1, "Who are you?"), (2, "Why?")),
    )
    told = subprocess.run(
        ["mkvinfo", "--all", "--ui-language", "en_US", tmp_path / "joined.webm"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert not told.stderr
    assert not any(word in told.stdout.lower() for word in ("error", "invalid", "unknown element", "corrupt", "resync"))
    strings = [line.partition("Chapter string: ")[2] for line in told.stdout.splitlines() if "Chapter string" in line]
    assert strings == ["1. Who are you?", "1. Who are you? (take 1)", "2. Why?"]
    assert "Chapter time start: 00:00:01.000000000" in told.stdout


def test_what_a_crash_left_mended_and_a_part_that_went_on_join_too(tmp_path: Path) -> None:
    live, writer = live_part(media("VP9"), flash_beep.both("VP9"))
    (tmp_path / "1.webm").write_bytes(live.octets)
    live.apply([*writer.close(), *writer.reopen()])
    live.apply(writer.add_block(SOUND, 2000, b"\x78", keyframe=True))
    live.apply(writer.close())
    (tmp_path / "2.webm").write_bytes(live.octets)
    outcome = join([tmp_path / "1.webm", tmp_path / "2.webm"], tmp_path / "joined.webm")
    assert outcome.lengths == ((1, 2000), (2, 2020))
    found = scan((tmp_path / "joined.webm").read_bytes())
    assert (found.tail, found.blocks) == (Tail.WHOLE, 301)


def test_sound_alone_and_picture_alone_join(tmp_path: Path) -> None:
    sound, pictures = flash_beep.sound(2000), flash_beep.pictures("VP9", 2000, (320, 240))
    parts = [
        part(tmp_path / "1.webm", sound, size=None),
        part(tmp_path / "2.webm", pictures),
        part(tmp_path / "3.webm", sound, size=None),
    ]
    assert [length for _, length in join(parts, tmp_path / "joined.webm").lengths] == [2000, 1970, 2000]
    with av.open(str(tmp_path / "joined.webm"), "r") as container:
        assert sum(frame.samples for frame in container.decode(container.streams.audio[0])) == 5970 * 48


# --- what is refused -------------------------------------------------------------------


def refused(parts: Sequence[Path], tmp_path: Path) -> tuple[str | None, int]:
    outcome = join(parts, tmp_path / "joined.webm")
    assert outcome.why
    return outcome.refusal, outcome.part_number


def test_another_codec_is_said_clearly(tmp_path: Path) -> None:
    parts = [part(tmp_path / "1.webm", media("VP9")), part(tmp_path / "2.webm", media("VP8"), "VP8")]
    assert refused(parts, tmp_path) == (Refusal.NEEDS_TRANSCODING, 2)


def test_laced_blocks_and_other_ticks_are_for_somebody_else(tmp_path: Path) -> None:
    octets = bytearray(closed_part(media("VP9"), flash_beep.both("VP9")))
    first = next(blocks(octets, scan(octets)))
    octets[first.data_start - 1] |= 0x06
    (tmp_path / "2.webm").write_bytes(octets)
    whole = part(tmp_path / "1.webm", media("VP9"))
    assert refused([whole, tmp_path / "2.webm"], tmp_path) == (Refusal.NEEDS_TRANSCODING, 2)
    ticks = whole.read_bytes().replace(b"\x2a\xd7\xb1\x83\x0f\x42\x40", b"\x2a\xd7\xb1\x83\x0f\x42\x41")
    (tmp_path / "2.webm").write_bytes(ticks)
    assert refused([whole, tmp_path / "2.webm"], tmp_path) == (Refusal.NEEDS_TRANSCODING, 2)


@pytest.mark.parametrize(
    "damage",
    [
        lambda octets: octets[:0],
        lambda octets: octets[:-3],
        lambda octets: b"\0" * 100 + octets[100:],
        lambda octets: octets[:75_000] + bytes(4096) + octets[79_096:],
        lambda octets: octets + b"more",
    ],
    ids=["empty", "cut", "no head", "a page is gone", "something behind it"],
)
def test_a_part_that_is_not_whole_is_said_clearly(damage: Callable[[bytes], bytes], tmp_path: Path) -> None:
    whole = part(tmp_path / "1.webm", media("VP9"))
    (tmp_path / "2.webm").write_bytes(damage(whole.read_bytes()))
    assert refused([whole, tmp_path / "2.webm"], tmp_path) == (Refusal.UNREADABLE, 2)


def test_what_the_disk_says_is_handed_on(three: list[Path], tmp_path: Path) -> None:
    job = job_for(three, tmp_path / "joined.webm")
    os.close(job.output)
    full = os.open("/dev/full", os.O_RDWR)
    outcome = run(Job(job.parts, full, STARTED_AT_NS))
    assert os.strerror(outcome.errno) == "No space left on device"
    close(Job(job.parts, full, STARTED_AT_NS))


@pytest.mark.parametrize("place", [5, 60, 300, -1, -5, -7, -9, -4000])
def test_a_file_that_is_not_what_was_written_is_never_taken(
    place: int, three: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the disk did to it between writing and reading back, in the head, a cluster or a payload."""

    def rot(descriptor: int) -> None:
        at = place % os.fstat(descriptor).st_size
        os.pwrite(descriptor, bytes([os.pread(descriptor, 1, at)[0] ^ 1]), at)

    monkeypatch.setattr(assemble_worker, "sync_to_disk", rot)
    job = job_for(three, tmp_path / "joined.webm")
    with pytest.raises(NotVerified):
        run(job)
    close(job)


# --- as a process ----------------------------------------------------------------------


def test_as_a_process_it_says_the_same(three: list[Path], tmp_path: Path) -> None:
    here = join(three, tmp_path / "here.webm")
    job = job_for(three, tmp_path / "there.webm")
    worker = subprocess.run(
        [sys.executable, "-m", "media_server.aio.assemble_worker"],
        input=job.encode(),
        capture_output=True,
        check=True,
        timeout=60,
        pass_fds=[*(descriptor for _, descriptor in job.parts), job.output],
    )
    close(job)
    assert Outcome.decode(worker.stdout) == here
    assert worker.stderr == b""
    assert (tmp_path / "there.webm").read_bytes() == (tmp_path / "here.webm").read_bytes()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the greatest memory of one program alone")
def test_memory_does_not_grow_with_the_parts(tmp_path: Path) -> None:
    """Two parts of 60 MB, mostly payload: what is held are columns and a window."""
    given = [Given(PICTURE, at * 40, bytes(40_000), at % 50 == 0) for at in range(1500)]
    entries = [TrackEntry.picture(PICTURE, "VP9")]
    for name in ("1.webm", "2.webm"):
        (tmp_path / name).write_bytes(closed_part(given, entries))
    job = job_for([tmp_path / "1.webm", tmp_path / "2.webm"], tmp_path / "joined.webm")
    worker = subprocess.run(
        [sys.executable, "-c", _WITH_MEMORY],
        input=job.encode(),
        capture_output=True,
        check=True,
        timeout=60,
        pass_fds=[*(descriptor for _, descriptor in job.parts), job.output],
    )
    close(job)
    assert 5_000 < int(worker.stderr) < MEMORY_LIMIT_KB
    assert Outcome.decode(worker.stdout).refusal is None


# What getrusage says would count the test's own memory too: a fork hands it on, and exec does not take it back.
_WITH_MEMORY = """
import sys
from pathlib import Path
from media_server.aio.assemble_worker import main
main()
lines = Path("/proc/self/status").read_text().splitlines()
sys.stderr.write(next(line.split()[1] for line in lines if line.startswith("VmHWM")))
"""
