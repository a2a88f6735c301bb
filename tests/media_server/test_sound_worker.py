"""The process that makes sound files: beeps are where their marks are, and what is no WAV becomes none."""

import os
import subprocess
import sys
import wave
from pathlib import Path

import pytest

from media_server.aio.sound_job import Job, Outcome, SoundRefusal
from media_server.aio.sound_worker import run
from tests.media_server import flash_beep
from tests.media_server.test_assembly_worker import join, part
from tests.media_server.waves import beeps, samples_of, tone

NEAR_MS = 12
"An Opus packet's edge, and a threshold in a rising tone."


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three parts of 6 s with a beep every second; in the second one the sound begins late and ends early."""
    folder = tmp_path_factory.mktemp("recording")
    pictures = list(flash_beep.pictures("VP8", 6000, (160, 120)))
    parts = [
        part(folder / f"{number}.webm", [*pictures, *sound], "VP8", size=(160, 120))
        for number, sound in enumerate(
            [flash_beep.sound(6000), flash_beep.sound(5900, 40), flash_beep.sound(6000)], start=1
        )
    ]
    outcome = join(parts, folder / "joined.webm")
    assert outcome.lengths[0] == (1, 6000)
    return folder / "joined.webm"


def made(source: Path, output: Path, kind: str, **more: int) -> Outcome:
    reads = os.open(source, os.O_RDONLY)
    writes = os.open(output, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        return run(Job(reads, writes, kind, **more))
    finally:
        os.close(reads)
        os.close(writes)


@pytest.mark.parametrize(("start_ms", "end_ms"), [(0, 2_400), (200, 3_333), (5_100, 8_700), (7_481, 16_000)])
def test_what_is_cut_holds_the_beeps_of_its_stretch(
    recording: Path, tmp_path: Path, start_ms: int, end_ms: int
) -> None:
    outcome = made(recording, tmp_path / "a.wav", "matroska", start_ms=start_ms, end_ms=end_ms, rate=16_000)
    assert (outcome.refusal, outcome.rate, outcome.samples) == (None, 16_000, (end_ms - start_ms) * 16)
    rate, samples = samples_of(tmp_path / "a.wav")
    assert (rate, len(samples)) == (16_000, outcome.samples)
    # Every part is as long as a multiple of a second and some milliseconds: where the joints are is read off the beeps.
    whole = tmp_path / "whole.wav"
    made(recording, whole, "matroska", rate=16_000)
    expected = [at - start_ms for at in beeps(whole) if start_ms + 20 < at < end_ms - 20]
    found = [at for at in beeps(tmp_path / "a.wav") if at > 20]
    assert len(found) == len(expected) > 0
    assert all(abs(one - other) < 3 for one, other in zip(found, expected, strict=True))


def test_beeps_are_heard_when_they_were_made(recording: Path, tmp_path: Path) -> None:
    made(recording, tmp_path / "whole.wav", "matroska", rate=16_000)
    first_part = [at for at in beeps(tmp_path / "whole.wav") if at < 6_000]
    assert len(first_part) == 6
    for index, at in enumerate(first_part):
        assert abs(at - flash_beep.FIRST_EVENT_MS - index * flash_beep.EVERY_MS) < NEAR_MS


def test_where_there_is_no_sound_there_is_silence(tmp_path: Path) -> None:
    given = [*flash_beep.pictures("VP8", 4000, (160, 120)), *flash_beep.sound(4000, 2000)]
    late = part(tmp_path / "late.webm", given, "VP8", size=(160, 120))
    outcome = made(late, tmp_path / "a.wav", "matroska", start_ms=1_000, end_ms=4_000, rate=16_000)
    assert outcome.samples == 48_000
    _, samples = samples_of(tmp_path / "a.wav")
    assert not samples[: 16 * 990].any()
    assert abs(beeps(tmp_path / "a.wav")[0] - (2_480 - 1_000)) < NEAR_MS


def test_a_recording_without_sound_gives_none(tmp_path: Path) -> None:
    silent = part(tmp_path / "1.webm", flash_beep.pictures("VP8", 2000, (160, 120)), "VP8", size=(160, 120))
    assert made(silent, tmp_path / "a.wav", "matroska", end_ms=500).refusal == SoundRefusal.SILENT


@pytest.mark.parametrize(("rate", "channels", "becomes"), [(44_100, 2, 44_100), (8_000, 1, 8_000), (96_000, 2, 48_000)])
def test_a_wav_is_written_anew_and_plain(tmp_path: Path, rate: int, channels: int, becomes: int) -> None:
    (tmp_path / "q.wav").write_bytes(tone(1.5, rate=rate, channels=channels) + b"<script>")
    outcome = made(tmp_path / "q.wav", tmp_path / "a.wav", "wav", longest_ms=60_000)
    assert (outcome.refusal, outcome.rate) == (None, becomes)
    found, samples = samples_of(tmp_path / "a.wav")
    assert found == becomes
    assert abs(len(samples) / becomes - 1.5) < 0.01
    assert b"script" not in (tmp_path / "a.wav").read_bytes()


def test_eight_bits_are_taken_and_a_length_that_nobody_knew(tmp_path: Path) -> None:
    with wave.open(str(tmp_path / "q.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(1)
        file.setframerate(22_050)
        file.writeframes(bytes(range(256)) * 100)
    octets = bytearray((tmp_path / "q.wav").read_bytes())
    octets[40:44] = b"\xff\xff\xff\x7f"  # what programs write that do not know it yet
    (tmp_path / "q.wav").write_bytes(octets)
    assert made(tmp_path / "q.wav", tmp_path / "a.wav", "wav").samples > 25_000


@pytest.mark.parametrize(
    ("octets", "refusal"),
    [
        (b"", SoundRefusal.NO_WAV),
        (b"RIFF", SoundRefusal.NO_WAV),
        (b"not a sound at all" * 100, SoundRefusal.NO_WAV),
        (tone(0), SoundRefusal.SILENT),
        (tone(2), SoundRefusal.TOO_LONG),
        (tone(1).replace(b"fmt \x10\0\0\0\1\0", b"fmt \x10\0\0\0\x55\0"), SoundRefusal.NO_WAV),
        (tone(1, rate=2_000), SoundRefusal.NO_WAV),
    ],
    ids=["nothing", "a beginning", "text", "empty", "long", "mp3 inside", "a rate that nobody has"],
)
def test_what_cannot_be_taken_is_refused(tmp_path: Path, octets: bytes, refusal: SoundRefusal) -> None:
    (tmp_path / "q.wav").write_bytes(octets)
    outcome = made(tmp_path / "q.wav", tmp_path / "a.wav", "wav", longest_ms=1_500)
    assert (outcome.refusal, bool(outcome.why)) == (refusal, True)


def test_another_format_is_not_even_tried(recording: Path, tmp_path: Path) -> None:
    assert made(recording, tmp_path / "a.wav", "wav").refusal == SoundRefusal.NO_WAV


def test_a_full_disk_is_handed_on(recording: Path) -> None:
    reads, full = os.open(recording, os.O_RDONLY), os.open("/dev/full", os.O_RDWR)
    assert os.strerror(run(Job(reads, full, "matroska", end_ms=9_000, rate=16_000)).errno) == "No space left on device"
    os.close(reads)
    os.close(full)


def test_as_a_process_it_says_the_same(recording: Path, tmp_path: Path) -> None:
    here = made(recording, tmp_path / "here.wav", "matroska", start_ms=500, end_ms=2_500, rate=16_000)
    reads, writes = os.open(recording, os.O_RDONLY), os.open(tmp_path / "there.wav", os.O_RDWR | os.O_CREAT, 0o600)
    worker = subprocess.run(
        [sys.executable, "-m", "media_server.aio.sound_worker"],
        input=Job(reads, writes, "matroska", 500, 2_500, 16_000).encode(),
        capture_output=True,
        check=True,
        timeout=60,
        pass_fds=[reads, writes],
    )
    os.close(reads)
    os.close(writes)
    assert (Outcome.decode(worker.stdout), worker.stderr) == (here, b"")
    assert (tmp_path / "there.wav").read_bytes() == (tmp_path / "here.wav").read_bytes()
