"""A sender for the recorder's tests: sound and picture as packets with the times they arrive at."""

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import av
from av.subtitles.subtitle import SubtitleSet

from media_server.recording.bitrate import CapSettings
from media_server.recording.recorder import Recorder, RecorderAction, RecorderSettings
from media_server.rtp.loss import LossSettings
from media_server.rtp.packet import MediaKind, RtpPacket, VideoCodec
from media_server.webm.actions import Truncate, Write
from tests.fakes.rtp_sender import SOUND_TICKS, VIDEO_TICKS, encoded_sound, encoded_video, sound_packets, video_packets

SETTINGS = RecorderSettings(loss=LossSettings(), video_cap=CapSettings(250_000), audio_cap=CapSettings(64_000))


@dataclass(frozen=True, slots=True)
class Arrival:
    """A packet and when it comes."""

    at: float
    kind: MediaKind
    packet: RtpPacket


def stretch(codec: VideoCodec = VideoCodec.VP8, seconds: int = 2, keyframes: Iterable[int] = (0,)) -> list[Arrival]:
    """Sound and picture for so many seconds, in the order they arrive."""
    frames = encoded_video(codec, 24 * seconds, frozenset(keyframes))
    arrivals = [
        Arrival(packet.timestamp / VIDEO_TICKS / 24, MediaKind.PICTURE, packet)
        for packet in video_packets(codec, frames, ssrc=1)
    ]
    arrivals += [
        Arrival(packet.timestamp / SOUND_TICKS / 50, MediaKind.SOUND, packet)
        for packet in sound_packets(encoded_sound(50 * seconds), ssrc=2)
    ]
    return sorted(arrivals, key=lambda arrival: arrival.at)


@dataclass
class Bench:
    """A recorder with a file in memory that its actions are applied to."""

    recorder: Recorder
    file: bytearray = field(default_factory=bytearray)
    others: list[RecorderAction] = field(default_factory=list)
    "What was asked for besides writing."

    def feed(self, arrivals: Iterable[Arrival], start: float = 100.0) -> None:
        """Deliver packets, waking the recorder whenever it asked for that."""
        for arrival in arrivals:
            now = start + arrival.at
            self.wait_until(now)
            self.recorder.receive_packet(arrival.kind, arrival.packet, now)
            self.carry_out()

    def wait_until(self, now: float) -> None:
        while (timeout := self.recorder.next_timeout()) is not None and timeout <= now:
            self.recorder.handle_timeout(timeout)
            self.carry_out()

    def close(self, now: float = 1000.0) -> None:
        self.recorder.close(now)
        self.carry_out()

    def carry_out(self) -> None:
        for action in self.recorder.actions():
            match action:
                case Write(position, data):
                    self.file[position : position + len(data)] = data
                case Truncate(length):
                    del self.file[length:]
                case other:
                    self.others.append(other)

    def wanted(self, kind: type[RecorderAction]) -> list[RecorderAction]:
        return [action for action in self.others if isinstance(action, kind)]

    def packets(self, kind: str) -> list[tuple[int, bytes]]:
        """What lies in the file: (milliseconds, payload), as FFmpeg reads it."""
        with av.open(io.BytesIO(bytes(self.file)), "r") as container:
            stream = next(stream for stream in container.streams if stream.type == kind)
            return [(packet.pts, bytes(packet)) for packet in container.demux(stream) if packet.pts is not None]

    def decoded(self, kind: str) -> Iterator[float]:
        """Times of the decoded frames, seconds."""
        with av.open(io.BytesIO(bytes(self.file)), "r") as container:
            for frame in container.decode(next(stream for stream in container.streams if stream.type == kind)):
                if not isinstance(frame, SubtitleSet):
                    yield float(frame.time or 0.0)


def bench(codec: VideoCodec | None = VideoCodec.VP8, *, has_sound: bool = True) -> Bench:
    return Bench(Recorder(codec, has_sound=has_sound, settings=SETTINGS, started_at_ns=1_700_000_000 * 10**9))
