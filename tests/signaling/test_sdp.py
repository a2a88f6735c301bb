"""The line level: bounds, newlines, sections."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signaling.protocol.sdp import MAX_LINES, MAX_SDP_BYTES, MAX_SECTIONS, MalformedSdp, read_description, read_lines
from tests.signaling.offers import captured


def test_an_offer_is_cut_into_its_sections() -> None:
    description = read_description(captured("chromium_data"))
    assert [section.kind for section in description.media] == ["audio", "video", "application"]
    audio = description.media[0]
    assert (audio.port, audio.protocol, audio.formats[0]) == (43263, "UDP/TLS/RTP/SAVPF", "111")
    assert audio.attribute("mid") == "0"
    assert audio.has("rtcp-mux")
    assert not audio.has("bundle-only")
    assert len(audio.attributes("candidate")) == 4


def test_line_feeds_alone_will_do() -> None:
    text = captured("firefox")
    assert read_description(text.replace("\r\n", "\n")) == read_description(text) == read_description(text.encode())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        b"\xff\xfe",
        "v=1\r\n",
        "v=0\r\n\r\ns=-\r\n",
        "v=0\r\na=mid:0\x00\r\n",
        "v=0\r\na=mid:0\u2028m=audio\r\n",
        "v=0\r\nm=audio\r\n",
        "v=0\r\nm=audio nine UDP/TLS/RTP/SAVPF 111\r\n",
        "v=0\r\n" + "a=x\r\n" * MAX_LINES,
        "v=0\r\n" + "m=audio 9 RTP/AVP 0\r\n" * (MAX_SECTIONS + 1),
        "v=0\r\na=" + "x" * MAX_SDP_BYTES,
    ],
)
def test_what_is_no_description_is_refused(text: str | bytes) -> None:
    with pytest.raises(MalformedSdp):
        read_description(text)


def test_a_flag_is_not_taken_for_a_longer_name() -> None:
    assert not read_description("v=0\r\na=rtcp-mux-only\r\n").session.has("rtcp-mux")


@settings(deadline=None, max_examples=200)
@given(st.one_of(st.text(), st.binary()))
def test_any_text_is_read_or_refused(text: str | bytes) -> None:
    with suppress(MalformedSdp):
        read_lines(text)
        read_description(text)
