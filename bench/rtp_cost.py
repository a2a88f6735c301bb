"""What a packet costs in the pure RTP rooms: `python -m bench.rtp_cost`.

Prints microseconds of CPU per packet for picture and sound, each in order and with 5 % lost and sent again. The
packets come from real encoders at a session's rates; one run is repeated and the best one counts.
"""

from collections.abc import Callable, Sequence
from functools import partial
from time import process_time

from media_server.rtp.loss import LossSettings
from media_server.rtp.media_time import MediaTime
from media_server.rtp.packet import SoundFrame, VideoCodec, VideoFrame
from media_server.rtp.reception import ReceptionStatistics
from media_server.rtp.sound_track import SoundTrack
from media_server.rtp.track import Track
from media_server.rtp.video_track import VideoTrack
from tests.fakes.rtp_sender import FakePacket, encoded_sound, encoded_video, sound_packets, video_packets

REPEATS = 15
INTERVAL = 1 / 90
RETURN_AFTER = 8  # packets: a round trip of 90 ms
LOST_EVERY = 20  # packets


def main() -> None:
    """Measure and print."""
    for codec in VideoCodec:
        frames = encoded_video(codec, 240)
        packets = list(video_packets(codec, frames, max_payload=1150))
        new_track = partial(VideoTrack, codec, LossSettings())
        show(f"{codec} in order", new_track, packets)
        show(f"{codec} 5 % lost", new_track, disturbed(packets))
    sound = list(sound_packets(encoded_sound(400)))
    new_sound = partial(SoundTrack, LossSettings())
    show("Opus in order", new_sound, sound)
    show("Opus 5 % lost", new_sound, disturbed(sound))
    show_reception(sound)


def disturbed(packets: Sequence[FakePacket]) -> list[FakePacket]:
    """Every twentieth packet comes a round trip later."""
    order = [(index + (RETURN_AFTER if index % LOST_EVERY == 1 else 0), index) for index in range(len(packets))]
    return [packets[index] for _, index in sorted(order)]


def show(name: str, new_track: Callable[[], Track], packets: Sequence[FakePacket]) -> None:
    """Print what one packet costs: the track alone, and with its frames placed in time."""
    alone = min(run(new_track(), packets, place=False) for _ in range(REPEATS))
    placed = min(run(new_track(), packets, place=True) for _ in range(REPEATS))
    print(f"{name:16} {alone:6.2f} µs per packet, {placed:6.2f} with media time   ({len(packets)} packets)")


def run(track: Track, packets: Sequence[FakePacket], *, place: bool) -> float:
    """Microseconds of CPU per packet, timers included as the shell asks for them."""
    time = MediaTime()
    begin = process_time()
    now = 0.0
    for packet in packets:
        now += INTERVAL
        timeout = track.next_timeout()
        if timeout is not None and timeout <= now:
            track.handle_timeout(now)
        track.receive_packet(packet, now)
        for action in track.actions():
            if place and isinstance(action, VideoFrame):
                time.place_picture(action)
            elif place and isinstance(action, SoundFrame):
                time.place_sound(action)
    return (process_time() - begin) / len(packets) * 1e6


def show_reception(packets: Sequence[FakePacket]) -> None:
    """Print what counting a packet for receiver reports costs."""
    best = float("inf")
    for _ in range(REPEATS):
        statistics = ReceptionStatistics(2, 48_000)
        begin = process_time()
        for index, packet in enumerate(packets):
            statistics.receive(packet, index * 0.02)
        best = min(best, process_time() - begin)
    print(f"{'receiver report':16} {best / len(packets) * 1e6:6.2f} µs per packet")


if __name__ == "__main__":
    main()
