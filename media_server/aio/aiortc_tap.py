"""The one module that knows aiortc's and aioice's private parts.

aiortc brings ICE, DTLS, SRTP and the session description. What it does with media after
that (jitter buffer, decoder thread, bandwidth estimate) is of no use to a recording, so SRTP
packets are taken at the socket: decrypted with the keys that DTLS agreed on, parsed, and given
to an :class:`~media_server.aio.encoded_track.EncodedTrack` in the same call. STUN and DTLS go
their usual way, once the socket has turned away what cannot be the sender's.

``tests/media_server/test_aiortc_contract.py`` says in words which private part moved when an
upgrade breaks this.
"""

import asyncio
import contextlib
import random
import socket
import struct
from collections.abc import Callable, Container
from dataclasses import dataclass
from typing import Any

import pylibsrtp
from aioice import Candidate, stun
from aioice.candidate import candidate_foundation, candidate_priority
from aioice.ice import Connection, StunProtocol
from aiortc import (
    MediaStreamTrack,
    RTCBundlePolicy,
    RTCConfiguration,
    RTCPeerConnection,
    RTCRtpTransceiver,
    RTCSessionDescription,
)
from aiortc import codecs as aiortc_codecs
from aiortc.rtcdtlstransport import RTCDtlsTransport
from aiortc.rtcrtpparameters import (
    RTCRtcpFeedback,
    RTCRtpCodecParameters,
    RTCRtpHeaderExtensionParameters,
    RTCRtpReceiveParameters,
)
from aiortc.rtcrtpsender import RTCRtpSender
from aiortc.rtp import AnyRtcpPacket, RtcpPacket, RtcpSrPacket, is_rtcp
from aiortc.stats import RTCStatsReport

from media_server.aio.encoded_track import EncodedTrack, ReceiveSide
from media_server.aio.traffic import Traffic
from media_server.rtp import transport_feedback, video_timing
from media_server.rtp.errors import PayloadError
from media_server.rtp.header import MalformedPacket, parse_packet
from media_server.rtp.packet import MediaKind
from media_server.rtp.sources import Address, Allowance, Sources

RECEIVE_BUFFER = 4 << 20
"Bytes that the kernel keeps for one socket while the event loop is busy, also of a flood; a second of media is 45 kB."

LONGEST_SRTP = 1500
"Octets. What libsrtp's Python binding decrypts; an Ethernet frame carries no more."

MOST_WAITING = 64
"Datagrams kept until DTLS reads them: a handshake is a dozen, and anybody can send to an open port."

CHECKS_PER_S = 200
"Connectivity checks that one address known to be the sender's may send; a browser sends 25 while it connects."

STRANGERS_CHECKS_PER_S = 100
"The same for all addresses together that are not known yet. Each costs an HMAC and an answer."

STRANGERS_MEDIA_PER_S = 10
"Packets from unknown addresses that are tried with the SRTP key: one that it opens tells where a NAT has moved the sender."

MOST_ICE_CANDIDATES = 256
"Addresses that one connection hears of, signalled or learnt; each is a check of ours to an address of somebody's choice."

STUN_COOKIE = stun.COOKIE.to_bytes(4, "big")

PORT_ATTEMPTS = 50
"How many ports of the range are tried before it counts as used up."


class NoFreePort(Exception):  # noqa: N818  it is a condition, not a fault
    """Every port of the range that was tried is taken."""


@dataclass(frozen=True, slots=True)
class NetworkSettings:
    """Where media may come in."""

    addresses: tuple[str, ...] = ()
    "Local addresses; empty means all but loopback."
    ports: range = range(50000, 51000)
    "UDP ports to choose from."


def extend_capabilities() -> None:
    """Put VP9, transport-wide feedback and the pictures' timing into aiortc's tables, which are one for the whole process."""
    video, audio = aiortc_codecs.CODECS["video"], aiortc_codecs.CODECS["audio"]
    if any(codec.mimeType == "video/VP9" for codec in video):
        return
    feedback = [RTCRtcpFeedback("nack"), RTCRtcpFeedback("nack", "pli"), RTCRtcpFeedback("goog-remb")]
    video.append(RTCRtpCodecParameters("video/VP9", 90000, None, 120, feedback, {"profile-id": "0"}))
    video.append(RTCRtpCodecParameters("video/rtx", 90000, None, 121, [], {"apt": 120}))
    for codec in (*video, *audio):
        if codec.name in {"VP8", "VP9", "opus"}:
            codec.rtcpFeedback.append(RTCRtcpFeedback("transport-cc"))
    for extensions in aiortc_codecs.HEADER_EXTENSIONS.values():
        extensions.append(RTCRtpHeaderExtensionParameters(id=5, uri=transport_feedback.EXTENSION_URI))
    timing = RTCRtpHeaderExtensionParameters(id=6, uri=video_timing.EXTENSION_URI)
    aiortc_codecs.HEADER_EXTENSIONS["video"].append(timing)


extend_capabilities()


class _PassthroughReceiver:
    """Stands where aiortc's RTCRtpReceiver stood. The tap has the packets, so it only holds the track."""

    def __init__(self, kind: str, transport: RTCDtlsTransport, receive_side: ReceiveSide) -> None:
        self.transport = transport
        self.track: EncodedTrack | None = None
        self.transceiver: RTCRtpTransceiver | None = None
        self._kind = MediaKind(kind)
        self._receive_side = receive_side
        self._enabled = True

    @property
    def _track(self) -> EncodedTrack | None:
        return self.track

    @_track.setter
    def _track(self, remote: MediaStreamTrack) -> None:
        # aiortc assigns a track that would decode, once the codecs are agreed; ours takes its place and its id.
        self.track = EncodedTrack(self._kind, remote.id, self._receive_side)
        if self.transceiver is not None:
            self._receive_side.negotiated(self.track, self.transceiver._codecs)  # noqa: SLF001
            for extension in self.transceiver._headerExtensions:  # noqa: SLF001
                if extension.uri == transport_feedback.EXTENSION_URI:
                    self._receive_side.transport_number_id = extension.id
                elif extension.uri == video_timing.EXTENSION_URI:
                    self._receive_side.video_timing_id = extension.id

    def setTransport(self, transport: RTCDtlsTransport) -> None:  # noqa: N802  aiortc's name
        self.transport = transport

    async def receive(self, parameters: RTCRtpReceiveParameters) -> None:
        """Nothing to start."""

    async def stop(self) -> None:
        """Nothing to stop."""

    async def getStats(self) -> RTCStatsReport:  # noqa: N802  aiortc's name
        return RTCStatsReport()


class _Doorkeeper:
    """Says of each datagram whether it can be the sender's, before anything costly is done with it (decision 24)."""

    def __init__(self, connection: Connection, traffic: Traffic) -> None:
        self._connection = connection
        self._traffic = traffic
        # What a check has to bear: our name, a colon, theirs (RFC 8445 section 7.2.2).
        self._our_name = f"{connection.local_username}:".encode()
        self._sources = Sources()
        self._checks = Allowance(CHECKS_PER_S)
        self._strangers_checks = Allowance(STRANGERS_CHECKS_PER_S)
        self._strangers_media = Allowance(STRANGERS_MEDIA_PER_S)
        self._now = asyncio.get_running_loop().time
        self.turned_away = 0
        "Datagrams that were dropped unread."

    def admits_check(self, data: bytes, source: Address, transactions: Container[bytes]) -> bool:
        """Whether a STUN message answers a check of ours, or is a check by somebody who knows our name."""
        if len(data) < stun.HEADER_LENGTH or data[4:8] != STUN_COOKIE:
            return self._turn_away()
        if data[0] & 1:  # the upper bit of the class: a response or an error
            return data[8:20] in transactions or self._turn_away()
        if self._our_name not in data:
            return self._turn_away()
        if self.knows(source):
            return self._checks.take(self._now()) or self._turn_away()
        has_room = len(self._connection._remote_candidates) < MOST_ICE_CANDIDATES  # noqa: SLF001
        return (has_room and self._strangers_checks.take(self._now())) or self._turn_away()

    def admits_handshake(self, source: Address) -> bool:
        """Whether a DTLS record may go on: only from where the sender's checks were answered."""
        return self.knows(source) or self._turn_away()

    def admits_media(self, source: Address) -> bool:
        """Whether SRTP or SRTCP is worth decrypting."""
        return self.knows(source) or self._strangers_media.take(self._now()) or self._turn_away()

    def knows(self, source: Address) -> bool:
        """Whether the sender was met there; the nominated pair's other end counts, whoever began the checks."""
        if self._sources.knows(source):
            return True
        nominated = self._connection._nominated.values()  # noqa: SLF001
        return any(pair.remote_addr == source for pair in nominated)

    def met(self, source: Address) -> None:
        """The sender has shown there that it is the sender."""
        if not self._sources.knows(source):
            self._sources.learn(source)

    def _turn_away(self) -> bool:
        self.turned_away += 1
        self._traffic.junk += 1
        return False


class _TappedProtocol(StunProtocol):
    """A socket whose SRTP and SRTCP packets go to the tap; STUN and DTLS of the sender's go aioice's way."""

    def __init__(self, connection: Connection, door: _Doorkeeper, tap: Callable[[bytes, Address], None]) -> None:
        super().__init__(connection)
        self._door = door
        self._tap = tap

    def datagram_received(self, data: bytes | str, addr: tuple[Any, ...]) -> None:
        if not isinstance(data, bytes) or not data:
            return
        source = (addr[0], addr[1])
        # RFC 7983 section 7: the first octet tells the protocols apart, and there are no others here.
        match data[0]:
            case first if 128 <= first < 192:  # noqa: PLR2004
                self._tap(data, source)
            case first if 20 <= first < 64:  # noqa: PLR2004
                if self._door.admits_handshake(source):
                    self.receiver.data_received(data, self.local_candidate.component)
            case first if first < 4:  # noqa: PLR2004
                if self._door.admits_check(data, source, self.transactions):
                    # aioice lets this error out when an attribute of a STUN message is cut short.
                    with contextlib.suppress(struct.error):
                        super().datagram_received(data, addr)

    def send_stun(self, message: stun.Message, addr: Address) -> None:
        """Send it. A success is what only a check with the right password gets, so it tells where the sender is."""
        if message.message_class == stun.Class.RESPONSE:
            self._door.met((addr[0], addr[1]))
        super().send_stun(message, addr)


class PassthroughPeerConnection(RTCPeerConnection):
    """aiortc's peer connection for receiving: its tracks hand on encoded packets.

    Everything goes over one transport (max-bundle). Its `track` event brings an
    :class:`~media_server.aio.encoded_track.EncodedTrack`.
    """

    def __init__(self, network: NetworkSettings | None = None, traffic: Traffic | None = None) -> None:
        # With no servers named, aiortc would ask a public STUN server and wait for it.
        super().__init__(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
        self._network = network or NetworkSettings()
        self._traffic = traffic or Traffic()
        self._dtls: RTCDtlsTransport | None = None
        self._door: _Doorkeeper | None = None
        self.receive_side = ReceiveSide(self._send_rtcp)
        "Counts, reports and asks for what is missing."

    def _RTCPeerConnection__createTransceiver(  # noqa: N802  the private seam itself
        self, direction: str, kind: str, sender_track: Any = None
    ) -> RTCRtpTransceiver:
        transceivers = self.getTransceivers()
        if self._dtls is None:
            self._dtls = self._RTCPeerConnection__createDtlsTransport()  # type: ignore[attr-defined]  # private to aiortc
            self._gather_within_range(self._dtls)
        sender = RTCRtpSender(sender_track or kind, self._dtls)
        self.receive_side.feedback_ssrc = sender._ssrc  # noqa: SLF001
        receiver: Any = _PassthroughReceiver(kind, self._dtls, self.receive_side)
        transceiver = RTCRtpTransceiver(direction=direction, kind=kind, sender=sender, receiver=receiver)
        receiver.transceiver = transceiver
        transceiver._bundled = bool(transceivers)  # noqa: SLF001
        self._RTCPeerConnection__transceivers.append(transceiver)  # type: ignore[attr-defined]  # private to aiortc
        return transceiver

    async def setLocalDescription(  # noqa: N802  aiortc's name
        self,
        sessionDescription: RTCSessionDescription | None = None,  # noqa: N803  aiortc's name
    ) -> None:
        """Apply our answer. Raises :class:`NoFreePort` when no UDP port of the range is left."""
        answer = sessionDescription or await self.createAnswer()
        if "a=setup:actpass" in self.remoteDescription.sdp:
            # The sender begins the handshake (RFC 5763 section 5): GStreamer's certificate fails
            # against aiortc's client role.
            answer = RTCSessionDescription(answer.sdp.replace("a=setup:active", "a=setup:passive"), answer.type)
        await super().setLocalDescription(answer)

    # RTCP to the sender ----------------------------------------------------------

    def _send_rtcp(self, data: bytes) -> None:
        if self._dtls is None or self._dtls.state != "connected":
            return
        sending = self._dtls._send_rtp(data)  # noqa: SLF001
        # Nothing in it ever waits, and a task of its own would cost more than the datagram does.
        # When the connection went away in between, its end is told by its state; pylibsrtp raises
        # ValueError for what is too long for a datagram.
        with contextlib.suppress(StopIteration, ConnectionError, ValueError, pylibsrtp.Error):
            sending.send(None)
        sending.close()

    # Media from the sender ---------------------------------------------------------

    @property
    def turned_away(self) -> int:
        """Datagrams that were dropped because they cannot have been the sender's."""
        return 0 if self._door is None else self._door.turned_away

    def _tap(self, data: bytes, source: Address) -> None:
        """Decrypt and hand on one SRTP or SRTCP packet; before there are keys, nobody can read it."""
        session = None if self._dtls is None else self._dtls._rx_srtp  # noqa: SLF001
        if session is None or self._door is None or len(data) > LONGEST_SRTP or not self._door.admits_media(source):
            return
        try:
            if is_rtcp(data):
                reports = session.unprotect_rtcp(data)
                self._door.met(source)
                self._hand_on_reports(reports)
            else:
                opened = session.unprotect(data)
                self._door.met(source)
                side = self.receive_side
                side.receive_packet(parse_packet(opened, side.transport_number_id, side.video_timing_id))
        except (pylibsrtp.Error, MalformedPacket, PayloadError):
            self._traffic.junk += 1  # what is forged, replayed or broken on the way never happened

    def _hand_on_reports(self, data: bytes) -> None:
        for packet in reports_in(data):
            # BYE is ignored: browsers send it when a track is merely replaced.
            if isinstance(packet, RtcpSrPacket):
                info = packet.sender_info
                self.receive_side.receive_sender_report(packet.ssrc, info.ntp_timestamp, info.rtp_timestamp)

    # ICE within our range of ports ---------------------------------------------------

    def _gather_within_range(self, dtls: RTCDtlsTransport) -> None:
        connection: Connection = dtls.transport._connection  # noqa: SLF001
        door = self._door = _Doorkeeper(connection, self._traffic)

        async def gather(component: int, addresses: list[str], **_: float) -> list[Candidate]:
            candidates = []
            for address in self._network.addresses or addresses:
                protocol = await self._bind(lambda: _TappedProtocol(connection, door, self._tap), address)
                protocol.local_candidate = _host_candidate(component, protocol)
                connection._protocols.append(protocol)  # noqa: SLF001
                candidates.append(protocol.local_candidate)
            return candidates

        connection.get_component_candidates = gather  # type: ignore[method-assign,assignment]  # aioice has no other way
        connection.data_received = _only_dtls(connection, self._traffic)  # type: ignore[method-assign,assignment]  # it keeps everything

    async def _bind(self, make: Callable[[], _TappedProtocol], address: str) -> StunProtocol:
        loop = asyncio.get_running_loop()
        ports = self._network.ports
        for port in random.sample(ports, min(PORT_ATTEMPTS, len(ports))):
            try:
                transport, protocol = await loop.create_datagram_endpoint(make, local_addr=(address, port))
            except OSError:
                continue
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
            return protocol
        raise NoFreePort(f"no free UDP port for {address} between {ports[0]} and {ports[-1]}")


def reports_in(data: bytes) -> list[AnyRtcpPacket]:
    """The RTCP packets of a datagram; none of one that cannot be read."""
    try:
        return RtcpPacket.parse(data)
    except (ValueError, IndexError, struct.error):  # aiortc promises the first alone
        return []


def _only_dtls(connection: Connection, traffic: Traffic) -> Callable[[bytes, int], None]:
    """What takes the place of `data_received`: keeps a few DTLS records (RFC 7983 section 7) and nothing else.

    aiortc's reader fails for good on an empty datagram, which anybody can send.
    """
    waiting = connection._queue  # noqa: SLF001

    def receive(data: bytes, component: int) -> None:
        if data and 20 <= data[0] < 64 and waiting.qsize() < MOST_WAITING:  # noqa: PLR2004
            waiting.put_nowait((data, component))
        else:
            traffic.junk += 1

    return receive


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
