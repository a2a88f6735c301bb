"""Record what Chromium sends of the drawn camera, once, so that later publishers need no encoder.

python -m bench.capture_rtp --codec VP8 --seconds 15 tests/data/chromium_vp8.rtp
"""

import argparse
import asyncio
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aiohttp import web as aioweb
from aiortc import RTCConfiguration, RTCPeerConnection, RTCRtpCodecParameters, RTCRtpReceiver, RTCSessionDescription
from aiortc.codecs import CODECS
from aiortc.rtcrtpparameters import RTCRtcpFeedback
from aiortc.rtp import RtpPacket

from bench.reference_server import with_cap
from bench.rtpdump import DumpedPacket, write
from db.clock import SystemClock
from tests.live.browser import chromium, context_with_source, open_sender, publish
from tests.live.harness import free_port

VP9_PAYLOAD_TYPE = 120
Take = Callable[[RtpPacket], None]


def know_vp9() -> None:
    """Let aiortc negotiate VP9 profile 0; it cannot decode it, and need not."""
    if any(codec.mimeType == "video/VP9" for codec in CODECS["video"]):
        return
    CODECS["video"].insert(
        0,
        RTCRtpCodecParameters(
            mimeType="video/VP9",
            clockRate=90_000,
            payloadType=VP9_PAYLOAD_TYPE,
            rtcpFeedback=[RTCRtcpFeedback(type="nack"), RTCRtcpFeedback(type="nack", parameter="pli")],
            parameters={"profile-id": 0},
        ),
    )


def hand_out(connection: RTCPeerConnection, take: Take) -> None:
    """Give every RTP packet to `take` instead of aiortc's receiver."""
    for transceiver in connection.getTransceivers():
        receiver: RTCRtpReceiver = transceiver.receiver

        async def handle(packet: RtpPacket, arrival_time_ms: int) -> None:  # noqa: ARG001  aiortc names it
            take(packet)

        receiver._handle_rtp_packet = handle  # type: ignore[method-assign]  # noqa: SLF001  aiortc has no public way to packets


def endpoint(take: Take) -> aioweb.Application:
    """A WHIP endpoint that only listens."""
    connections: list[RTCPeerConnection] = []

    async def post(request: aioweb.Request) -> aioweb.Response:
        connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        connections.append(connection)
        await connection.setRemoteDescription(RTCSessionDescription(sdp=await request.text(), type="offer"))
        hand_out(connection, take)
        await connection.setLocalDescription(await connection.createAnswer())
        answer = with_cap(connection.localDescription.sdp)
        return aioweb.Response(status=201, text=answer, headers={"Location": "/whip/one/1"})

    async def close(_app: aioweb.Application) -> None:
        for connection in connections:
            await connection.close()

    app = aioweb.Application()
    app.router.add_post("/whip/one", post)
    app.on_shutdown.append(close)
    return app


async def capture(codec: str, seconds: float) -> list[DumpedPacket]:
    """Let Chromium publish and keep what comes, from the first packet on."""
    know_vp9()
    clock = SystemClock()
    taken: list[tuple[float, RtpPacket]] = []
    runner = aioweb.AppRunner(endpoint(lambda packet: taken.append((clock.monotonic(), packet))))
    await runner.setup()
    port = free_port()
    await aioweb.TCPSite(runner, "127.0.0.1", port).start()
    base_url = f"http://127.0.0.1:{port}"
    async with chromium() as browser:
        page = await open_sender(await context_with_source(browser), base_url)
        await publish(page, f"{base_url}/whip/one", codec=codec)
        await asyncio.sleep(seconds)
    await runner.cleanup()
    # Chromium probes the line with a few empty RTX packets; the two media streams are what counts.
    media = {ssrc for ssrc, _ in Counter(packet.ssrc for _, packet in taken).most_common(2)}
    kept = [(at, packet) for at, packet in taken if packet.ssrc in media]
    first = kept[0][0]
    return [DumpedPacket(round((at - first) * 1_000), without_extensions(packet)) for at, packet in kept]


def without_extensions(packet: RtpPacket) -> bytes:
    """The packet without its header extensions, which belong to the connection that it came on."""
    plain = RtpPacket(
        payload_type=packet.payload_type,
        marker=packet.marker,
        sequence_number=packet.sequence_number,
        timestamp=packet.timestamp,
        ssrc=packet.ssrc,
        payload=packet.payload,
    )
    return bytes(plain.serialize())


def main() -> None:
    """Capture and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--codec", choices=["VP8", "VP9"], default="VP8")
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("path", type=Path)
    arguments: Any = parser.parse_args()
    packets = asyncio.run(capture(arguments.codec, arguments.seconds))
    write(arguments.path, packets)
    print(f"{len(packets)} packets, {arguments.path.stat().st_size} bytes in {arguments.path}")


if __name__ == "__main__":
    main()
