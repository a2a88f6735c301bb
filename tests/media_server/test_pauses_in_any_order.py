"""Pauses amid everything else that happens to packets: lost, late, sent again, silent for a while.

The clock stands at the time of the packet, so minutes pass at once; files are real and read by FFmpeg.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from pathlib import Path
from tempfile import mkdtemp

import av
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db.clock import SystemClock
from media_server.aio.capture import PartPlace
from media_server.aio.disk import Disk
from media_server.aio.encoded_track import EncodedTrack, ReceiveSide
from media_server.aio.sink import PassthroughRecorder
from media_server.recording.events import EndReason, PartClosed, PartOpened, PublisherEvent
from media_server.recording.pause_fence import TOLERANCE_S
from media_server.rtp.packet import MediaKind, VideoCodec
from media_server.settings import MediaSettings
from tests.fakes.rtp_sender import EncodedFrame, encoded_sound, encoded_video
from tests.media_server.sender import Arrival, stretch
from tests.media_server.test_capture import PacketClock
from tests.media_server.test_captured_rtp import captured

SECONDS = 16
KEYFRAMES = frozenset(range(0, SECONDS * 24, 12))
EPOCH = 4_000_000_000.0
"The sender's wall clock when its media begins, seconds since 1900."


@dataclass
class Room:
    """A recorder on a real disk, fed by hand."""

    folder: Path
    codec: VideoCodec = VideoCodec.VP8
    clock: PacketClock = field(default_factory=PacketClock)
    parts: list[Path] = field(default_factory=list)
    events: list[PublisherEvent] = field(default_factory=list)
    ends: list[EndReason] = field(default_factory=list)

    async def start(self) -> None:
        self.disk = Disk(SystemClock(), sync_interval=0.05)
        self.disk.start()
        self.recorder = PassthroughRecorder(
            self._place,
            settings=MediaSettings(no_media_s=0.5, return_within_s=3600),
            disk=self.disk,
            clock=self.clock,
            on_event=self.events.append,
            on_end=self.ends.append,
        )
        side = ReceiveSide(lambda _: None, self.clock)
        for kind, codec in ((MediaKind.PICTURE, self.codec.value), (MediaKind.SOUND, "opus")):
            track = EncodedTrack(kind, kind.value, side)
            track.codec = codec
            self.recorder.addTrack(track)
        await self.recorder.start()

    async def stop(self) -> None:
        await self.recorder.stop()
        await self.disk.stop()

    async def _place(self) -> PartPlace:
        self.parts.append(self.folder / f"{len(self.parts) + 1:04}.webm")
        return PartPlace(len(self.parts), self.parts[-1])

    def feed(self, arrivals: Sequence[Arrival]) -> None:
        for arrival in arrivals:
            self.clock.now = max(self.clock.now, 100.0 + arrival.at)
            self.recorder.packet_received(arrival.kind, arrival.packet)

    def order(self) -> list[tuple[type, int]]:
        return [(type(event), event.number) for event in self.events if isinstance(event, PartOpened | PartClosed)]

    def contents(self, kind: str) -> list[list[bytes]]:
        """What each part holds, concealed sound left out."""
        return [[data for data in _packets(part, kind) if len(data) > 1] for part in self.parts]


def _packets(path: Path, kind: str) -> list[bytes]:
    with av.open(path) as container:
        streams = [stream for stream in container.streams if stream.type == kind]
        return [bytes(packet) for packet in container.demux(streams) if packet.size] if streams else []


# --- What Chromium sent ---------------------------------------------------------------


@pytest.mark.parametrize("codec", list(VideoCodec))
async def test_nothing_that_chromium_sent_in_a_pause_is_in_a_file(codec: VideoCodec, tmp_path: Path) -> None:
    room = Room(tmp_path, codec)
    await room.start()
    arrivals = captured(codec)
    before, paused, after = (
        [arrival for arrival in arrivals if start <= arrival.at < end] for start, end in ((0, 5), (5, 10), (10, 99))
    )
    room.feed(before)
    room.recorder.set_recorded(False)
    room.feed(paused)
    room.recorder.set_recorded(True)
    room.feed(after)
    await room.stop()
    sound = [[a.packet.payload for a in stretch if a.kind is MediaKind.SOUND] for stretch in (before, after)]
    assert room.contents("audio") == sound
    # A payload descriptor stands before what is in a frame; what follows it is in the frame as it was sent.
    pictures = b"".join(frame for part in room.contents("video") for frame in part)
    fragments = [a.packet.payload[16:] for a in paused if a.kind is MediaKind.PICTURE]
    assert not any(fragment in pictures for fragment in fragments if len(fragment) > 50)
    assert room.contents("video")[0], "the first part shows something"


@pytest.mark.parametrize("again", [1, 5, 40])
async def test_what_is_sent_again_after_a_pause_opens_no_way_into_it(again: int, tmp_path: Path) -> None:
    """Browsers probe the network with packets that were sent before: the first one after a pause can be an old one."""
    room = Room(tmp_path)
    await room.start()
    asked: list[tuple[int, ...]] = []
    for track in room.recorder._tracks.values():
        track.receive_side.send_nack = lambda _, numbers: asked.append(tuple(numbers))  # type: ignore[method-assign,assignment]  # the parameters' names differ
    arrivals = sent()
    paused = [arrival for arrival in arrivals if 1 <= arrival.at < 3]
    room.feed([arrival for arrival in arrivals if arrival.at < 1])
    room.recorder.set_recorded(False)
    room.feed(paused)
    room.recorder.set_recorded(True)
    room.feed(paused[-again:])
    room.feed([arrival for arrival in arrivals if 3 <= arrival.at < 4])
    await asyncio.sleep(0.05)
    await room.stop()
    assert asked == []
    assert room.contents("audio")[1] == encoded_sound(SECONDS * 50)[150:200]
    assert room.contents("video")[1] == [frame.data for frame in frames()[72:96]]


# --- Whatever happens -------------------------------------------------------------------


@cache
def sent() -> tuple[Arrival, ...]:
    return tuple(stretch(VideoCodec.VP8, SECONDS, KEYFRAMES))


def frames() -> list[EncodedFrame]:
    return encoded_video(VideoCodec.VP8, SECONDS * 24, KEYFRAMES)


@dataclass
class Story:
    """What a sender did, and what may be in the files for it."""

    room: Room
    at: int = 0
    "How many packets were sent or lost so far."
    recorded: bool = True
    began: float = 0.0
    "When the present stretch began to be recorded."
    stretches: list[tuple[float, float]] = field(default_factory=list)
    "From when to when was recorded, seconds."
    due: list[bytes] = field(default_factory=list)
    "Sound that arrived while recorded, at once."

    @property
    def now(self) -> float:
        return sent()[min(self.at, len(sent()) - 1)].at

    def send(self, seconds: float) -> None:
        batch = self._take(seconds)
        self.room.feed(batch)
        if self.recorded:
            self.due += [arrival.packet.payload for arrival in batch if arrival.kind is MediaKind.SOUND]

    def lose(self, seconds: float) -> None:
        self._take(seconds)
        self.room.clock.now = max(self.room.clock.now, 100.0 + self.now)

    def send_again(self, seconds: float) -> None:
        """What was sent or lost so long ago comes (again)."""
        self.room.feed([arrival for arrival in sent()[: self.at] if arrival.at >= self.now - seconds][:30])

    def record(self, recorded: bool) -> None:
        self.room.recorder.set_recorded(recorded)
        if recorded and not self.recorded:
            self.began = self.now
        if self.recorded and not recorded:
            self.stretches.append((self.began, self.now))
        self.recorded = recorded

    def report(self) -> None:
        for kind, ssrc, rate in ((MediaKind.SOUND, 2, 48_000), (MediaKind.PICTURE, 1, 90_000)):
            ntp_time = int((EPOCH + self.now) * 2**32)
            self.room.recorder.sender_report_received(kind, ssrc, ntp_time, int(self.now * rate))

    def locate(self) -> None:
        for final in (False, True):
            found = self.room.recorder.locate(EPOCH + self.now, 100.0 + self.now, final=final)
            assert found is None or 0 <= found.offset_ms <= SECONDS * 1000
            assert found is None or found.number == len(self.room.parts)

    def wake(self) -> None:
        self.room.clock.now += 0.6
        self.room.recorder._tick()
        if self.room.recorder._capture is not None:
            self.room.recorder._capture._wake_up()

    async def go_on(self, step: str, seconds: float) -> None:
        match step:
            case "send":
                self.send(seconds)
            case "lose":
                self.lose(seconds)
            case "again":
                self.send_again(seconds)
            case "pause" | "record":
                self.record(step == "record")
            case "short pause":
                self.record(False)
                self.send(seconds)
                self.record(True)
                self.send_again(seconds)
            case "report":
                self.report()
            case "locate":
                self.locate()
            case "keyframe":
                self.room.recorder.ask_keyframe()
            case "wake":
                self.wake()
            case _:
                await asyncio.sleep(0.001)

    def _take(self, seconds: float) -> Sequence[Arrival]:
        end, start = self.now + seconds, self.at
        while self.at < len(sent()) and sent()[self.at].at < end:
            self.at += 1
        return sent()[start : self.at]


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("send"), st.floats(0.02, 1.5)),
        st.tuples(st.sampled_from(["lose", "again", "short pause"]), st.floats(0.02, 1.5)),
        st.tuples(
            st.sampled_from(["pause", "record", "report", "locate", "keyframe", "wake", "breathe"]), st.just(0.0)
        ),
    ),
    max_size=30,
)


@given(STEPS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_whatever_happens_parts_hold_what_was_recorded_and_nothing_else(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, steps: list[tuple[str, float]]
) -> None:
    caplog.clear()
    room = Room(Path(mkdtemp(dir=tmp_path)))
    await room.start()
    story = Story(room)
    for step, seconds in steps:
        await story.go_on(step, seconds)
    story.record(False)
    await room.stop()
    assert room.ends == []
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
    numbers = range(1, len(room.parts) + 1)
    closings = [number for kind, number in room.order() if kind is PartClosed]
    assert [number for kind, number in room.order() if kind is PartOpened] == list(numbers)
    assert closings == sorted(closings), "a part that was silent for a while is closed more than once"
    assert set(closings) == set(numbers)
    told = room.order()
    assert all(before == (PartClosed, n - 1) for before, (kind, n) in pairwise(told) if kind is PartOpened)
    judge(story)


def judge(story: Story) -> None:
    """Each part holds packets of one stretch alone, in their order; what arrived in one at once is all there."""
    sound = {data: index / 50 for index, data in enumerate(encoded_sound(SECONDS * 50))}
    picture = {frame.data: index / 24 for index, frame in enumerate(frames())}
    kept = set[bytes]()
    last = -1.0
    for heard, seen in zip(story.room.contents("audio"), story.room.contents("video"), strict=True):
        times = [[sound[data] for data in heard], [picture[data] for data in seen]]
        assert all(each == sorted(set(each)) for each in times), "in order, and nothing twice"
        began, ended = min(min(each, default=99.0) for each in times), max(max(each, default=0.0) for each in times)
        assert any(start - TOLERANCE_S <= began and ended <= end for start, end in story.stretches)
        assert began > last, "parts do not overlap"
        last = ended
        kept.update(heard)
    assert set(story.due) <= kept
