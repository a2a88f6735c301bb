"""A newer page takes an interview over, or the same one connects again."""

import asyncio

import pytest

from db.states import InterviewState, PartState
from media_server.recording.events import EndReason
from signaling.aio import errors, registry
from tests.fakes.publisher import FakePublisher
from tests.signaling.conftest import House, waiting
from tests.signaling.publishing import PAGE, PHONE, publish


async def test_a_newer_page_takes_over(house: House) -> None:
    await house.interview()
    old_mail = await house.live.subscribe("one", PAGE)
    new_mail = await house.live.subscribe("one", PHONE)
    first = await publish(house)
    await house.publishers.last.media_arrives()
    house.publishers.last.saves(7_000, 7_000)
    await publish(house, PHONE)
    assert house.publishers.made[0].ended is EndReason.SUPERSEDED
    await house.publishers.last.media_arrives()

    assert "takeover" in await waiting(old_mail)
    assert "takeover" not in await waiting(new_mail)
    with pytest.raises(errors.Superseded):
        await publish(house)
    await house.live.end("one", first.whip_session)  # 200, and nothing changes
    house.live.check_exists("one", first.whip_session)
    assert [(part.state, part.end_reason) for part in await house.parts()] == [
        (PartState.CLOSED, "superseded"),
        (PartState.OPEN, None),
    ]
    assert (await house.row()).state is InterviewState.IN_PROGRESS
    await publish(house, "page-0003")  # continue here
    assert house.publishers.made[1].ended is EndReason.SUPERSEDED


async def test_a_page_is_superseded_even_if_it_had_stopped_before(house: House) -> None:
    await house.interview()
    await publish(house)
    await house.publishers.last.close(EndReason.NO_MEDIA)
    await publish(house, PHONE)
    with pytest.raises(errors.Superseded):
        await publish(house)


async def test_the_same_page_may_connect_again(house: House) -> None:
    await house.interview()
    mail = await house.live.subscribe("one", PAGE)
    await publish(house)
    await publish(house)
    assert [publisher.ended for publisher in house.publishers.made] == [EndReason.SUPERSEDED, None]
    assert "takeover" not in await waiting(mail)


async def test_programs_need_no_client_id(house: House) -> None:
    await house.interview()
    await publish(house, None)
    await publish(house, None)
    assert [publisher.ended for publisher in house.publishers.made] == [EndReason.SUPERSEDED, None]


async def test_two_at_once_leave_one_that_publishes(house: House) -> None:
    await house.interview()
    await asyncio.gather(*(publish(house, f"client-{number:04}") for number in range(5)))
    assert [publisher.ended for publisher in house.publishers.made].count(None) == 1
    assert house.live.publishing_count == 1


async def test_a_session_that_ends_while_it_takes_over_is_not_kept(house: House) -> None:
    await house.interview()
    await publish(house)
    first = house.publishers.last

    async def slow_close(reason: EndReason) -> None:
        await house.publishers.last.close(EndReason.CONNECTION_LOST)
        await FakePublisher.close(first, reason)

    first.close = slow_close  # type: ignore[method-assign]  # this one's disk is slow
    await publish(house, PHONE)
    assert house.live.publishing_count == 0


async def test_idle_interviews_are_forgotten_oldest_first(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "MAX_REMEMBERED", 2)
    for session_id in ("one", "two", "three", "four"):
        await house.interview(session_id)
    await publish(house, session_id="one")
    for session_id in ("two", "three", "four"):
        await house.live.snapshot(session_id)
    assert list(house.live.registry._live) == ["one", "four"]
