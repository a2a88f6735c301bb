"""What becomes of interviews whose deadline is over."""

from datetime import UTC, datetime, timedelta

from db import interviews
from db.clock import Clock, SystemClock
from db.states import InterviewState
from media_server.recording.events import EndReason
from signaling.aio import deadlines
from signaling.aio.deadlines import end_overdue
from signaling.protocol.control import Ended
from signaling.protocol.offer import read_offer
from tests.signaling.conftest import NOW, House, next_message
from tests.signaling.offers import captured

OFFER = read_offer(captured("chromium"))


class LaterClock(SystemClock):
    """Eight days after the interviews were set up."""

    def utc_now(self) -> datetime:
        return NOW + timedelta(days=8)


LATER: Clock = LaterClock()


async def test_what_was_recorded_is_kept_and_stored(house: House) -> None:
    await house.interview("one")
    await house.interview("two")
    await house.interview("invited", consented=False)
    await house.live.publish("one", "page-0001", OFFER, "")
    await house.publishers.last.media_arrives()
    house.publishers.last.saves(3_000, 3_000)
    await house.publishers.last.close(EndReason.NO_MEDIA)
    assert sorted(await end_overdue(house.database, house.live, LATER)) == ["invited", "one", "two"]
    states = [(await house.row(session_id)).state for session_id in ("one", "two", "invited")]
    assert states == [InterviewState.READY, InterviewState.EXPIRED, InterviewState.EXPIRED]
    assert house.stored == ["one"]
    assert (await house.row()).end_reason == "deadline"
    assert await end_overdue(house.database, house.live, LATER) == []


async def test_whoever_records_is_told(house: House) -> None:
    await house.interview()
    mail = await house.live.subscribe("one", "page-0001")
    await house.live.publish("one", "page-0001", OFFER, "")
    await house.publishers.last.media_arrives()
    house.publishers.last.saves(3_000, 3_000)
    await end_overdue(house.database, house.live, LATER)
    assert house.publishers.last.ended is EndReason.DEADLINE
    while not isinstance(message := await next_message(mail), Ended):
        pass
    assert message == Ended(reason="deadline", state="ready")


async def test_before_its_deadline_nothing_happens(house: House) -> None:
    await house.interview()

    class Early(SystemClock):
        def utc_now(self) -> datetime:
            return datetime(2026, 11, 30, tzinfo=UTC)

    assert await end_overdue(house.database, house.live, Early()) == []


async def test_one_that_was_extended_while_others_were_ended_goes_on(house: House) -> None:
    await house.interview("one")
    async with house.database.writing() as db_session:
        await interviews.extend(db_session, "one", NOW + timedelta(days=30))
    assert not await deadlines._tried(house.database, house.live, LATER, "one")
    assert (await house.row("one")).state is InterviewState.CONSENTED


async def test_one_that_cannot_be_ended_now_stops_no_other(house: House) -> None:
    await house.interview("one")
    await house.interview("two")
    await house.live.publish("one", "page-0001", OFFER, "")
    publisher = house.publishers.last
    await publisher.media_arrives()
    publisher.saves(3_000, 3_000)
    publisher.disk_refuses = True
    assert await end_overdue(house.database, house.live, LATER) == ["two"]
    publisher.disk_takes_it_after_all()
    assert await end_overdue(house.database, house.live, LATER) == ["one"]
