"""The one module that knows aiortc's and aioice's private parts.

aiortc brings ICE, DTLS, SRTP and the session description. What it does with media after
that (jitter buffer, decoder thread, bandwidth estimate) is of no use to a recording, so SRTP
packets are taken at the socket: decrypted with the keys that DTLS agreed on, parsed, and given
to a :class:`MediaListener` in the same call. STUN and DTLS go their usual way.

``tests/media_server/test_aiortc_contract.py`` says in words which private part moved when an
upgrade breaks this.
"""

import asyncio
import contextlib
import random
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import pylibsrtp
from aioice import Candidate
from aioice.candidate import candidate_foundation, candidate_priority
from aioice.ice import Connection, StunProtocol
from aiortc import RTCBundlePolicy, RTCConfiguration, RTCPeerConnection, RTCRtpTransceiver, RTCSessionDescription
from aiortc import codecs as aiortc_codecs
from aiortc.exceptions import InternalError, InvalidAccessError, InvalidStateError, OperationError
from aiortc.rtcdtlstransport import RTCDtlsTransport
from aiortc.rtcrtpparameters import RTCRtcpFeedback, RTCRtpCodecParameters, RTCRtpReceiveParameters
from aiortc.rtcrtpsender import RTCRtpSender
from aiortc.rtp import (
    RTCP_PSFB_APP,
    RTCP_PSFB_PLI,
    RTCP_RTPFB_NACK,
    RtcpPacket,
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSrPacket,
    is_rtcp,
    pack_remb_fci,
)
from aiortc.sdp import candidate_from_sdp
from aiortc.stats import RTCStatsReport

from media_server.rtp.header import MalformedPacket, ParsedPacket, parse_packet
from media_server.rtp.packet import MediaKind

RECEIVE_BUFFER = 1 << 20
"Bytes that the kernel keeps for one socket while the event loop is busy; a second of media is 45 kB."

PORT_ATTEMPTS = 50
"How many ports of the range are tried before it counts as used up."

_NTP_FRACTION = 1 << 32


class NoFreePort(Exception):  # noqa: N818  it is a condition, not a fault
    """Every port of the range that was tried is taken."""


class OfferRefused(Exception):  # noqa: N818  the field's word for it
    """aiortc cannot work with this offer."""


class MediaListener(Protocol):
    """Who hears what arrives. Called from the event loop; must not block and must not raise."""

    def packet_received(self, packet: ParsedPacket) -> None:
        """Take one RTP packet, decrypted."""
        ...

    def sender_report_received(self, ssrc: int, ntp_time: int, rtp_timestamp: int) -> None:
        """Take a sender report; `ntp_time` as in RFC 3550 section 6.4.1, 32.32 fixed point."""
        ...

    def connection_changed(self, state: str) -> None:
        """Hear the connection's state: `connecting`, `connected`, `failed`, `closed`."""
        ...


@dataclass(frozen=True, slots=True)
class ReportBlock:
    """What a receiver report says of one stream (RFC 3550 section 6.4.1)."""

    ssrc: int
    "The stream."
    fraction_lost: int
    "Share lost since the last report, of 256."
    packets_lost: int
    "Lost since the beginning."
    highest_sequence: int
    "Extended highest sequence number."
    jitter: int
    "Interarrival jitter, RTP ticks."
    last_sender_report: int
    "Middle 32 bits of the last sender report's NTP time, 0 when none came."
    delay: int
    "Since that report, in units of 1/65536 s."


@dataclass(frozen=True, slots=True)
class PayloadFormat:
    """What a payload type was negotiated to mean."""

    kind: MediaKind
    "Sound or picture."
    codec: str
    "The encoding name of the SDP's rtpmap: `VP8`, `opus`, `rtx`."
    retransmits: int | None
    "For `rtx` the payload type that it carries (RFC 4588 section 8.1)."


@dataclass(frozen=True, slots=True)
class NetworkSettings:
    """Where media may come in."""

    addresses: tuple[str, ...]
    "Local addresses; empty means all but loopback."
    ports: range
    "UDP ports to choose from."


def enable_vp9() -> None:
    """Put VP9 into aiortc's table of codecs, which is one list for the whole process."""
    table = aiortc_codecs.CODECS["video"]
    if any(codec.mimeType == "video/VP9" for codec in table):
        return
    feedback = [RTCRtcpFeedback("nack"), RTCRtcpFeedback("nack", "pli"), RTCRtcpFeedback("goog-remb")]
    vp9 = RTCRtpCodecParameters("video/VP9", 90000, None, 120, feedback, {"profile-id": "0"})
    table.append(vp9)
    table.append(RTCRtpCodecParameters("video/rtx", 90000, None, 121, [], {"apt": 120}))


enable_vp9()


class _SilentReceiver:
    """Stands where aiortc's RTCRtpReceiver stood; the tap has the packets, so it does nothing."""

    def __init__(self, kind: str, transport: RTCDtlsTransport) -> None:
        self.kind = kind
        self.transport = transport
        self.track: Any = None
        self._track: Any = None
        self._enabled = True

    def setTransport(self, transport: RTCDtlsTransport) -> None:  # noqa: N802  aiortc's name
        self.transport = transport

    def _set_rtcp_ssrc(self, ssrc: int) -> None:
        """Feedback is sent by the tap, from the sender's SSRC."""

    async def receive(self, parameters: RTCRtpReceiveParameters) -> None:
        """Nothing to start."""

    async def stop(self) -> None:
        """Nothing to stop."""

    async def getStats(self) -> RTCStatsReport:  # noqa: N802  aiortc's name
        return RTCStatsReport()


class _PeerConnection(RTCPeerConnection):
    """aiortc's peer connection with receivers that leave the media alone."""

    def _RTCPeerConnection__createTransceiver(  # noqa: N802  the private seam itself
        self, direction: str, kind: str, sender_track: Any = None
    ) -> RTCRtpTransceiver:
        transceivers = self.getTransceivers()
        transport = (
            transceivers[0].receiver.transport if transceivers else self._RTCPeerConnection__createDtlsTransport()  # type: ignore[attr-defined]  # private to aiortc
        )
        transceiver = RTCRtpTransceiver(
            direction=direction,
            kind=kind,
            sender=RTCRtpSender(sender_track or kind, transport),
            receiver=_SilentReceiver(kind, transport),  # type: ignore[arg-type]  # has the shape, not the class
        )
        transceiver._bundled = bool(transceivers)  # noqa: SLF001
        self._RTCPeerConnection__transceivers.append(transceiver)  # type: ignore[attr-defined]  # private to aiortc
        return transceiver


class _TappedProtocol(StunProtocol):
    """A socket whose SRTP and SRTCP packets go to the tap; the rest goes aioice's way."""

    def __init__(self, connection: Connection, tap: Callable[[bytes], bool]) -> None:
        super().__init__(connection)
        self._tap = tap

    def datagram_received(self, data: bytes | str, addr: tuple[Any, ...]) -> None:
        # RFC 7983 section 7: the first byte of SRTP and SRTCP lies between 128 and 191.
        if isinstance(data, bytes) and data and 128 <= data[0] < 192 and self._tap(data):  # noqa: PLR2004
            return
        super().datagram_received(data, addr)


class TappedConnection:
    """One WebRTC connection that only receives; its media goes to a :class:`MediaListener`."""

    def __init__(self, listener: MediaListener, network: NetworkSettings) -> None:
        self._listener = listener
        self._network = network
        self._peer = _PeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
        self._peer.on("connectionstatechange", self._state_changed)
        self._sending: set[asyncio.Task[None]] = set()
        self._dtls: RTCDtlsTransport | None = None
        self._feedback_ssrc = 0

    async def answer(self, offer: str) -> str:
        """Take an offer (SDP) and return the answer, with this server's candidates in it.

        Raises :class:`OfferRefused` when aiortc cannot work with it, :class:`NoFreePort` when no UDP port is left.
        """
        try:
            await self._peer.setRemoteDescription(RTCSessionDescription(offer, "offer"))
            transceiver = self._peer.getTransceivers()[0]
            self._dtls = transceiver.receiver.transport
            self._feedback_ssrc = transceiver.sender._ssrc  # noqa: SLF001
            self._gather_within_range(self._dtls)
            answer = await self._peer.createAnswer()
            await self._peer.setLocalDescription(RTCSessionDescription(_passive(answer.sdp, offer), "answer"))
        except (ValueError, IndexError, InternalError, InvalidAccessError, InvalidStateError, OperationError) as error:
            raise OfferRefused(str(error)) from error
        return str(self._peer.localDescription.sdp)

    @property
    def formats(self) -> dict[int, PayloadFormat]:
        """What was negotiated, by payload type; empty before :meth:`answer`."""
        formats = {}
        for transceiver in self._peer.getTransceivers():
            for codec in transceiver._codecs:  # noqa: SLF001
                apt = codec.parameters.get("apt")
                retransmits = apt if isinstance(apt, int) else None
                if codec.payloadType is not None:
                    formats[codec.payloadType] = PayloadFormat(MediaKind(transceiver.kind), codec.name, retransmits)
        return formats

    async def add_ice_candidate(self, mid: str, attribute: str) -> None:
        """Take a trickled candidate. Raises ValueError when the attribute is malformed."""
        candidate = candidate_from_sdp(attribute.removeprefix("candidate:"))
        candidate.sdpMid = mid
        await self._peer.addIceCandidate(candidate)

    async def close(self) -> None:
        """End the connection. Repeating it is harmless."""
        await self._peer.close()

    @property
    def state(self) -> str:
        """The connection's state in WebRTC's words."""
        return str(self._peer.connectionState)

    # Feedback to the sender ------------------------------------------------

    def send_nack(self, ssrc: int, sequence_numbers: Sequence[int]) -> None:
        """Ask for packets again (RFC 4585 section 6.2.1)."""
        packet = RtcpRtpfbPacket(fmt=RTCP_RTPFB_NACK, ssrc=self._feedback_ssrc, media_ssrc=ssrc)
        packet.lost = list(sequence_numbers)
        self._send(bytes(packet))

    def send_picture_loss(self, ssrc: int) -> None:
        """Ask for a keyframe (RFC 4585 section 6.3.1)."""
        self._send(bytes(RtcpPsfbPacket(fmt=RTCP_PSFB_PLI, ssrc=self._feedback_ssrc, media_ssrc=ssrc)))

    def send_reports(self, blocks: Sequence[ReportBlock], maximum_bps: int) -> None:
        """Send a receiver report and, in the same datagram, the bitrate that the sender may use (REMB)."""
        infos = [
            RtcpReceiverInfo(
                ssrc=block.ssrc,
                fraction_lost=block.fraction_lost,
                packets_lost=block.packets_lost,
                highest_sequence=block.highest_sequence,
                jitter=block.jitter,
                lsr=block.last_sender_report,
                dlsr=block.delay,
            )
            for block in blocks
        ]
        report = bytes(RtcpRrPacket(ssrc=self._feedback_ssrc, reports=infos))
        fci = pack_remb_fci(maximum_bps, [block.ssrc for block in blocks])
        remb = RtcpPsfbPacket(fmt=RTCP_PSFB_APP, ssrc=self._feedback_ssrc, media_ssrc=0, fci=fci)
        self._send(report + bytes(remb))

    def _send(self, data: bytes) -> None:
        if self._dtls is None or self._dtls.state != "connected":
            return
        task = asyncio.ensure_future(self._send_quietly(self._dtls, data))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    @staticmethod
    async def _send_quietly(dtls: RTCDtlsTransport, data: bytes) -> None:
        # When the connection went away in between, its end is told by its state.
        with contextlib.suppress(ConnectionError):
            await dtls._send_rtp(data)  # noqa: SLF001

    # Media from the sender --------------------------------------------------

    def _tap(self, data: bytes) -> bool:
        """Decrypt and hand on one SRTP or SRTCP packet; False while there are no keys yet."""
        dtls = self._dtls
        session = None if dtls is None else dtls._rx_srtp  # noqa: SLF001
        if session is None:
            return False
        try:
            if is_rtcp(data):
                self._hand_on_reports(session.unprotect_rtcp(data))
            else:
                self._listener.packet_received(parse_packet(session.unprotect(data)))
        except (pylibsrtp.Error, MalformedPacket):
            pass  # forged, replayed or broken on the way: it never happened
        return True

    def _hand_on_reports(self, data: bytes) -> None:
        try:
            packets = RtcpPacket.parse(data)
        except ValueError:
            return
        for packet in packets:
            # BYE is ignored: browsers send it when a track is merely replaced.
            if isinstance(packet, RtcpSrPacket):
                info = packet.sender_info
                self._listener.sender_report_received(packet.ssrc, info.ntp_timestamp, info.rtp_timestamp)

    def _state_changed(self) -> None:
        self._listener.connection_changed(self.state)

    # ICE within our range of ports -------------------------------------------

    def _gather_within_range(self, dtls: RTCDtlsTransport) -> None:
        connection: Connection = dtls.transport._connection  # noqa: SLF001

        async def gather(component: int, addresses: list[str], **_: float) -> list[Candidate]:
            candidates = []
            for address in self._network.addresses or addresses:
                protocol = await self._bind(connection, address)
                protocol.local_candidate = _host_candidate(component, protocol)
                connection._protocols.append(protocol)  # noqa: SLF001
                candidates.append(protocol.local_candidate)
            return candidates

        replacement: Callable[..., Awaitable[list[Candidate]]] = gather
        connection.get_component_candidates = replacement  # type: ignore[method-assign,assignment]  # aioice has no other way

    async def _bind(self, connection: Connection, address: str) -> StunProtocol:
        loop = asyncio.get_running_loop()
        ports = self._network.ports
        for port in random.sample(ports, min(PORT_ATTEMPTS, len(ports))):
            try:
                transport, protocol = await loop.create_datagram_endpoint(
                    lambda: _TappedProtocol(connection, self._tap), local_addr=(address, port)
                )
            except OSError:
                continue
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
            return protocol
        raise NoFreePort(f"no free UDP port for {address} between {ports[0]} and {ports[-1]}")


def ntp_seconds(ntp_time: int) -> float:
    """Turn a 32.32 NTP time into seconds since 1900."""
    return ntp_time / _NTP_FRACTION


def _host_candidate(component: int, protocol: StunProtocol) -> Candidate:
    host, port = protocol.transport.get_extra_info("sockname")[:2]
    return Candidate(
        foundation=candidate_foundation("host", "udp", host),
        component=component,
        transport="udp",
        priority=candidate_priority(component, "host"),
        host=host,
        port=port,
        type="host",
    )


def _passive(answer: str, offer: str) -> str:
    """Let the sender begin the DTLS handshake whenever it left us the choice (RFC 5763 section 5).

    GStreamer's certificate fails against aiortc's client role.
    """
    return answer.replace("a=setup:active", "a=setup:passive") if "a=setup:actpass" in offer else answer
