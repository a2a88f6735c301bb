"""Which addresses may be reached."""

import socket
from ipaddress import ip_network

import pytest

from web.webhooks.guard import AddressRefused, guarded_socket, may_be_reached

PRIVATE = [
    "127.0.0.1",
    "127.255.255.254",
    "0.0.0.0",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "192.0.2.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "ff02::1",
    "2001:db8::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::",
    "2002:0a00:1::1",
]
PUBLIC = ["8.8.8.8", "93.184.216.34", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]


@pytest.mark.parametrize("address", PRIVATE)
def test_nothing_of_the_servers_own_network(address: str) -> None:
    assert not may_be_reached(address, ())


@pytest.mark.parametrize("address", PUBLIC)
def test_whatever_is_public(address: str) -> None:
    assert may_be_reached(address, ())


def test_a_network_that_is_allowed() -> None:
    allowed = (ip_network("10.1.0.0/16"), ip_network("fd00::/8"))
    assert may_be_reached("10.1.2.3", allowed)
    assert may_be_reached("::ffff:10.1.2.3", allowed)
    assert may_be_reached("fd00::1", allowed)
    assert not may_be_reached("10.2.0.1", allowed)
    assert not may_be_reached("::1", allowed)


def _info(address: str) -> object:
    return (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (address, 80))


def test_plain_http_reaches_allowed_networks_alone() -> None:
    allowed = (ip_network("10.1.0.0/16"),)
    for address, plain in (("10.1.2.3", True), ("10.1.2.3", False), ("8.8.8.8", False)):
        guarded_socket(_info(address), allowed, plain=plain).close()
    with pytest.raises(AddressRefused, match="https alone"):
        guarded_socket(_info("8.8.8.8"), allowed, plain=True)
    with pytest.raises(AddressRefused, match="no public address"):
        guarded_socket(_info("127.0.0.1"), allowed, plain=False)
