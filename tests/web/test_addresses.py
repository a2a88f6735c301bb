"""How much of an address is kept."""

import pytest

from web.addresses import shortened


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1234:5678::9", "2001:db8:1234::/48"),
        ("::ffff:203.0.113.77", "203.0.113.0/24"),
        ("fe80::1%eth0", "fe80::/48"),
        ("127.0.0.1", "127.0.0.1"),
        ("::1", "::1"),
        ("", ""),
        ("unknown", ""),
        ("203.0.113.77, 10.0.0.1", ""),
    ],
)
def test_the_end_of_an_address_goes(address: str, kept: str) -> None:
    assert shortened(address) == kept
