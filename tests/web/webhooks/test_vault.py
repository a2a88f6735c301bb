"""Secrets at rest, and how one replaces another."""

from datetime import timedelta

import pytest

from tests.web.conftest import NOW
from web.webhooks.vault import OLD_COUNTS_FOR, Secrets, Unreadable, Vault

KEY = bytes(range(32))


def test_what_was_sealed_is_opened_with_the_same_key_alone() -> None:
    kept = Secrets("whsec_one").replaced("whsec_two", NOW)
    sealed = Vault(KEY).seal(kept)
    assert "whsec" not in sealed
    assert Vault(KEY).open(sealed) == kept
    assert Vault(KEY).seal(kept) != sealed, "the same secret never looks the same"
    for wrong in (sealed[:-8] + "AAAAAAA=", "", "no base64", sealed.swapcase()):
        with pytest.raises(Unreadable):
            Vault(KEY).open(wrong)
    with pytest.raises(Unreadable):
        Vault(bytes(32)).open(sealed)


def test_the_former_one_counts_for_a_while() -> None:
    kept = Secrets("one")
    assert kept.valid(NOW) == ("one",)
    kept = kept.replaced("two", NOW)
    assert kept.valid(NOW) == ("two", "one")
    assert kept.valid(NOW + OLD_COUNTS_FOR) == ("two",)
    assert kept.replaced("three", NOW).valid(NOW) == ("three", "two")
    assert kept.former_until == NOW + timedelta(hours=24)
