"""The receive side of a connection: tracks of encoded packets, and the RTCP that goes back.

What RFC 3550 and RFC 4585 ask of a receiver is here: who sends what (payload types, RTX), receiver
reports, NACK, PLI, and the bitrate that the sender may use.
"""

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Never, Protocol

from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError
from aiortc.rtcrtpparameters import RTCRtpCodecParameters
from aiortc.rtp import (
    RTCP_PSFB_APP,
    RTCP_PSFB_PLI,
    RTCP_RTPFB,
    RTCP_RTPFB_NACK,
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    pack_remb_fci,
)

from db.clock import Clock, SystemClock
from media_server.rtp.header import ParsedPacket
from media_server.rtp.packet import MediaKind, RtpPacket
from media_server.rtp.reception import ReceptionStatistics, ReportBlock
from media_server.rtp.rtx import unwrap_rtx
from media_server.rtp.transport_feedback import TransportFeedback

RTX = "rtx"

RTCP_RTPFB_TRANSPORT = 15
"The format of transport-wide feedback among the transport layer feedback messages."

FEEDBACK_INTERVAL_S = 0.1
"How often arrivals are told; a narrow uplink has to be noticed before its queue is full."

MAXIMUM_STREAMS = 8
"Streams of one connection that reports are kept for; a hostile sender could invent them without end."


MOST_IN_A_NACK = 256
"Packets that one NACK asks for; each can take four octets, and all have to fit into a datagram."


class TrackListener(Protocol):
    """Who hears what arrives on a track. Called in the event loop; must not block and must not raise."""

    def packet_received(self, kind: MediaKind, packet: RtpPacket) -> None:
        """Take one RTP packet, decrypted, retransmissions unwrapped."""
        ...

    def sender_report_received(self, kind: MediaKind, ssrc: int, ntp_time: int, rtp_timestamp: int) -> None:
        """Take a sender report; `ntp_time` is 32.32 fixed point, seconds since 1900 (RFC 3550 section 4)."""
        ...

    def encode_start_received(self, waited_ms: int) -> None:
        """Take how long a picture, by its own stamp, had waited when its encoding began."""
        ...


class EncodedTrack(MediaStreamTrack):
    """A remote track whose packets are handed on as they arrive; nothing is decoded."""

    def __init__(self, kind: MediaKind, track_id: str, receive_side: "ReceiveSide") -> None:
        super().__init__()
        self.kind = str(kind)
        self._id = track_id
        self.media_kind = kind
        self.receive_side = receive_side
        "Where feedback goes."
        self.codec: str | None = None
        "The encoding name that was negotiated first: `VP9`, `VP8`, `opus`."
        self.listener: TrackListener | None = None
        "Who gets the packets."

    async def recv(self) -> Never:
        """There are no decoded frames here."""
        raise MediaStreamError("this track hands on encoded packets; give it to a PassthroughRecorder")


@dataclass(frozen=True, slots=True)
class _Format:
    """What a payload type means."""

    track: EncodedTrack
    clock_rate: int
    retransmits: int | None
    "For RTX the payload type that it carries (RFC 4588 section 8.1)."


class ReceiveSide:
    """Everything that one connection receives."""

    def __init__(self, send_rtcp: Callable[[bytes], None], clock: Clock | None = None) -> None:
        self._send_rtcp = send_rtcp
        self._clock = clock or SystemClock()
        self._formats: dict[int, _Format] = {}
        self._streams: dict[int, tuple[EncodedTrack, ReceptionStatistics]] = {}
        self._newest_ssrc: dict[EncodedTrack, int] = {}
        self.feedback_ssrc = 0
        "The SSRC that our RTCP bears."
        self.last_packet: float | None = None
        "When the last RTP packet came, seconds, monotonic."
        self.transport_number_id = 0
        "The negotiated id of the transport-wide sequence number's extension; 0 for none."
        self.video_timing_id = 0
        "The negotiated id of the video timing's extension; 0 for none."
        self._feedback = TransportFeedback()
        self._feedback_due = 0.0

    def negotiated(self, track: EncodedTrack, codecs: Sequence[RTCRtpCodecParameters]) -> None:
        """Learn what a track's payload types mean: those of the first codec, and of what sends it again.

        A part holds one codec a track; a sender that changed to another one agreed on would ruin it.
        """
        media = next((codec for codec in codecs if codec.name.lower() != RTX), None)
        if media is None or media.payloadType is None:
            return
        track.codec = media.name
        self._formats[media.payloadType] = _Format(track, media.clockRate, None)
        for codec in codecs:
            if codec.payloadType is not None and codec.parameters.get("apt") == media.payloadType:
                self._formats[codec.payloadType] = _Format(track, codec.clockRate, media.payloadType)

    # What arrives -------------------------------------------------------------------

    def receive_packet(self, received: ParsedPacket) -> None:
        """Sort a packet to its track; payload types that nobody negotiated are dropped."""
        fmt = self._formats.get(received.payload_type)
        if fmt is None:
            return
        self.last_packet = now = self._clock.monotonic()
        if received.transport_number is not None:
            self._tell_arrival(received, received.transport_number, now)
        packet: RtpPacket = received
        track: EncodedTrack = fmt.track
        if fmt.retransmits is not None:
            original = self._unwrap(track, packet, fmt.retransmits)
            if original is None:
                return
            packet = original
        else:
            stream = self._streams.get(packet.ssrc) or self._new_stream(fmt, packet.ssrc)
            stream[1].receive(packet, now)
            self._newest_ssrc[track] = packet.ssrc
        if track.listener is not None:
            if received.encode_start_ms is not None:
                track.listener.encode_start_received(received.encode_start_ms)
            track.listener.packet_received(track.media_kind, packet)

    def _tell_arrival(self, packet: ParsedPacket, number: int, now: float) -> None:
        """Tell the sender what came when, so that it notices a narrow uplink before packets are lost there."""
        self._feedback.receive(number, now)
        if now < self._feedback_due:
            return
        self._feedback_due = now + FEEDBACK_INTERVAL_S
        message = self._feedback.take(now)
        if message is not None:
            self._send_rtcp(_transport_feedback(self.feedback_ssrc, packet.ssrc, message))

    def _unwrap(self, track: EncodedTrack, packet: RtpPacket, payload_type: int) -> RtpPacket | None:
        # One stream a track is negotiated, so a retransmission belongs to the one that sends now;
        # SDP's ssrc-group need not be there.
        ssrc = self._newest_ssrc.get(track)
        return None if ssrc is None else unwrap_rtx(packet, payload_type=payload_type, ssrc=ssrc)

    def _new_stream(self, fmt: _Format, ssrc: int) -> tuple[EncodedTrack, ReceptionStatistics]:
        if len(self._streams) >= MAXIMUM_STREAMS:
            self._streams.pop(next(iter(self._streams)))
        stream = self._streams[ssrc] = (fmt.track, ReceptionStatistics(ssrc, fmt.clock_rate))
        return stream

    def receive_sender_report(self, ssrc: int, ntp_time: int, rtp_timestamp: int) -> None:
        """Remember a sender report for our own reports and hand it to the track."""
        stream = self._streams.get(ssrc)
        if stream is None:
            return
        track, statistics = stream
        statistics.receive_sender_report(ntp_time, self._clock.monotonic())
        if track.listener is not None:
            track.listener.sender_report_received(track.media_kind, ssrc, ntp_time, rtp_timestamp)

    # What goes back -------------------------------------------------------------------

    def send_nack(self, ssrc: int, sequence_numbers: Sequence[int]) -> None:
        """Ask for packets again (RFC 4585 section 6.2.1)."""
        # A NACK names a set, and aiortc can only write one that ascends: 65535 after 0, not before it.
        numbers = sorted(set(sequence_numbers))
        for start in range(0, len(numbers), MOST_IN_A_NACK):
            lost = numbers[start : start + MOST_IN_A_NACK]
            nack = RtcpRtpfbPacket(fmt=RTCP_RTPFB_NACK, ssrc=self.feedback_ssrc, media_ssrc=ssrc, lost=lost)
            self._send_rtcp(bytes(nack))

    def send_picture_loss(self, ssrc: int) -> None:
        """Ask for a keyframe (RFC 4585 section 6.3.1)."""
        self._send_rtcp(bytes(RtcpPsfbPacket(fmt=RTCP_PSFB_PLI, ssrc=self.feedback_ssrc, media_ssrc=ssrc)))

    def ask_keyframe(self, track: EncodedTrack) -> None:
        """Ask for a keyframe of whoever sends this track now."""
        ssrc = self._newest_ssrc.get(track)
        if ssrc is not None:
            self.send_picture_loss(ssrc)

    def send_reports(self, maximum_bps: int) -> None:
        """Send a receiver report and, in the same datagram, the bitrate that the sender may use (REMB).

        Call once a second. The bitrate is what we want, never an estimate: a busy server must not cost quality.
        """
        if not self._streams:
            return
        now = self._clock.monotonic()
        blocks = [statistics.report_block(now) for _, statistics in self._streams.values()]
        infos = [_receiver_info(block) for block in blocks if block is not None]
        report = bytes(RtcpRrPacket(ssrc=self.feedback_ssrc, reports=infos))
        fci = pack_remb_fci(maximum_bps, list(self._streams))
        remb = RtcpPsfbPacket(fmt=RTCP_PSFB_APP, ssrc=self.feedback_ssrc, media_ssrc=0, fci=fci)
        self._send_rtcp(report + bytes(remb))


def _transport_feedback(sender: int, media: int, message: bytes) -> bytes:
    """A transport layer feedback message (RFC 4585 section 6.1), padded as RFC 3550 section 6.4.1 has it."""
    padding = -len(message) % 4
    words = (12 + len(message) + padding) // 4 - 1
    flags = 0x80 | (0x20 if padding else 0) | RTCP_RTPFB_TRANSPORT
    header = struct.pack("!BBHLL", flags, RTCP_RTPFB, words, sender, media)
    return header + message + (bytes(padding - 1) + bytes([padding]) if padding else b"")


def _receiver_info(block: ReportBlock) -> RtcpReceiverInfo:
    return RtcpReceiverInfo(
        ssrc=block.ssrc,
        fraction_lost=block.fraction_lost,
        packets_lost=block.packets_lost,
        highest_sequence=block.highest_sequence,
        jitter=block.jitter,
        lsr=block.last_sender_report,
        dlsr=block.delay_since_sender_report,
    )
