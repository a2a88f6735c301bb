"""Limits: each name for itself, and no memory without end for names that strangers choose."""

import pytest

from db.clock import SystemClock
from signaling.aio.errors import TooOften
from signaling.aio.rates import CROWD, MOST_NAMES, Rate


async def test_each_name_has_its_own_count() -> None:
    rate = Rate("2/minute", SystemClock())
    for name in ("one", "one", "two"):
        await rate.check(name)
    with pytest.raises(TooOften) as refused:
        await rate.check("one")
    assert 1 <= int(refused.value.headers["Retry-After"]) <= 60
    await rate.check("two")


async def test_names_without_end_share_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("signaling.aio.rates.MOST_NAMES", 100)
    assert MOST_NAMES > CROWD
    rate = Rate("2/minute", SystemClock())
    await rate.check("known before")
    refused = 0
    for number in range(1_000):
        try:
            await rate.check(f"{number} " + "x" * 8_000)
        except TooOften:
            refused += 1
    assert len(rate._storage.events) <= 100 + CROWD
    assert refused >= 1_000 - 100 - 2 * CROWD
    await rate.check("known before")  # whoever was there before the flood keeps a count of their own
    with pytest.raises(TooOften):
        await rate.check("known before")


async def test_a_name_of_any_letters_is_counted() -> None:
    rate = Rate("1/minute", SystemClock())
    await rate.check("\udcff\x00é")
    with pytest.raises(TooOften):
        await rate.check("\udcff\x00é")
