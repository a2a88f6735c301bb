"""The process that makes MP4s: what comes out opens, looks and sounds like the recording, at the same moments."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
import pytest

from media_server.aio.export_job import Job, Outcome
from media_server.aio.export_worker import run
from tests.live.decode import find_beeps
from tests.media_server import flash_beep
from tests.media_server.test_assembly_worker import join, media, part
from tests.media_server.webm.image import PICTURE, SOUND, Given

RATE = 48_000


@dataclass(frozen=True, slots=True)
class Seen:
    """A decoded MP4."""

    pictures: list[tuple[float, npt.NDArray[Any]]]
    "When each is shown in milliseconds, and its brightness, height x width."
    sound: npt.NDArray[np.float32]
    "From 0, at 48 kHz."

    def flashes(self) -> list[float]:
        """When each flash begins, milliseconds."""
        white = [(at, bool(_middle(picture) > 150)) for at, picture in self.pictures]
        return [at for (_, before), (at, now) in pairwise(white) if now and not before]

    def beeps(self) -> list[float]:
        """When each beep begins, milliseconds."""
        return [at * 1000 for at in find_beeps(self.sound)]


def _middle(picture: npt.NDArray[Any]) -> float:
    height, width = picture.shape
    return float(picture[height // 2, width // 2 - 10 : width // 2 + 10].mean())


def exported(source: Path, output: Path, *, told: list[float] | None = None, **more: object) -> Outcome:
    reads = os.open(source, os.O_RDONLY)
    writes = os.open(output, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        job = Job(reads, writes, **{"duration_ms": 2000, **more})  # type: ignore[arg-type]  # a dictionary of the fields
        return run(job, (told if told is not None else []).append)
    finally:
        os.close(reads)
        os.close(writes)


def watch(path: Path) -> Seen:
    """Decode as a player does: what lies before 0 (an encoder's priming) is not heard."""
    pictures, sound = [], np.zeros(0, np.float32)
    with av.open(str(path), "r") as container:
        for picture in container.decode(video=0) if container.streams.video else []:
            assert picture.time is not None
            pictures.append((picture.time * 1000, np.asarray(picture.to_ndarray(format="gray"))))
        container.seek(0)
        for heard in container.decode(audio=0) if container.streams.audio else []:
            assert heard.time is not None
            begins, samples = round(heard.time * RATE), heard.to_ndarray()[0].astype(np.float32)
            silence = np.zeros(max(0, begins - len(sound)), np.float32)
            sound = np.concatenate([sound[: max(0, begins)], silence, samples[max(0, -begins) :]])
    return Seen(pictures, sound)


def both_at(given: Sequence[Given], offset_ms: int) -> list[Given]:
    return [block._replace(timestamp_ms=block.timestamp_ms + offset_ms) for block in given]


def atoms(path: Path) -> list[str]:
    """The names of the file's outermost boxes (ISO 14496-12 section 4.2)."""
    octets, at, names = path.read_bytes(), 0, []
    while at < len(octets):
        names.append(octets[at + 4 : at + 8].decode())
        at += int.from_bytes(octets[at : at + 4], "big")
    return names


def assert_in_step(seen: Seen, count: int) -> None:
    flashes, beeps = seen.flashes(), seen.beeps()
    assert (len(flashes), len(beeps)) == (count, count)
    assert all(abs(flash - beep) <= 40 for flash, beep in zip(flashes, beeps, strict=True)), (flashes, beeps)


@pytest.mark.parametrize("codec", ["VP8", "VP9"])
def test_it_opens_everywhere_and_says_so_at_its_beginning(codec: str, tmp_path: Path) -> None:
    source = part(tmp_path / "1.webm", media(codec), codec)
    told: list[float] = []
    outcome = exported(source, tmp_path / "1.mp4", told=told)
    assert outcome == Outcome((tmp_path / "1.mp4").stat().st_size)
    with av.open(str(tmp_path / "1.mp4"), "r") as mp4:
        (picture,), (sound,) = mp4.streams.video, mp4.streams.audio
        assert (picture.codec_context.name, picture.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert (sound.codec_context.name, sound.rate, sound.layout.name) == ("aac", RATE, "stereo")
        assert abs((mp4.duration or 0) / 1000 - 2000) < 60
    names = atoms(tmp_path / "1.mp4")
    assert names.index("moov") < names.index("mdat")
    assert told == sorted(told)
    assert told
    assert_in_step(watch(tmp_path / "1.mp4"), 2)


def test_parts_of_several_sizes_become_one_size_and_stay_in_step(tmp_path: Path) -> None:
    """A phone that was turned between two parts: the upright picture stands in the middle, black beside it."""
    upright = part(tmp_path / "2.webm", media("VP9", size=(150, 200), begins_ms=37), size=(150, 200))
    parts = [
        part(tmp_path / "1.webm", media("VP9", ends_early_ms=130)),
        upright,
        part(tmp_path / "3.webm", media("VP9")),
    ]
    joined = join(parts, tmp_path / "joined.webm")
    lengths = [length for _, length in joined.lengths]
    chapters = ((0, lengths[0], "1. Who?"), (lengths[0], sum(lengths), "2. Why & how?"))
    exported(tmp_path / "joined.webm", tmp_path / "1.mp4", duration_ms=sum(lengths), chapters=chapters)
    seen = watch(tmp_path / "1.mp4")
    assert {picture.shape for _, picture in seen.pictures} == {(240, 320)}
    assert_in_step(seen, 6)
    turned = next(picture for at, picture in seen.pictures if lengths[0] + 500 < at < lengths[0] + 540)
    assert _middle(turned) > 150
    assert turned[:, :60].mean() < 40
    with av.open(str(tmp_path / "1.mp4"), "r") as mp4:
        assert [(each["start"], each["end"], each["metadata"]["title"]) for each in mp4.chapters()] == list(chapters)


def test_a_size_that_h264_cannot_have_becomes_one_that_it_can(tmp_path: Path) -> None:
    source = part(tmp_path / "1.webm", media("VP8", size=(161, 121)), "VP8", size=(161, 121))
    exported(source, tmp_path / "1.mp4")
    seen = watch(tmp_path / "1.mp4")
    assert {picture.shape for _, picture in seen.pictures} == {(120, 160)}
    assert_in_step(seen, 2)


def test_holes_in_the_sound_are_silence_of_their_length(tmp_path: Path) -> None:
    """Recordings made elsewhere have them."""
    kept = [block for block in media("VP8") if block.track == PICTURE or not 600 <= block.timestamp_ms < 1300]
    source = part(tmp_path / "1.webm", [*kept, *both_at(media("VP8"), 2000)], "VP8")
    exported(source, tmp_path / "1.mp4", duration_ms=4000)
    seen = watch(tmp_path / "1.mp4")
    assert_in_step(seen, 4)
    assert np.abs(seen.sound[int(0.75 * RATE) : int(1.25 * RATE)]).max() < 0.01


def test_a_camera_that_came_late_and_went_early_shows_what_it_last_saw(tmp_path: Path) -> None:
    sound = [block for offset in (0, 2000, 4000) for block in both_at(flash_beep.sound(2000), offset)]
    pictures = both_at(flash_beep.pictures("VP8", 2000, (320, 240)), 2000)
    source = part(tmp_path / "1.webm", [*sound, *pictures], "VP8")
    exported(source, tmp_path / "1.mp4", duration_ms=6000)
    seen = watch(tmp_path / "1.mp4")
    times = [at for at, _ in seen.pictures]
    assert times[0] == 0
    assert times[-1] > 4_900
    assert max(after - before for before, after in pairwise(times)) <= 1000
    assert [round(at) for at in seen.flashes()] == [2480, 3480]
    beeps = seen.beeps()
    assert len(beeps) == 6
    assert all(abs(beep - wanted) <= 40 for beep, wanted in zip(beeps, range(480, 6000, 1000), strict=True)), beeps


def test_sound_alone_is_enough(tmp_path: Path) -> None:
    source = part(tmp_path / "1.webm", flash_beep.sound(2000), size=None)
    exported(source, tmp_path / "1.mp4")
    with av.open(str(tmp_path / "1.mp4"), "r") as mp4:
        assert not mp4.streams.video
    assert len(watch(tmp_path / "1.mp4").beeps()) == 2


def test_pictures_alone_are_enough(tmp_path: Path) -> None:
    only = [block for block in media("VP8") if block.track != SOUND]
    exported(part(tmp_path / "1.webm", only, "VP8"), tmp_path / "1.mp4")
    assert len(watch(tmp_path / "1.mp4").flashes()) == 2


def test_what_is_no_recording_is_refused_with_a_reason(tmp_path: Path) -> None:
    (tmp_path / "1.webm").write_bytes(b"no recording at all")
    assert exported(tmp_path / "1.webm", tmp_path / "1.mp4").refusal == "it is no WebM"


def test_a_broken_stretch_costs_only_itself(tmp_path: Path) -> None:
    given = media("VP8")
    broken = [
        block._replace(data=b"\xff" * 40) if block.track == PICTURE and 600 < block.timestamp_ms < 900 else block
        for block in given
    ]
    assert exported(part(tmp_path / "1.webm", broken, "VP8"), tmp_path / "1.mp4").refusal == ""
    seen = watch(tmp_path / "1.mp4")
    assert len(seen.beeps()) == 2
    assert len(seen.flashes()) == 2


def test_a_full_disk_is_told_as_the_disk_tells_it(tmp_path: Path) -> None:
    source = part(tmp_path / "1.webm", media("VP8"), "VP8")
    reads, writes = os.open(source, os.O_RDONLY), os.open("/dev/full", os.O_RDWR)
    try:
        outcome = run(Job(reads, writes, 2000), lambda _: None)
    finally:
        os.close(reads)
        os.close(writes)
    assert outcome.errno
