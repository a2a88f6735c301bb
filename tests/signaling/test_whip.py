"""WHIP's small formats: trickle fragments, preconditions, Link headers."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signaling.protocol.ice import MAX_ICE_CANDIDATES, IceCredentials
from signaling.protocol.ice_servers import IceServer
from signaling.protocol.sdp import MalformedSdp
from signaling.protocol.whip import (
    NoPrecondition,
    PreconditionFailed,
    RestartUnsupported,
    check_generation,
    check_if_match,
    entity_tag,
    ice_server_links,
    read_trickle,
)

PWD = "exampleexampleexample0000"
CREDENTIALS = f"a=ice-ufrag:exam\r\na=ice-pwd:{PWD}\r\n"
SECTION = "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n"
HOST = "1387637174 1 udp 2122260223 192.0.2.1 61764 typ host"
CANDIDATE = f"a=candidate:{HOST} generation 0 ufrag exam network-id 1\r\n"
MDNS = "a=candidate:1 1 udp 2122260223 4a0b6e6e-0001.local 61764 typ host\r\n"
TCP = "a=candidate:1 1 tcp 2122260223 192.0.2.1 9 typ host tcptype active\r\n"
RTCP = "a=candidate:1 2 udp 2122260223 192.0.2.1 61765 typ host\r\n"
RELAY = "a=candidate:3 1 UDP 5 198.51.100.3 5000 typ relay raddr 192.0.2.1 rport 61764\r\n"
MULTICAST = "a=candidate:3 1 UDP 5 224.0.0.251 5353 typ host\r\n"


def test_a_fragment_brings_candidates_of_one_generation() -> None:
    fragment = read_trickle(CREDENTIALS + SECTION + CANDIDATE + MDNS + TCP + RTCP + MULTICAST + RELAY)
    assert fragment.credentials == IceCredentials("exam", PWD)
    assert fragment.ice_candidates == (HOST, "3 1 udp 5 198.51.100.3 5000 typ relay")
    assert not fragment.complete


def test_credentials_may_stand_in_the_section_or_nowhere() -> None:
    assert read_trickle(SECTION + CREDENTIALS).credentials == IceCredentials("exam", PWD)
    assert read_trickle(SECTION + CANDIDATE).credentials is None


def test_the_end_of_candidates_is_understood() -> None:
    fragment = read_trickle(CREDENTIALS + SECTION + "a=end-of-candidates\r\n")
    assert fragment.complete
    assert fragment.ice_candidates == ()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "a=candidate:1 1 udp\r\n",
        "a=ice-ufrag:exam\r\n",
        "a=ice-ufrag:x\r\na=ice-pwd:short\r\n",
        CREDENTIALS + SECTION + CREDENTIALS.replace("exam\r", "other\r"),
        CANDIDATE * (MAX_ICE_CANDIDATES + 1),
    ],
)
def test_a_broken_fragment_is_malformed(text: str) -> None:
    with pytest.raises(MalformedSdp):
        read_trickle(text)


def test_another_generation_is_a_restart() -> None:
    fragment = read_trickle(CREDENTIALS)
    check_generation(fragment, IceCredentials("exam", PWD))
    check_generation(read_trickle(CANDIDATE), IceCredentials("exam", PWD))
    with pytest.raises(RestartUnsupported):
        check_generation(fragment, IceCredentials("other", PWD))
    with pytest.raises(RestartUnsupported):
        check_generation(fragment, IceCredentials("exam", PWD + "1"))


@settings(deadline=None, max_examples=200)
@given(st.lists(st.one_of(st.text(max_size=40), st.sampled_from([CREDENTIALS, SECTION, CANDIDATE, MDNS]))))
def test_any_fragment_is_read_or_malformed(pieces: list[str]) -> None:
    with suppress(MalformedSdp):
        read_trickle("".join(pieces))


@pytest.mark.parametrize("header", ['"abc"', '"other", "abc"', "*", ' "abc" '])
def test_a_matching_precondition_passes(header: str) -> None:
    check_if_match(header, entity_tag("abc"))


@pytest.mark.parametrize("header", ['"other"', "abc", 'W/"abc"', '"ab"', ""])
def test_a_precondition_that_does_not_match_fails(header: str) -> None:
    with pytest.raises(PreconditionFailed):
        check_if_match(header, entity_tag("abc"))


def test_a_missing_precondition_is_told_apart() -> None:
    with pytest.raises(NoPrecondition):
        check_if_match(None, entity_tag("abc"))


def test_ice_servers_are_told_in_links() -> None:
    servers = [
        IceServer(("stun:stun.example.org",)),
        IceServer(("turn:turn.example.org?transport=udp", "turns:turn.example.org"), "17:x", 'a"b\\c'),
    ]
    rest = '; rel="ice-server"; username="17:x"; credential="a\\"b\\\\c"; credential-type="password"'
    assert ice_server_links(servers) == [
        '<stun:stun.example.org>; rel="ice-server"',
        "<turn:turn.example.org?transport=udp>" + rest,
        "<turns:turn.example.org>" + rest,
    ]
