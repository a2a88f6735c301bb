"""What an answer gains, on answers that the real WebRTC stack makes to browsers' offers."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiortc import RTCSessionDescription

from media_server.aio.aiortc_tap import NetworkSettings, PassthroughPeerConnection
from signaling.protocol.answer import AnswerSettings, finish_answer
from signaling.protocol.offer import Offer, read_offer
from signaling.protocol.sdp import Description, read_description
from tests.signaling.offers import captured, offer, picture, section, sound

Finish = Callable[[Offer, AnswerSettings], Awaitable[Description]]


@pytest.fixture
async def finish() -> AsyncIterator[Finish]:
    """Answer an offer with the real stack on loopback, and finish the answer."""
    peers = []

    async def answer(taken: Offer, settings: AnswerSettings) -> Description:
        peer = PassthroughPeerConnection(NetworkSettings(("127.0.0.1",), range(20_000, 30_000)))
        peers.append(peer)
        await peer.setRemoteDescription(RTCSessionDescription(taken.narrowed, "offer"))
        await peer.setLocalDescription(await peer.createAnswer())
        return read_description(finish_answer(peer.localDescription.sdp, taken, settings))

    yield answer
    for peer in peers:
        await peer.close()


@pytest.mark.parametrize("name", ["chromium", "firefox"])
async def test_caps_and_wishes_are_told(name: str, finish: Finish) -> None:
    audio, video = (await finish(read_offer(captured(name)), AnswerSettings(packet_time_ms=60))).media
    opus = audio.formats[0]
    assert audio.lines[:3] == ("c=IN IP4 127.0.0.1", "b=AS:73", "b=TIAS:64000")
    assert video.lines[:3] == ("c=IN IP4 127.0.0.1", "b=AS:280", "b=TIAS:250000")
    assert audio.attributes("fmtp") == [f"{opus} maxaveragebitrate=32000;usedtx=0;stereo=0;useinbandfec=0"]
    assert audio.attributes("rtcp-fb") == [f"{opus} transport-cc", f"{opus} nack"]
    assert (audio.attribute("ptime"), audio.attribute("maxptime")) == ("60", "60")
    assert {audio.attribute("setup"), video.attribute("setup")} == {"passive"}
    assert audio.has("recvonly")
    assert video.has("recvonly")
    assert sorted(value.split(" ", 1)[1] for value in video.attributes("rtcp-fb")) == [
        "goog-remb",
        "nack",
        "nack pli",
        "transport-cc",
    ]
    assert not any("orientation" in value for value in video.attributes("extmap"))
    assert any("transport-wide" in value for value in video.attributes("extmap"))


async def test_caps_are_settings_and_packet_time_may_be_left_to_the_sender(finish: Finish) -> None:
    settings = AnswerSettings(video_bps=500_000, audio_bps=40_000, opus_target_bps=24_000)
    audio, video = (await finish(read_offer(captured("chromium")), settings)).media
    assert "b=TIAS:500000" in video.lines
    assert "b=TIAS:40000" in audio.lines
    assert "maxaveragebitrate=24000" in (audio.attribute("fmtp") or "")
    assert not audio.has("ptime")
    assert not audio.has("maxptime")


async def test_a_refused_section_keeps_its_place(finish: Finish) -> None:
    answer = await finish(read_offer(captured("chromium_data")), AnswerSettings())
    assert [(media.kind, media.port != 0, media.attribute("mid")) for media in answer.media] == [
        ("audio", True, "0"),
        ("video", True, "1"),
        ("application", False, "2"),
    ]
    assert answer.media[2].formats == ("webrtc-datachannel",)
    assert answer.session.attributes("group") == ["BUNDLE 0 1"]


async def test_a_refused_section_may_come_first(finish: Finish) -> None:
    text = offer(picture("0", port=0), sound("1"), group="BUNDLE 1")
    answer = await finish(read_offer(text), AnswerSettings())
    assert [(media.kind, media.port != 0) for media in answer.media] == [("video", False), ("audio", True)]
    assert answer.media[0].has("inactive")
    assert answer.media[0].formats == ("100",)


async def test_no_group_is_answered_where_none_was_offered(finish: Finish) -> None:
    answer = await finish(read_offer(offer(sound(), group=None)), AnswerSettings())
    assert not answer.session.has("group")


async def test_the_public_address_replaces_our_own_and_the_ports_stay(finish: Finish) -> None:
    taken = read_offer(captured("chromium"))
    answer = await finish(taken, AnswerSettings(public_address="203.0.113.9"))
    for media in answer.media:
        assert media.lines[0] == "c=IN IP4 203.0.113.9"
        address, port = (media.attribute("candidate") or "").split(" ")[4:6]
        assert (address, port) == ("203.0.113.9", str(media.port))


async def test_a_public_address_of_the_other_ip_version_replaces_nothing(finish: Finish) -> None:
    answer = await finish(read_offer(captured("chromium")), AnswerSettings(public_address="2001:db8::1"))
    assert answer.media[0].lines[0] == "c=IN IP4 127.0.0.1"


async def test_a_passive_sender_is_answered_actively(finish: Finish) -> None:
    text = offer(sound().replace("setup:actpass", "setup:passive"), group=None)
    answer = await finish(read_offer(text), AnswerSettings())
    assert answer.media[0].attribute("setup") == "active"


async def test_sound_without_a_mid_will_do(finish: Finish) -> None:
    text = offer(section("audio", "0", "a=rtpmap:96 opus/48000/2", formats="96").replace("a=mid:0\r\n", ""), group=None)
    answer = await finish(read_offer(text), AnswerSettings())
    assert answer.media[0].formats == ("96",)
