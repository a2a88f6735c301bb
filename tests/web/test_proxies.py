"""Only the proxies we were told of are believed."""

from ipaddress import ip_network

import pytest

from web.proxies import Origin, read_origin

TRUSTED = (ip_network("127.0.0.1"), ip_network("10.0.0.0/8"))


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "forwarded_proto", "origin"),
    [
        ("127.0.0.1", [], [], Origin("127.0.0.1", "http")),
        ("127.0.0.1", ["203.0.113.9"], ["https"], Origin("203.0.113.9", "https")),
        ("203.0.113.9", ["198.51.100.1"], ["https"], Origin("203.0.113.9", "http")),
        # What the client itself wrote stands first; only hops that a trusted proxy saw count.
        ("127.0.0.1", ["1.1.1.1, 203.0.113.9"], ["https"], Origin("203.0.113.9", "https")),
        ("127.0.0.1", ["1.1.1.1", "203.0.113.9, 10.1.2.3"], [], Origin("203.0.113.9", "http")),
        ("127.0.0.1", ["10.1.1.1, 10.2.2.2"], [], Origin("10.1.1.1", "http")),
        ("127.0.0.1", ["unknown"], ["gopher"], Origin("unknown", "http")),
        ("", ["203.0.113.9"], ["https"], Origin("", "http")),
    ],
)
def test_origin(peer: str, forwarded_for: list[str], forwarded_proto: list[str], origin: Origin) -> None:
    assert read_origin(peer, "http", forwarded_for, forwarded_proto, TRUSTED) == origin
