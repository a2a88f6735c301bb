from media_server.recording.bitrate import BitrateWindows, CapSettings, CapVerdict, CapWatch
from media_server.recording.events import BitrateWindow
from media_server.rtp.packet import MediaKind

CAP = CapSettings(bps=250_000, ratio=1.2, patience_s=20.0)


def run(watch: CapWatch, seconds: range, bytes_per_second: int) -> list[CapVerdict]:
    verdicts = []
    for second in seconds:
        watch.receive(bytes_per_second)
        verdicts.append(watch.tick(float(second)))
    return verdicts


def test_windows_add_up_bytes_by_the_parts_own_time() -> None:
    windows = BitrateWindows()
    windows.add(MediaKind.PICTURE, 0, 125_000)
    windows.add(MediaKind.PICTURE, 9_999, 125_000)
    windows.add(MediaKind.SOUND, 12_000, 10_000)
    assert windows.measured(14_000) == (
        BitrateWindow(0, video_bps=200_000, audio_bps=0),
        BitrateWindow(10_000, video_bps=0, audio_bps=20_000),
    )


def test_a_sender_within_its_cap_is_left_alone() -> None:
    assert set(run(CapWatch(CAP), range(120), 37_000)) == {CapVerdict.WITHIN}


def test_a_sender_above_its_cap_is_told_after_twenty_seconds_and_ended_after_forty() -> None:
    verdicts = run(CapWatch(CAP), range(60), 60_000)
    assert verdicts.index(CapVerdict.SLOW_DOWN) == 20
    assert verdicts.index(CapVerdict.END) == 40


def test_a_sender_that_obeys_is_forgiven() -> None:
    watch = CapWatch(CAP)
    assert run(watch, range(25), 60_000)[-1] is CapVerdict.SLOW_DOWN
    assert run(watch, range(25, 60), 30_000)[-1] is CapVerdict.WITHIN
    assert run(watch, range(60, 75), 60_000)[-1] is CapVerdict.WITHIN


def test_a_keyframe_alone_does_not_count_as_too_much() -> None:
    watch = CapWatch(CAP)
    for second in range(120):
        watch.receive(90_000 if second % 10 == 0 else 28_000)
        assert watch.tick(float(second)) is not CapVerdict.END
