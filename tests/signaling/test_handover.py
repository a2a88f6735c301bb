"""Make before break: a page that connects again is recorded all the while."""

import asyncio

import pytest

from db.states import InterviewState, PartState
from media_server.recording.events import EndReason
from signaling.aio import errors
from signaling.aio.live_interviews import Published
from signaling.protocol.offer import read_offer
from tests.fakes.publisher import FakePublisher
from tests.signaling.conftest import House, a_moment
from tests.signaling.offers import captured

OFFER = read_offer(captured("chromium"))
PAGE, PHONE = "page-0001", "phone-0002"


async def publish(house: House, client_id: str = PAGE) -> tuple[Published, FakePublisher]:
    return await house.live.publish("one", client_id, OFFER, "Test/1"), house.publishers.last


async def until_ended(publisher: FakePublisher) -> EndReason:
    async with asyncio.timeout(5):
        while publisher.ended is None:
            await a_moment()
    return publisher.ended


async def test_the_older_connection_records_until_the_newer_one_does(house: House) -> None:
    await house.interview()
    _, old = await publish(house)
    await old.media_arrives()
    old.saves(4_000, 4_000)
    _, new = await publish(house)
    assert old.ended is None
    old.saves(5_000, 5_000)
    snapshot = await house.live.snapshot("one")
    assert (snapshot.recording, snapshot.part, snapshot.saved_ms) == (True, 1, 5_000)
    await new.media_arrives()
    assert await until_ended(old) is EndReason.SUPERSEDED
    new.saves(1_000, 1_000)
    snapshot = await house.live.snapshot("one")
    assert (snapshot.recording, snapshot.part, snapshot.saved_ms) == (True, 2, 6_000)
    assert house.live.publishing_count == 1
    await house.live.close_all()
    assert [part.state for part in await house.parts()] == [PartState.CLOSED] * 2


async def test_what_is_saved_never_seems_less_while_they_change(house: House) -> None:
    await house.interview()
    _, old = await publish(house)
    await old.media_arrives()
    old.saves(4_000, 4_000)
    old.disk_refuses = True
    _, new = await publish(house)
    await new.media_arrives()
    assert (await house.live.snapshot("one")).saved_ms == 4_000


async def test_the_older_one_is_not_kept_for_ever(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("signaling.aio.stage.RETIRE_WITHIN_S", 0.05)
    await house.interview()
    _, old = await publish(house)
    await old.media_arrives()
    await publish(house)
    assert await until_ended(old) is EndReason.SUPERSEDED
    assert house.publishers.last.ended is None


async def test_the_older_one_may_die_first(house: House) -> None:
    await house.interview()
    _, old = await publish(house)
    await old.media_arrives()
    _, new = await publish(house)
    await old.close(EndReason.NO_MEDIA)
    assert not (await house.live.snapshot("one")).recording
    await new.media_arrives()
    assert (await house.live.snapshot("one")).part == 2


async def test_a_newer_one_that_never_connects_changes_nothing(house: House) -> None:
    await house.interview()
    published, old = await publish(house)
    await old.media_arrives()
    _, new = await publish(house)
    await new.close(EndReason.NEVER_CONNECTED)
    assert (await house.live.snapshot("one")).recording
    await house.live.end("one", published.whip_session)
    assert await until_ended(old) is EndReason.CLOSED_BY_PAGE
    assert house.live.publishing_count == 0


async def test_a_newer_one_that_ends_before_it_began_changes_nothing(house: House) -> None:
    await house.interview()
    published, old = await publish(house)
    await old.media_arrives()
    house.publishers.vanish_next = True
    await publish(house)
    assert old.ended is None
    assert (await house.live.snapshot("one")).recording
    await house.live.end("one", published.whip_session)
    assert await until_ended(old) is EndReason.CLOSED_BY_PAGE
    assert house.live.publishing_count == 0


async def test_a_third_attempt_keeps_the_one_that_records(house: House) -> None:
    await house.interview()
    _, first = await publish(house)
    await first.media_arrives()
    _, second = await publish(house)
    _, third = await publish(house)
    assert second.ended is EndReason.SUPERSEDED
    assert first.ended is None
    await third.media_arrives()
    assert await until_ended(first) is EndReason.SUPERSEDED
    assert third.ended is None


async def test_a_page_that_lets_go_of_its_older_session_keeps_the_newer(house: House) -> None:
    await house.interview()
    published, old = await publish(house)
    await old.media_arrives()
    _, new = await publish(house)
    await house.live.end("one", published.whip_session)
    assert old.ended is EndReason.CLOSED_BY_PAGE
    assert new.ended is None


async def test_a_page_that_leaves_ends_both(house: House) -> None:
    await house.interview()
    _, old = await publish(house)
    await old.media_arrives()
    published, new = await publish(house)
    await house.live.end("one", published.whip_session)
    assert new.ended is EndReason.CLOSED_BY_PAGE
    assert old.ended is not None
    assert (await house.row()).state is InterviewState.INTERRUPTED


async def test_another_page_ends_both_first(house: House) -> None:
    await house.interview()
    _, old = await publish(house)
    await old.media_arrives()
    await publish(house)
    await publish(house, PHONE)
    assert [one.ended for one in house.publishers.made] == [EndReason.SUPERSEDED, EndReason.SUPERSEDED, None]
    with pytest.raises(errors.Superseded):
        await publish(house)


async def test_a_server_that_stops_closes_both(house: House) -> None:
    await house.interview()
    _, old = await publish(house)
    await old.media_arrives()
    await publish(house)
    await house.live.close_all()
    assert all(one.ended is not None for one in house.publishers.made)
    assert [part.state for part in await house.parts()] == [PartState.CLOSED]


async def test_a_resumed_interview_prefers_the_codec_it_began_with(house: House) -> None:
    await house.interview()
    assert await house.live.first_codec("one") is None
    _, publisher = await publish(house)
    await publisher.media_arrives()
    await house.live.close_all()
    house.open()
    first = await house.live.first_codec("one")
    assert first is OFFER.video_codec
