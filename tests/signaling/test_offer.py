"""What is taken of an offer, what is refused and in which words, and that the rest never passes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media_server.rtp.packet import VideoCodec
from media_server.rtp.transport_feedback import EXTENSION_URI
from signaling.protocol.offer import Offer, preferring, read_offer
from signaling.protocol.sdp import MalformedSdp, UnacceptableOffer, read_description
from tests.signaling.offers import captured, offer, picture, section, sound, transport

NAMES = ["chromium", "chromium_data", "firefox"]


@pytest.mark.parametrize("name", NAMES)
def test_a_browsers_offer_becomes_one_sound_and_one_vp9(name: str) -> None:
    taken = read_offer(captured(name))
    assert taken.video_codec is VideoCodec.VP9
    assert taken.has_sound
    assert taken.setup == "actpass"
    assert taken.ice.ufrag == "exam"
    assert taken.transport_mid == "0"
    assert taken.bundled


def test_the_wishes_order_the_codecs() -> None:
    taken = read_offer(captured("chromium"), [VideoCodec.VP8, VideoCodec.VP9])
    assert taken.video_codec is VideoCodec.VP8
    assert "m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\n" in taken.narrowed


def test_the_codec_that_an_interview_began_with_comes_first() -> None:
    both = (VideoCodec.VP9, VideoCodec.VP8)
    assert preferring(None, both) == both
    assert preferring(VideoCodec.VP8, both) == (VideoCodec.VP8, VideoCodec.VP9)
    assert preferring(VideoCodec.VP8, (VideoCodec.VP9,)) == (VideoCodec.VP9,)


def test_vp8_is_taken_when_there_is_no_vp9() -> None:
    assert read_offer(offer(sound(), picture())).video_codec is VideoCodec.VP8


@pytest.mark.parametrize("name", NAMES)
def test_nothing_we_do_not_take_stays(name: str) -> None:
    narrowed = read_offer(captured(name)).narrowed
    unwanted = ["H264", "AV1", "red", "ulpfec", "G722", "telephone", "VP8", "profile-id=2", "video-orientation"]
    unwanted += [
        "abs-send-time",
        "ccm fir",
        ".local",
        " tcp ",
        "TCP",
        "simulcast",
        "rid",
        "sctp",
        "msid",
    ]
    unwanted += ["end-of-candidates", "toffset", "audio-level", "application"]
    assert [word for word in unwanted if word in narrowed] == []


def test_what_we_use_stays() -> None:
    narrowed = read_offer(captured("chromium_data")).narrowed
    audio, video = read_description(narrowed).media
    assert audio.formats == ("111",)
    assert video.formats == ("98", "99")
    assert video.attributes("rtcp-fb") == ["98 goog-remb", "98 transport-cc", "98 nack", "98 nack pli"]
    assert video.attributes("fmtp") == ["98 profile-id=0", "99 apt=98"]
    assert video.attributes("extmap") == [
        f"3 {EXTENSION_URI}",
        "7 http://www.webrtc.org/experiments/rtp-hdrext/video-timing",
        "4 urn:ietf:params:rtp-hdrext:sdes:mid",
    ]
    assert [value.split()[0] for value in video.attributes("ssrc")] == ["3193662245", "1623872458"]
    assert video.attributes("ssrc-group") == ["FID 3193662245 1623872458"]
    assert "a=group:BUNDLE 0 1\r\n" in narrowed


def test_the_retransmission_comes_second_whatever_the_order_was() -> None:
    text = (
        captured("firefox")
        .replace("a=ssrc:4195230843", "a=ssrc:1")
        .replace("FID 4195230843 1740573580", "FID 1740573580 1")
    )
    video = read_description(read_offer(text).narrowed).media[1]
    assert [value.split()[0] for value in video.attributes("ssrc")] == ["1740573580", "1"]


def test_each_section_carries_the_candidates() -> None:
    """The stack under us reads them from one section alone, and not always the first."""
    for media in read_description(read_offer(captured("chromium_data")).narrowed).media:
        assert media.attributes("candidate") == [
            "2958136996 1 udp 2122194687 198.51.100.7 43263 typ host",
            "2952347552 1 udp 2122265343 2001:db8::7 36131 typ host",
        ]


def test_sound_nack_is_kept_when_it_is_offered() -> None:
    text = offer(
        sound() + "a=rtcp-fb:111 nack\r\na=rtcp-fb:111 transport-cc\r\n", picture() + "a=rtcp-fb:* nack pli\r\n"
    )
    audio, video = read_description(read_offer(text).narrowed).media
    assert audio.attributes("rtcp-fb") == ["111 nack", "111 transport-cc"]
    assert video.attributes("rtcp-fb") == ["100 nack pli"]


def test_the_session_may_speak_for_its_sections() -> None:
    bare = "a=mid:0\r\na=rtcp-mux\r\na=sendonly\r\na=rtpmap:111 opus/48000/2\r\n"
    taken = read_offer(offer(transport() + f"m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n{bare}", group=None))
    assert taken.ice.ufrag == "exam"
    assert (taken.video_codec, taken.has_sound, taken.bundled) == (None, True, False)


def test_a_data_channel_that_carries_the_transport_may_come_first() -> None:
    candidate = "a=candidate:1 1 udp 1 192.0.2.9 9999 typ host\r\n"
    data = f"m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:d\r\n{transport('data')}{candidate}"
    bundled = sound(port=0).replace(transport(), "a=bundle-only\r\n")
    taken = read_offer(offer(data, bundled, group="BUNDLE d 0"))
    assert [part.taken for part in taken.sections] == [False, True]
    assert taken.ice.ufrag == "data"
    assert taken.transport_mid == "0"
    assert "192.0.2.9 9999" in taken.narrowed
    assert "a=group:BUNDLE 0\r\n" in taken.narrowed


def test_a_section_switched_off_is_not_offered() -> None:
    taken = read_offer(offer(sound(), picture(port=0)))
    assert (taken.video_codec, [part.taken for part in taken.sections]) == (None, [True, False])


REFUSED = {
    "two pictures": (offer(sound(), picture("1"), picture("2")), "more than one picture"),
    "two sounds": (offer(sound("0"), sound("1")), "more than one sound"),
    "nothing": (offer(), "neither sound nor picture"),
    "receiving": (offer(sound(direction="recvonly"), group=None), "sendonly"),
    "inactive": (offer(sound(direction="inactive"), group=None), "sendonly"),
    "no Opus": (offer(section("audio", "0", "a=rtpmap:0 PCMU/8000", formats="0"), group=None), "Opus for the sound"),
    "mono Opus": (offer(section("audio", "0", "a=rtpmap:111 opus/48000", formats="111"), group=None), "Opus"),
    "H.264 alone": (offer(sound(), picture(codec="H264/90000")), "VP9 (profile 0) or VP8"),
    "AV1 alone": (offer(sound(), picture(codec="AV1/90000")), "VP9 (profile 0) or VP8"),
    "VP9 profile 2": (offer(sound(), picture(codec="VP9/90000", fmtp="profile-id=2")), "VP9 (profile 0) or VP8"),
    "not bundled": (offer(sound(), picture(), group=None), "BUNDLE"),
    "half bundled": (offer(sound(), picture(), group="BUNDLE 0"), "BUNDLE"),
    "no rtcp-mux": (offer(sound().replace("a=rtcp-mux\r\n", ""), group=None), "rtcp-mux"),
    "no SRTP": (offer(sound().replace("UDP/TLS/RTP/SAVPF", "RTP/AVP"), group=None), "SRTP"),
    "MD5": (offer(sound().replace("sha-256", "md5"), group=None), "SHA-256"),
}


@pytest.mark.parametrize(("text", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_an_offer_we_cannot_record_is_told_what_works(text: str, words: str) -> None:
    with pytest.raises(UnacceptableOffer) as refusal:
        read_offer(text)
    assert words in str(refusal.value)


MALFORMED = {
    "no ufrag": ("a=ice-ufrag:exam\r\n", ""),
    "short password": ("exampleexampleexample0000", "short"),
    "no fingerprint": ("a=fingerprint:sha-256 " + ":".join(["AB"] * 32) + "\r\n", ""),
    "setup": ("setup:actpass", "setup:holdconn"),
    "rtpmap": ("a=rtpmap:111 opus/48000/2", "a=rtpmap:opus"),
    "mid": ("a=mid:0", "a=mid:zero zero"),
    "candidate": ("a=rtcp-mux", "a=rtcp-mux\r\na=candidate:1 1 udp x"),
    "ssrc": ("a=rtcp-mux", "a=rtcp-mux\r\na=ssrc:99999999999 cname:x"),
}


@pytest.mark.parametrize(("found", "instead"), MALFORMED.values(), ids=MALFORMED.keys())
def test_an_offer_that_breaks_its_grammar_is_malformed(found: str, instead: str) -> None:
    text = offer(sound(), group=None)
    assert found in text
    with pytest.raises(MalformedSdp):
        read_offer(text.replace(found, instead))


def read(text: str | bytes) -> Offer | None:
    try:
        return read_offer(text)
    except (MalformedSdp, UnacceptableOffer):
        return None


def test_an_offer_cut_short_anywhere_raises_nothing_else() -> None:
    whole = captured("firefox").encode()
    for end in range(len(whole)):
        read(whole[:end])


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_lines_dropped_doubled_and_garbled_raise_nothing_else(data: st.DataObject) -> None:
    lines = captured(data.draw(st.sampled_from(NAMES))).split("\r\n")
    for _ in range(data.draw(st.integers(1, 12))):
        at = data.draw(st.integers(0, len(lines) - 1))
        match data.draw(st.sampled_from(["drop", "double", "garble"])):
            case "drop" if len(lines) > 1:
                del lines[at]
            case "double":
                lines.insert(at, lines[at])
            case _:
                cut = data.draw(st.integers(0, len(lines[at])))
                lines[at] = lines[at][:cut] + data.draw(st.text(max_size=8)) + lines[at][cut + 1 :]
    taken = read("\r\n".join(lines))
    if taken is not None:
        assert read_offer(taken.narrowed).narrowed == taken.narrowed
