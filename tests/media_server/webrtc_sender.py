"""A real WebRTC sender over loopback: ICE, DTLS and SRTP are aiortc's, the packets are the test's."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable

import aioice.ice
import pytest
from aiortc import RTCConfiguration, RTCPeerConnection, RTCRtpSender, RTCSessionDescription
from aiortc.rtp import RtcpSenderInfo, RtcpSrPacket, RtpPacket

from media_server.aio.aiortc_tap import NetworkSettings
from media_server.rtp.packet import MediaKind
from media_server.rtp.packet import RtpPacket as PreparedPacket
from tests.media_server.sender import Arrival

LOOPBACK = NetworkSettings(("127.0.0.1",), range(20_000, 30_000))

MOST_UNREAD = 50
"More packets than the receiving socket, which the same event loop reads, can be behind the sending one."


class WebrtcSender:
    """Sends what it is handed, as it is, over a real connection."""

    def __init__(self, codec: str = "VP8") -> None:
        self._codec = codec
        self.peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.senders = {
            kind: self.peer.addTransceiver(kind.value, direction="sendonly").sender
            for kind in (MediaKind.SOUND, MediaKind.PICTURE)
        }
        self._payload_types: dict[MediaKind, int] = {}

    async def offer(self) -> str:
        """The offer, with the one picture codec and its candidates."""
        codecs = RTCRtpSender.getCapabilities("video").codecs
        chosen = [codec for codec in codecs if codec.mimeType == f"video/{self._codec}"]
        self.peer.getTransceivers()[1].setCodecPreferences(chosen)
        await self.peer.setLocalDescription(await self.peer.createOffer())
        return str(self.peer.localDescription.sdp)

    async def accept(self, answer: str) -> None:
        """Take the answer, and wait until packets can be sent."""
        await self.peer.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        self._payload_types = {
            MediaKind.SOUND: _payload_type(answer, "opus"),
            MediaKind.PICTURE: _payload_type(answer, self._codec),
        }
        async with asyncio.timeout(20):
            while self.peer.connectionState != "connected":  # noqa: ASYNC110  aiortc's events do not outlive a missed one
                await asyncio.sleep(0.01)

    async def send(self, kind: MediaKind, packet: PreparedPacket) -> None:
        """Send one packet under the negotiated payload type."""
        serialized = RtpPacket(
            payload_type=self._payload_types[kind],
            marker=packet.marker,
            sequence_number=packet.sequence_number,
            timestamp=packet.timestamp,
            ssrc=packet.ssrc,
            payload=packet.payload,
        ).serialize()
        await self.senders[kind].transport._send_rtp(serialized)

    async def send_all(self, arrivals: Iterable[Arrival], *, pace: float = 0.0) -> None:
        """Send packets in order, `pace` times as slowly as they are due; they have been read when this returns."""
        began = asyncio.get_running_loop().time()
        for arrival in arrivals:
            ahead = began + arrival.at * pace - asyncio.get_running_loop().time()
            await asyncio.sleep(max(0.0, ahead))
            await self.send(arrival.kind, arrival.packet)
        for _ in range(MOST_UNREAD):
            await asyncio.sleep(0)  # over loopback a packet is readable at once; the loop reads one in each round

    async def send_report(self, kind: MediaKind, ssrc: int, ntp_seconds: float, rtp_timestamp: int) -> None:
        """Send a sender report (RFC 3550 section 6.4.1)."""
        info = RtcpSenderInfo(int(ntp_seconds * (1 << 32)), rtp_timestamp, 1, 1)
        await self.senders[kind].transport._send_rtp(bytes(RtcpSrPacket(ssrc=ssrc, sender_info=info)))


@contextlib.asynccontextmanager
async def webrtc_sender(monkeypatch: pytest.MonkeyPatch, codec: str = "VP8") -> AsyncIterator[WebrtcSender]:
    """A sender that knows no network but loopback; closed at the end."""
    monkeypatch.setattr(aioice.ice, "get_host_addresses", lambda **_: ["127.0.0.1"])
    sender = WebrtcSender(codec)
    yield sender
    await sender.peer.close()


def _payload_type(sdp: str, codec: str) -> int:
    for line in sdp.splitlines():
        if line.startswith("a=rtpmap:") and line.split(" ")[1].lower().startswith(f"{codec.lower()}/"):
            return int(line.split(" ")[0].removeprefix("a=rtpmap:"))
    raise ValueError(f"the answer takes no {codec}")
