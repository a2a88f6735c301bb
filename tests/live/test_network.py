"""The rewriting of descriptions that puts a relay between page and server."""

import pytest

from tests.live.network import first_candidate, with_candidate

ANSWER = (
    "v=0\r\nm=audio 50000 UDP/TLS/RTP/SAVPF 111\r\na=candidate:1 1 udp 2130706431 127.0.0.1 50000 typ host\r\n"
    "a=candidate:2 1 udp 2130706431 fd00::2 50001 typ host\r\na=end-of-candidates\r\n"
    "m=video 50000 UDP/TLS/RTP/SAVPF 96\r\na=candidate:1 1 UDP 2130706431 127.0.0.1 50000 typ host\r\na=mid:1\r\n"
)
ONLY = "a=candidate:1 1 udp 2130706431 127.0.0.1 7 typ host\r\n"


def test_first_candidate_is_the_first_ipv4_one() -> None:
    assert first_candidate(ANSWER) == ("127.0.0.1", 50000)


def test_a_description_without_candidates_is_told() -> None:
    with pytest.raises(ValueError, match="no UDP candidate"):
        first_candidate("v=0\r\n")


def test_each_run_of_candidates_becomes_one() -> None:
    rewritten = with_candidate(ANSWER, ("127.0.0.1", 7))
    assert rewritten == (
        "v=0\r\nm=audio 50000 UDP/TLS/RTP/SAVPF 111\r\n" + ONLY + "a=end-of-candidates\r\n"
        "m=video 50000 UDP/TLS/RTP/SAVPF 96\r\n" + ONLY + "a=mid:1\r\n"
    )


def test_a_description_without_candidates_stays_as_it_is() -> None:
    assert with_candidate("v=0\r\na=mid:0\r\n", ("127.0.0.1", 7)) == "v=0\r\na=mid:0\r\n"


def test_relayed_candidates_may_stay() -> None:
    relayed = "a=candidate:3 1 udp 41885439 127.0.0.2 50002 typ relay raddr 0.0.0.0 rport 0\r\n"
    offer = "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n" + ONLY.replace(" 7 ", " 8 ") + relayed + ONLY.replace(" 7 ", " 9 ")
    kept = "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n" + ONLY + relayed
    assert with_candidate(offer, ("127.0.0.1", 7), keep_relayed=True) == kept
    assert with_candidate(offer, ("127.0.0.1", 7)) == kept.removesuffix(relayed)
