"""The whole way in: a real WebRTC sender, WHIP over HTTP, the real publisher, a real file, and what the page hears."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import aioice.ice
import pytest
from aiortc import RTCConfiguration, RTCPeerConnection, RTCRtpSender, RTCSessionDescription
from aiortc.mediastreams import AudioStreamTrack, VideoStreamTrack

from db.clock import SystemClock
from db.states import InterviewState, PartState
from media_server.aio.aiortc_tap import NetworkSettings
from media_server.aio.disk import Disk
from media_server.aio.publisher import Publisher
from media_server.settings import MediaSettings
from signaling.aio.live_interview import OnEvent, OpenPart
from signaling.protocol.sdp import read_description
from tests.signaling.conftest import OpenSite, Site, a_moment, bearer

NETWORK = NetworkSettings(("127.0.0.1",), range(20_000, 30_000))


@pytest.fixture
async def site(open_site: OpenSite, tmp_path: Path) -> AsyncIterator[Site]:
    """The site with real publishers, which write below `tmp_path`."""
    clock = SystemClock()
    disk = Disk(clock, sync_interval=0.1)
    disk.start()
    site = await open_site(heartbeat_s=0.1)

    def create(path: Path) -> int:
        whole = tmp_path / path
        whole.parent.mkdir(parents=True, exist_ok=True)
        return os.open(whole, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)

    def make(whip_session: str, open_part: OpenPart, on_event: OnEvent) -> Publisher:
        return Publisher(
            whip_session,
            settings=MediaSettings(),
            network=NETWORK,
            disk=disk,
            clock=clock,
            create_file=create,
            open_part=open_part,
            on_event=on_event,
        )

    site.house.live._make_publisher = make
    await site.house.interview("one")
    yield site
    await site.house.live.close_all()
    await disk.stop()


@pytest.fixture
async def sender(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[RTCPeerConnection]:
    """aiortc as a browser would be: a camera, a microphone, and loopback for a network."""
    monkeypatch.setattr(aioice.ice, "get_host_addresses", lambda **_: ["127.0.0.1"])
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    peer.addTrack(AudioStreamTrack())
    peer.addTrack(VideoStreamTrack())
    # The server's own VP9 stands in aiortc's one table of codecs; aiortc cannot encode it.
    codecs = RTCRtpSender.getCapabilities("video").codecs
    peer.getTransceivers()[1].setCodecPreferences([codec for codec in codecs if codec.mimeType == "video/VP8"])
    yield peer
    await peer.close()


async def test_a_sender_is_recorded_from_post_to_delete(site: Site, sender: RTCPeerConnection, tmp_path: Path) -> None:
    page = await site.page("page-0001")
    await sender.setLocalDescription(await sender.createOffer())
    response = await site.post(body=sender.localDescription.sdp, Holdfast_Client="page-0001")
    assert response.status == 201
    answer = await response.text()
    assert {media.attribute("setup") for media in read_description(answer).media} == {"passive"}
    await sender.setRemoteDescription(RTCSessionDescription(answer, "answer"))

    saved = 0
    async with asyncio.timeout(30):
        while saved < 1_000:
            message = await page.receive_json()
            if message["type"] == "saved":
                saved = message["part_saved_ms"]
    ended = await site.client.delete(response.headers["Location"], headers=bearer())
    assert ended.status == 200

    [part] = await site.house.parts()
    assert (part.state, part.end_reason, part.video_codec, part.audio_codec) == (
        PartState.CLOSED,
        "closed_by_page",
        "VP8",
        "opus",
    )
    assert (part.width, part.height) == (640, 480)
    assert part.duration_ms is not None
    assert part.duration_ms >= saved
    file = tmp_path / part.path
    assert file.stat().st_size == part.size_bytes
    assert file.read_bytes().startswith(b"\x1a\x45\xdf\xa3")
    assert (await site.house.row()).state is InterviewState.INTERRUPTED


async def test_an_offer_alone_takes_its_candidates_by_patch(site: Site, sender: RTCPeerConnection) -> None:
    await sender.setLocalDescription(await sender.createOffer())
    offer = sender.localDescription.sdp
    bare = "".join(line for line in offer.splitlines(keepends=True) if "candidate" not in line)
    response = await site.post(body=bare)
    assert response.status == 201
    described = read_description(offer).media[0]
    fragment = (
        f"a=ice-ufrag:{described.attribute('ice-ufrag')}\r\na=ice-pwd:{described.attribute('ice-pwd')}\r\n"
        f"m=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\na=candidate:{described.attribute('candidate')}\r\n"
    )
    patched = await site.patch(response.headers["Location"], fragment, If_Match=response.headers["ETag"])
    assert patched.status == 204
    await sender.setRemoteDescription(RTCSessionDescription(await response.text(), "answer"))
    async with asyncio.timeout(20):
        while sender.connectionState != "connected":
            await a_moment()
