"""What Chromium really sent (tests/data, a drawn picture), through the recorder and out again."""

from dataclasses import replace
from pathlib import Path

import pytest

from bench import rtpdump
from media_server.recording.events import PartGap
from media_server.rtp.header import parse_packet
from media_server.rtp.packet import MediaKind, Nack, VideoCodec
from tests.media_server.sender import Arrival, bench

DATA = Path(__file__).parent.parent / "data"
OPUS = 111


def captured(codec: VideoCodec) -> list[Arrival]:
    arrivals = []
    for dumped in rtpdump.read(DATA / f"chromium_{codec.lower()}.rtp"):
        packet = parse_packet(dumped.data)
        kind = MediaKind.SOUND if packet.payload_type == OPUS else MediaKind.PICTURE
        arrivals.append(Arrival(dumped.offset_ms / 1000, kind, packet))
    return arrivals


@pytest.mark.parametrize("codec", list(VideoCodec))
def test_a_captured_interview_becomes_a_file_of_whole_frames(codec: VideoCodec) -> None:
    arrivals = captured(codec)
    recording = bench(codec)
    recording.feed(arrivals)
    recording.close()
    sound = [a.packet.payload for a in arrivals if a.kind is MediaKind.SOUND]
    assert [data for _, data in recording.packets("audio")] == sound
    pictures = len({a.packet.timestamp for a in arrivals if a.kind is MediaKind.PICTURE and a.packet.payload})
    assert len(list(recording.decoded("video"))) >= pictures - 1
    assert recording.wanted(PartGap) == recording.wanted(Nack) == []


@pytest.mark.parametrize("codec", list(VideoCodec))
def test_packets_that_come_twice_and_out_of_order_change_nothing(codec: VideoCodec) -> None:
    arrivals = captured(codec)
    # The very first packets stay as they are: nobody can know what came before them.
    first, rest = arrivals[:20], arrivals[20:]
    swapped = [arrival for pair in zip(rest[1::2], rest[::2], strict=False) for arrival in (*pair, pair[0])]
    recording, plain = bench(codec), bench(codec)
    plain.feed(first + rest[: len(rest) // 2 * 2])
    plain.close()
    recording.feed(first + [replace(arrival, at=swapped[index // 3 * 3].at) for index, arrival in enumerate(swapped)])
    recording.close()
    for kind in ("audio", "video"):
        assert [data for _, data in recording.packets(kind)] == [data for _, data in plain.packets(kind)]
