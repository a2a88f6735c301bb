"""What the live tests measure with is measured here, without a browser."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.live.decode import (
    FRAMES_PER_SECOND,
    SAMPLE_RATE,
    Decoded,
    Picture,
    Sound,
    covered_share,
    decode,
    events,
    find_beeps,
    missing_counters,
    read_counter,
)

OPUS_LOOKAHEAD_MS = 6.5  # libopus's own, the same for every file; comparisons between files do not see it

Plane = NDArray[np.uint8]


def drawn(counter: int, *, width: int = 640, height: int = 480, flash: bool = False) -> Plane:
    """A luma plane as `source.js` draws it."""
    plane = np.full((480, 640), 90, dtype=np.uint8)
    bits = counter << 8 | ((counter >> 8) ^ (counter & 0xFF) ^ 0xA5)
    for cell in range(24):
        left, top = 32 + cell % 8 * 72, 16 + cell // 8 * 72
        plane[top : top + 72, left : left + 72] = 255 * (bits >> (23 - cell) & 1)
    plane[272:432, 448:608] = 255 * flash
    rows = np.arange(height) * 480 // height
    columns = np.arange(width) * 640 // width
    return np.ascontiguousarray(plane[np.ix_(rows, columns)])


def beeping(seconds: float, beeps_s: list[float]) -> NDArray[np.float32]:
    """Hum with beeps, as `source.js` sounds it."""
    times = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    sound = 0.02 * np.sin(2 * np.pi * 220 * times)
    for start in beeps_s:
        on = (times >= start) & (times < start + 0.06)
        sound[on] += 0.5 * np.sin(2 * np.pi * 1000 * (times[on] - start))
    return sound.astype(np.float32)


def write_webm(path: Path, counters: list[int], *, beeps_s: list[float], seconds: float) -> None:
    with av.open(str(path), "w", format="webm") as container:
        video = container.add_stream("libvpx", rate=FRAMES_PER_SECOND)
        video.width, video.height, video.pix_fmt, video.bit_rate = 640, 480, "yuv420p", 250_000
        audio = container.add_stream("libopus", rate=SAMPLE_RATE)
        for counter in counters:
            grey = drawn(counter, flash=counter % 24 < 2)
            frame = av.VideoFrame.from_ndarray(grey, format="gray").reformat(format="yuv420p")
            frame.pts, frame.time_base = counter, Fraction(1, FRAMES_PER_SECOND)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        sound = av.AudioFrame.from_ndarray(
            (beeping(seconds, beeps_s) * 32_000).astype(np.int16).reshape(1, -1), format="s16", layout="mono"
        )
        sound.sample_rate = SAMPLE_RATE
        container.mux(audio.encode(sound))
        container.mux(audio.encode(None))


@pytest.mark.parametrize("counter", [0, 1, 255, 256, 0xABCD, 0xFFFF])
@pytest.mark.parametrize(("width", "height"), [(640, 480), (480, 360), (320, 240), (1280, 720)])
def test_counter_is_read_at_every_size(counter: int, width: int, height: int) -> None:
    assert read_counter(drawn(counter, width=width, height=height)) == counter


def test_counter_is_read_through_noise() -> None:
    noise = np.random.default_rng(1).integers(-60, 60, (480, 640))
    assert read_counter(np.clip(drawn(0x1234).astype(int) + noise, 0, 255).astype(np.uint8)) == 0x1234


def test_a_broken_picture_has_no_counter() -> None:
    torn = drawn(0x1234)
    torn[16:88, 32:104] = 255 - torn[16:88, 32:104]
    assert read_counter(torn) is None
    assert read_counter(np.full((480, 640), 90, dtype=np.uint8)) is None


def test_beeps_are_found_within_a_millisecond() -> None:
    found = find_beeps(beeping(4.0, [0.5, 1.5, 2.503]))
    assert found == pytest.approx([0.5, 1.5, 2.503], abs=0.0015)


def test_hum_and_silence_are_no_beeps() -> None:
    assert find_beeps(beeping(2.0, [])) == []
    assert find_beeps(np.zeros(0, dtype=np.float32)) == []


def test_a_file_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "drawn.webm"
    counters = [counter for counter in range(24, 120) if counter not in range(60, 70)]
    write_webm(path, counters, beeps_s=[1.0, 2.03, 3.0, 4.0], seconds=5.0)

    decoded = decode(path)

    assert decoded.counters == counters
    assert decoded.unreadable == 0
    assert decoded.errors == ()
    assert missing_counters(decoded, range(200)) == list(range(60, 70))
    assert covered_share(decoded) == pytest.approx(1 - (11 / 24 - 1 / 24) / (95 / 24), abs=0.001)
    assert decoded.sound.holes_s == 0
    late = {event.counter: event.sound_late_ms for event in events(decoded)}
    expected = {48: 30.0 + OPUS_LOOKAHEAD_MS, 72: OPUS_LOOKAHEAD_MS, 96: OPUS_LOOKAHEAD_MS}
    assert late == pytest.approx(expected, abs=2.0)


def test_a_torn_file_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    path = tmp_path / "torn.webm"
    write_webm(path, list(range(96)), beeps_s=[1.0], seconds=4.0)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    counters = decode(path).counters
    assert 10 < len(counters) < 96
    assert counters == list(range(len(counters)))


def test_nothing_decoded_covers_nothing() -> None:
    assert covered_share(Decoded((), Sound())) == 0
    assert missing_counters(Decoded((), Sound()), [1, 2]) == [1, 2]


def test_a_flash_whose_beginning_is_missing_is_no_event() -> None:
    def picture(counter: int, *, flash: bool) -> Picture:
        return Picture(counter / 24, counter, flash, keyframe=False, width=640, height=480)

    sound = Sound(beeps_s=(1.0,))
    whole = Decoded((picture(23, flash=False), picture(24, flash=True)), sound)
    late = Decoded((picture(22, flash=False), picture(24, flash=True)), sound)
    assert [event.counter for event in events(whole)] == [24]
    assert events(late) == []
