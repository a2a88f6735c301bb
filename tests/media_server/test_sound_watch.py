"""Whether sound arrives where a microphone was agreed on."""

from media_server.recording.sound_watch import NO_SOUND_S, SoundWatch

LATER = NO_SOUND_S + 0.1


def test_before_anything_arrives_nothing_is_missed() -> None:
    watch = SoundWatch()
    assert [watch.judge(now) for now in (0.0, 10.0, 100.0)] == [None, None, None]


def test_pictures_alone_are_told_once_and_so_is_the_first_sound() -> None:
    watch = SoundWatch()
    for now in (1.0, 2.0, 3.0):
        watch.receive_media(now)
        assert watch.judge(now) is None
    assert watch.judge(1.0 + LATER) is False
    assert watch.judge(20.0) is None
    watch.receive_sound(21.0)
    assert watch.judge(21.0) is True
    assert watch.judge(22.0) is None


def test_sound_that_stops_is_told_and_a_short_hole_is_not() -> None:
    watch = SoundWatch()
    watch.receive_sound(0.0)
    watch.receive_media(1.0)
    assert watch.judge(NO_SOUND_S) is None
    watch.receive_sound(NO_SOUND_S)
    assert watch.judge(NO_SOUND_S + LATER) is False


def test_a_pause_begins_anew() -> None:
    watch = SoundWatch()
    watch.receive_sound(0.0)
    assert watch.judge(LATER) is False
    watch.restart()
    assert watch.judge(50.0) is True, "in a pause nothing is missed"
    watch.receive_media(60.0)
    assert watch.judge(61.0) is None
    assert watch.judge(60.0 + LATER) is False
