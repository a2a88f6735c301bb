"""Pauses on a connection that stands: what is said meanwhile is in no file, and nothing else is missing."""

import asyncio
import errno
import os
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path

import av
import pytest

from media_server.aio import capture
from media_server.aio.aiortc_tap import PassthroughPeerConnection
from media_server.aio.capture import PartPlace
from media_server.aio.encoded_track import EncodedTrack, ReceiveSide
from media_server.aio.sink import PassthroughRecorder
from media_server.recording.events import (
    DiskTrouble,
    EndReason,
    GapFound,
    PartClosed,
    PartOpened,
    PublisherEvent,
    Trouble,
)
from media_server.rtp.packet import MediaKind, VideoCodec
from tests.fakes.rtp_sender import encoded_sound, encoded_video
from tests.media_server.sender import Arrival, stretch
from tests.media_server.test_sink import connect, packets
from tests.media_server.webrtc_sender import WebrtcSender, webrtc_sender

KEYFRAMES = (0, 100)
SECONDS = 6
FRAMES_PER_SECOND, SOUNDS_PER_SECOND = 24, 50


class Place:
    """Allots a file to each part."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.parts: list[Path] = []

    async def __call__(self) -> PartPlace:
        self.parts.append(self.folder / f"{len(self.parts) + 1:04}.webm")
        return PartPlace(len(self.parts), self.parts[-1])


@asynccontextmanager
async def recording(
    monkeypatch: pytest.MonkeyPatch, place: Callable[[], Awaitable[PartPlace]], events: list[PublisherEvent]
) -> AsyncIterator[tuple[WebrtcSender, PassthroughRecorder, PassthroughPeerConnection]]:
    """A sender that is connected and a recorder that has started; stopped at the end."""
    peer = PassthroughPeerConnection()
    recorder = PassthroughRecorder(place, on_event=events.append)
    peer.on("track", recorder.addTrack)
    async with webrtc_sender(monkeypatch, VideoCodec.VP9.value) as sender:
        await recorder.start()
        await connect(sender, peer)
        yield sender, recorder, peer
        await recorder.stop()
    await peer.close()


@cache
def whole_stretch() -> tuple[Arrival, ...]:
    return tuple(stretch(VideoCodec.VP9, SECONDS, KEYFRAMES))


def between(start: float, end: float) -> list[Arrival]:
    """What arrives then, its times counted from there."""
    return [replace(arrival, at=arrival.at - start) for arrival in whole_stretch() if start <= arrival.at < end]


async def test_what_is_sent_in_a_pause_is_in_no_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    place, events = Place(tmp_path), list[PublisherEvent]()
    async with recording(monkeypatch, place, events) as (sender, recorder, _):
        await sender.send_all(between(0, 2), pace=0.2)
        recorder.set_recorded(False)
        await sender.send_all(between(2, 4), pace=0.2)
        recorder.set_recorded(True)
        recorder.set_recorded(True)
        await sender.send_all(between(4, 6), pace=0.2)
    first, second = place.parts
    pictures = [
        frame.data for frame in encoded_video(VideoCodec.VP9, SECONDS * FRAMES_PER_SECOND, frozenset(KEYFRAMES))
    ]
    sounds = encoded_sound(SECONDS * SOUNDS_PER_SECOND)
    assert packets(first, "video") == pictures[: 2 * FRAMES_PER_SECOND]
    assert packets(first, "audio") == sounds[: 2 * SOUNDS_PER_SECOND]
    assert packets(second, "video") == pictures[100:], "it begins with the next whole picture"
    assert packets(second, "audio") == sounds[4 * SOUNDS_PER_SECOND :]
    told = [event for event in events if isinstance(event, PartOpened | PartClosed)]
    assert [(type(event), event.number) for event in told] == [
        (PartOpened, 1),
        (PartClosed, 1),
        (PartOpened, 2),
        (PartClosed, 2),
    ]
    reasons = [event.report.reason for event in told if isinstance(event, PartClosed)]
    assert reasons == [EndReason.PAUSED, EndReason.FINISHED]


async def test_a_part_after_a_pause_is_closed_and_has_its_own_time(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    place = Place(tmp_path)
    async with recording(monkeypatch, place, []) as (sender, recorder, _):
        recorder.set_recorded(False)
        await sender.send_all(between(0, 4), pace=0.1)
        assert place.parts == [], "nothing is written before anything belongs into the recording"
        recorder.set_recorded(True)
        await sender.send_all(between(4, 6), pace=0.3)
    (only,) = place.parts
    with av.open(only) as container:
        assert container.duration is not None
        assert 1.9 <= container.duration / av.time_base <= 2.2
        assert container.start_time is not None
        assert container.start_time < 200_000


async def test_the_sender_goes_on_being_told_in_a_pause(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    told: list[int] = []
    async with recording(monkeypatch, Place(tmp_path), []) as (sender, recorder, peer):
        await sender.send_all(between(0, 1), pace=0.2)
        recorder.set_recorded(False)
        monkeypatch.setattr(peer.receive_side, "send_reports", told.append)
        async with asyncio.timeout(10):
            while len(told) < 2:
                await sender.send_all(between(1, 1.1))
                await asyncio.sleep(0.05)


async def test_the_sender_is_told_before_anything_is_recorded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A page takes silence for a broken connection and makes a new one."""
    told: list[int] = []
    async with recording(monkeypatch, Place(tmp_path), []) as (sender, recorder, peer):
        recorder.set_recorded(False)
        monkeypatch.setattr(peer.receive_side, "send_reports", told.append)
        async with asyncio.timeout(10):
            while not told:
                await sender.send_all(between(1, 1.1))
                await asyncio.sleep(0.05)


async def test_a_keyframe_is_asked_for_at_once_and_until_it_comes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[int] = []
    async with recording(monkeypatch, Place(tmp_path), []) as (sender, recorder, peer):
        await sender.send_all(between(0, 1), pace=0.2)
        monkeypatch.setattr(peer.receive_side, "send_picture_loss", asked.append)
        recorder.set_recorded(False)
        recorder.ask_keyframe()
        await sender.send_all(between(1, 2), pace=0.1)
        assert asked == [], "a pause needs no picture"
        recorder.set_recorded(True)
        assert asked == [1]
        await sender.send_all(between(2, 4), pace=0.7)
        assert len(asked) >= 3, "it may have been lost"
        await sender.send_all(between(4, 5), pace=0.2)
        asked.clear()
        await sender.send_all(between(5, 6), pace=0.7)
        assert asked == []
        recorder.ask_keyframe()
        assert asked == [1]


async def test_a_file_of_its_own_gets_others_beside_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    peer = PassthroughPeerConnection()
    recorder = PassthroughRecorder(tmp_path / "interview.webm")
    peer.on("track", recorder.addTrack)
    async with webrtc_sender(monkeypatch, VideoCodec.VP9.value) as sender:
        await recorder.start()
        await connect(sender, peer)
        await sender.send_all(between(0, 2), pace=0.2)
        recorder.set_recorded(False)
        recorder.set_recorded(True)
        # Less than two seconds ahead of its arrival; beyond, sound is placed by that and filled where it jitters.
        await sender.send_all(between(2, 4), pace=0.2)
        await recorder.stop()
    await peer.close()
    sounds = encoded_sound(SECONDS * SOUNDS_PER_SECOND)
    assert packets(tmp_path / "interview.webm", "audio") == sounds[: 2 * SOUNDS_PER_SECOND]
    assert packets(tmp_path / "interview_2.webm", "audio") == sounds[2 * SOUNDS_PER_SECOND : 4 * SOUNDS_PER_SECOND]


async def test_a_disk_that_refuses_the_part_before_a_pause_fills_no_memory(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What waits for the disk is bounded, and the part that follows goes on once there is room."""
    most = 77_000  # the head of a part alone has 69,632 octets
    monkeypatch.setattr(capture, "MOST_EARLY", most)
    room = threading.Event()

    def full(path: Path) -> int:
        if not room.is_set():
            raise OSError(errno.ENOSPC, "no room")
        return os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)

    place, events = Place(tmp_path), list[PublisherEvent]()
    recorder = PassthroughRecorder(place, create_file=full, on_event=events.append)
    recorder.addTrack(sound_track())
    await recorder.start()
    waiting = [arrival.packet for arrival in whole_stretch() if arrival.kind is MediaKind.SOUND]
    for packet in waiting[:50]:
        recorder.packet_received(MediaKind.SOUND, packet)
    await until(lambda: DiskTrouble(Trouble.FULL) in events)
    recorder.set_recorded(False)
    recorder.set_recorded(True)
    for packet in waiting[50:130]:
        recorder.packet_received(MediaKind.SOUND, packet)
    second = recorder._capture
    assert second is not None
    assert most < second._early_size < most + 1_000
    room.set()
    await until(lambda: PartOpened(2) in events)
    for packet in waiting[130:]:
        recorder.packet_received(MediaKind.SOUND, packet)
    await recorder.stop()
    sounds = [packet.payload for packet in waiting]
    assert packets(place.parts[0], "audio") == sounds[:50]
    heard = [data for data in packets(place.parts[1], "audio") if len(data) > 1]
    assert heard[0] == sounds[50]
    assert heard[-170:] == sounds[130:]
    assert len(heard) < 250
    assert [gap.gap.reason for gap in events if isinstance(gap, GapFound)] == ["disk_stuck"]


async def test_moments_after_a_pause_are_found_by_the_reports_before_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    events: list[PublisherEvent] = []
    async with recording(monkeypatch, Place(tmp_path), events) as (sender, recorder, _):
        loop = asyncio.get_running_loop()
        assert recorder.locate(4_000_000_000.0, loop.time(), final=True) is None
        began = loop.time()
        await sender.send_all(between(0, 2), pace=1.0)
        for kind, ssrc, rate in ((MediaKind.SOUND, 2, 48_000), (MediaKind.PICTURE, 1, FRAMES_PER_SECOND * 3750)):
            await sender.send_report(kind, ssrc, 4_000_000_002.0, 2 * rate)
        await sender.send_all(between(2, 2.1), pace=1.0)
        recorder.set_recorded(False)
        recorder.set_recorded(True)
        await sender.send_all(between(2.1, 4.5), pace=1.0)
        await until(lambda: sum(isinstance(event, PartOpened) for event in events) == 2)
        moment = recorder.locate(4_000_000_003.0, began + 3.0, final=False)
        assert moment is not None, "the clocks are known from before"
        assert moment.number == 2
        assert moment.offset_ms == pytest.approx(900, abs=60)
        # Nobody believes a clock that lies a day beside the arrival.
        astray = recorder.locate(4_000_086_403.0, began + 3.0, final=False)
        assert astray is not None
        assert astray.offset_ms == pytest.approx(900, abs=150)


def sound_track() -> EncodedTrack:
    track = EncodedTrack(MediaKind.SOUND, "one", ReceiveSide(lambda _: None))
    track.codec = "opus"
    return track


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110  events come as callbacks, in no order that a test could wait for
            await asyncio.sleep(0.01)
