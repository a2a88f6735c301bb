"""The passthrough recorder as a stranger uses it, in the words of its module's docstring."""

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import av
import pytest
from aiortc import RTCSessionDescription
from aiortc.mediastreams import MediaStreamError

from media_server.aio.aiortc_tap import PassthroughPeerConnection
from media_server.aio.encoded_track import EncodedTrack, ReceiveSide
from media_server.aio.sink import PassthroughRecorder
from media_server.recording.events import EndReason, PartClosed, PublisherEvent
from media_server.rtp.packet import MediaKind, VideoCodec
from media_server.settings import MediaSettings
from tests.fakes.rtp_sender import encoded_sound, encoded_video
from tests.media_server.sender import stretch
from tests.media_server.webrtc_sender import WebrtcSender, webrtc_sender


@pytest.fixture(params=list(VideoCodec))
def codec(request: pytest.FixtureRequest) -> VideoCodec:
    codec: VideoCodec = request.param
    return codec


@pytest.fixture
async def peer() -> AsyncIterator[PassthroughPeerConnection]:
    peer = PassthroughPeerConnection()
    yield peer
    await peer.close()


async def connect(sender: WebrtcSender, peer: PassthroughPeerConnection) -> None:
    """Offer and answer, as any aiortc program does it."""
    await peer.setRemoteDescription(RTCSessionDescription(await sender.offer(), "offer"))
    await peer.setLocalDescription(await peer.createAnswer())
    await sender.accept(peer.localDescription.sdp)


def packets(path: Path, kind: str) -> list[bytes]:
    with av.open(path) as container:
        stream = next(stream for stream in container.streams if stream.type == kind)
        return [bytes(packet) for packet in container.demux(stream) if packet.size]


async def test_a_stranger_records_a_peer_untouched(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, codec: VideoCodec
) -> None:
    async with webrtc_sender(monkeypatch, codec.value) as sender:
        peer = PassthroughPeerConnection()
        recorder = PassthroughRecorder(tmp_path / "interview.webm")
        peer.on("track", recorder.addTrack)
        await peer.setRemoteDescription(RTCSessionDescription(await sender.offer(), "offer"))
        await peer.setLocalDescription(await peer.createAnswer())
        await recorder.start()
        await sender.accept(peer.localDescription.sdp)
        await sender.send_all(stretch(codec), pace=0.5)
        await recorder.stop()
        await peer.close()
    assert packets(tmp_path / "interview.webm", "audio") == encoded_sound(100)
    expected = [frame.data for frame in encoded_video(codec, 48, frozenset({0}))]
    assert packets(tmp_path / "interview.webm", "video") == expected


async def test_tracks_may_come_after_the_start(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, peer: PassthroughPeerConnection
) -> None:
    recorder = PassthroughRecorder(tmp_path / "interview.webm")
    peer.on("track", recorder.addTrack)
    await recorder.start()
    async with webrtc_sender(monkeypatch) as sender:
        await connect(sender, peer)
        await sender.send_all(stretch(), pace=0.2)
        await recorder.stop()
    assert len(packets(tmp_path / "interview.webm", "video")) == 48


async def test_stopping_again_leaves_the_file_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, peer: PassthroughPeerConnection
) -> None:
    recorder = PassthroughRecorder(tmp_path / "interview.webm")
    peer.on("track", recorder.addTrack)
    async with webrtc_sender(monkeypatch) as sender:
        await connect(sender, peer)
        await recorder.start()
        await recorder.start()
        await sender.send_all(stretch(), pace=0.2)
        await asyncio.gather(recorder.stop(), recorder.stop())
        size = (tmp_path / "interview.webm").stat().st_size
        await recorder.stop()
    assert (tmp_path / "interview.webm").stat().st_size == size
    assert len(packets(tmp_path / "interview.webm", "audio")) == 100


async def test_stopping_what_never_recorded_leaves_no_file(tmp_path: Path) -> None:
    recorder = PassthroughRecorder(tmp_path / "interview.webm")
    await recorder.start()
    await recorder.stop()
    assert not (tmp_path / "interview.webm").exists()


async def test_silence_is_told_once_and_what_returns_goes_on_in_the_same_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, peer: PassthroughPeerConnection
) -> None:
    ends: list[EndReason] = []
    events: list[PublisherEvent] = []
    settings = MediaSettings(no_media_s=0.5, return_within_s=0.5)
    recorder = PassthroughRecorder(
        tmp_path / "interview.webm", settings=settings, on_event=events.append, on_end=ends.append
    )
    peer.on("track", recorder.addTrack)
    arrivals = stretch(seconds=4, keyframes=(0, 72))
    async with webrtc_sender(monkeypatch) as sender:
        await connect(sender, peer)
        await recorder.start()
        await sender.send_all((a for a in arrivals if a.at < 1.0), pace=0.2)
        await asyncio.sleep(3.2)
        assert ends == [EndReason.NO_MEDIA]
        assert [type(event) for event in events].count(PartClosed) == 1
        await sender.send_all([a for a in arrivals if a.at >= 3.0])
        await recorder.stop()
    assert len(packets(tmp_path / "interview.webm", "video")) == 48


async def test_housekeeping_that_fails_once_goes_on(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    peer: PassthroughPeerConnection,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A rejected report must not end the watch over silence."""

    def broken(_maximum_bps: int) -> None:
        raise OSError("no way back")

    ends: list[EndReason] = []
    settings = MediaSettings(no_media_s=0.5, return_within_s=0.5)
    recorder = PassthroughRecorder(tmp_path / "interview.webm", settings=settings, on_end=ends.append)
    peer.on("track", recorder.addTrack)
    async with webrtc_sender(monkeypatch) as sender:
        await connect(sender, peer)
        peer.receive_side.send_reports = broken  # type: ignore[method-assign,assignment]  # as a socket may at any time
        await recorder.start()
        with caplog.at_level(logging.CRITICAL):
            await sender.send_all(stretch(), pace=0.1)
            await asyncio.sleep(3.5)
        await recorder.stop()
    assert ends == [EndReason.NO_MEDIA]


def track(kind: MediaKind, codec: str) -> EncodedTrack:
    track = EncodedTrack(kind, "one", ReceiveSide(lambda _: None))
    track.codec = codec
    return track


@pytest.mark.parametrize(
    ("tracks", "complaint"),
    [
        ([(MediaKind.PICTURE, "VP8"), (MediaKind.PICTURE, "VP9")], "already a track"),
        ([(MediaKind.PICTURE, "H264")], "H264"),
        ([(MediaKind.SOUND, "PCMU")], "has to be Opus"),
    ],
)
async def test_what_a_part_cannot_hold_is_refused(
    tmp_path: Path, tracks: list[tuple[MediaKind, str]], complaint: str
) -> None:
    recorder = PassthroughRecorder(tmp_path / "interview.webm")
    *good, bad = tracks
    for kind, codec in good:
        recorder.addTrack(track(kind, codec))
    with pytest.raises(ValueError, match=complaint):
        recorder.addTrack(track(*bad))


async def test_a_track_that_nobody_decodes_has_no_frames() -> None:
    with pytest.raises(MediaStreamError, match="PassthroughRecorder"):
        await track(MediaKind.SOUND, "opus").recv()
