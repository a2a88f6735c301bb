"""What a connection's receive side asks for, and which packets it takes."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from aiortc.rtcrtpparameters import RTCRtpCodecParameters
from aiortc.rtp import RtcpPacket, RtcpRtpfbPacket

from media_server.aio.encoded_track import MOST_IN_A_NACK, EncodedTrack, ReceiveSide
from media_server.rtp.header import ParsedPacket
from media_server.rtp.packet import MediaKind, RtpPacket

VP9 = RTCRtpCodecParameters("video/VP9", 90000, payloadType=98, parameters={"profile-id": "0"})
VP9_AGAIN = RTCRtpCodecParameters("video/rtx", 90000, payloadType=99, parameters={"apt": 98})
VP8 = RTCRtpCodecParameters("video/VP8", 90000, payloadType=96)
VP8_AGAIN = RTCRtpCodecParameters("video/rtx", 90000, payloadType=97, parameters={"apt": 96})


@dataclass
class Listener:
    packets: list[RtpPacket] = field(default_factory=list)
    waits_ms: list[int] = field(default_factory=list)

    def packet_received(self, _kind: MediaKind, packet: RtpPacket) -> None:
        self.packets.append(packet)

    def encode_start_received(self, waited_ms: int) -> None:
        self.waits_ms.append(waited_ms)

    def sender_report_received(self, *_report: object) -> None:
        raise AssertionError("no reports here")


def listening(codecs: Sequence[RTCRtpCodecParameters]) -> tuple[ReceiveSide, Listener, EncodedTrack, list[bytes]]:
    sent: list[bytes] = []
    receive_side = ReceiveSide(sent.append)
    track = EncodedTrack(MediaKind.PICTURE, "camera", receive_side)
    receive_side.negotiated(track, codecs)
    track.listener = listener = Listener()
    return receive_side, listener, track, sent


def packet(*, ssrc: int = 1, payload_type: int = 98, sequence_number: int = 0, payload: bytes = b"") -> ParsedPacket:
    return ParsedPacket(ssrc, payload_type, sequence_number, 0, 1, payload)


def asked(sent: Sequence[bytes]) -> set[int]:
    packets = [packet for data in sent for packet in RtcpPacket.parse(data)]
    return {number & 0xFFFF for packet in packets if isinstance(packet, RtcpRtpfbPacket) for number in packet.lost}


def test_packets_lost_around_the_wrap_of_the_sequence_numbers_are_asked_for() -> None:
    receive_side, _, _, sent = listening([VP9])
    receive_side.send_nack(1, [65_534, 65_535, 0, 1])
    assert asked(sent) == {65_534, 65_535, 0, 1}


def test_a_request_for_very_many_packets_fits_into_datagrams() -> None:
    receive_side, _, _, sent = listening([VP9])
    numbers = range(0, 60_000, 60)
    receive_side.send_nack(1, list(numbers))
    assert asked(sent) == set(numbers)
    assert max(map(len, sent)) <= 16 + 4 * MOST_IN_A_NACK


def test_only_the_first_codec_agreed_on_is_taken() -> None:
    receive_side, listener, track, _ = listening([VP9, VP9_AGAIN, VP8, VP8_AGAIN])
    assert track.codec == "VP9"
    for payload_type in (98, 96, 97, 13):
        receive_side.receive_packet(packet(payload_type=payload_type, payload=b"\0\1data"))
    assert [packet.payload_type for packet in listener.packets] == [98]


def test_what_is_sent_again_belongs_to_the_stream_that_sends_now() -> None:
    receive_side, listener, _, _ = listening([VP9, VP9_AGAIN])
    receive_side.receive_packet(packet(ssrc=1, payload_type=98, sequence_number=5))
    receive_side.receive_packet(packet(ssrc=2, payload_type=98, sequence_number=70))  # a stray
    receive_side.receive_packet(packet(ssrc=1, payload_type=98, sequence_number=7))
    receive_side.receive_packet(packet(ssrc=3, payload_type=99, payload=b"\x00\x06data"))
    again = listener.packets[-1]
    assert (again.ssrc, again.sequence_number, again.payload) == (1, 6, b"data")


def test_how_long_a_picture_waited_is_handed_on() -> None:
    receive_side, listener, _, _ = listening([VP8, VP8_AGAIN])
    received = packet(payload_type=96, payload=b"picture")
    received.encode_start_ms = 140
    receive_side.receive_packet(received)
    receive_side.receive_packet(packet(payload_type=96, sequence_number=1, payload=b"picture"))
    assert listener.waits_ms == [140]
    assert len(listener.packets) == 2
