"""What previews show and when, in figures."""

from array import array

import pytest

from media_server.recording import previews


@pytest.mark.parametrize(
    ("duration_ms", "interval", "count"),
    [
        (0, 2_000, 1),
        (1, 2_000, 1),
        (2_000, 2_000, 1),
        (2_001, 2_000, 2),
        (200_000, 2_000, 100),
        (1_800_000, 18_000, 100),
    ],
)
def test_thumbnails_fill_the_recording_and_are_never_too_many(duration_ms: int, interval: int, count: int) -> None:
    assert (previews.interval_ms(duration_ms), previews.thumbnail_count(duration_ms)) == (interval, count)


def test_keyframes_are_enough_where_they_are_close() -> None:
    every_ten_seconds = list(range(0, 1_800_000, 10_000))
    assert previews.keyframes_suffice(every_ten_seconds, 1_800_000)
    assert not previews.keyframes_suffice([0, 10_000], 1_800_000)
    assert not previews.keyframes_suffice([], 1_000)


@pytest.mark.parametrize(
    ("size", "fits"),
    [((640, 480), (160, 120)), ((480, 640), (90, 120)), ((1920, 480), (160, 40)), ((1, 5_000), (2, 120))],
)
def test_a_picture_keeps_its_shape(size: tuple[int, int], fits: tuple[int, int]) -> None:
    assert previews.fitted(*size, (160, 120)) == fits


def test_a_waveform_shows_where_it_is_loud() -> None:
    waveform = previews.Waveform(10_000)
    loud, silent = array("h", [-32_768] * 800), array("h", [0] * 8_000)
    for start_ms, samples in ((0, silent), (5_000, loud), (9_950, loud), (12_000, loud)):
        waveform.put(start_ms, samples, 8_000)
    peaks = waveform.peaks()
    assert len(peaks) == 500
    assert [at for at, peak in enumerate(peaks) if peak] == [250, 251, 252, 253, 254, 497, 498, 499]
    assert max(peaks) == 255
