"""How a live interview ends, and who is told."""

import asyncio
from contextlib import suppress

import pytest

from db.audit import SYSTEM
from db.engine import Database
from db.settings import DatabaseSettings
from db.states import InterviewEvent, InterviewState, PartState
from media_server.recording.events import EndReason
from signaling.aio import errors
from signaling.aio.watch import EVERY_S
from signaling.protocol.control import CloseCode, Ended
from tests.signaling.conftest import House, a_moment, next_message
from tests.signaling.publishing import PAGE, PHONE, publish


async def test_finishing_closes_stores_and_tells(house: House) -> None:
    await house.interview()
    mail = await house.live.subscribe("one", PAGE)
    await publish(house)
    await house.publishers.last.media_arrives()
    house.publishers.last.saves(9_000, 9_000)
    assert await house.live.finish("one") is InterviewState.READY
    assert house.stored == ["one"]
    [part] = await house.parts()
    assert part.end_reason == "finished"
    while not isinstance(message := await next_message(mail), Ended):
        pass
    assert message == Ended(reason="finished", state="ready")
    with pytest.raises(errors.InterviewOver):
        await publish(house)
    assert await house.live.finish("one") is InterviewState.READY  # again: harmless
    assert house.stored == ["one"]


async def test_nothing_recorded_is_nothing_to_finish(house: House) -> None:
    await house.interview()
    with pytest.raises(errors.NothingRecorded):
        await house.live.finish("one")
    assert (await house.row()).state is InterviewState.CONSENTED


async def test_an_expired_interview_cannot_be_finished(house: House) -> None:
    await house.interview()
    published = await publish(house)
    await house.publishers.last.media_arrives()
    await house.live.end("one", published.whip_session)
    await house.happens("one", InterviewEvent.EXPIRE)
    with pytest.raises(errors.InterviewOver):
        await house.live.finish("one")


async def test_a_recording_that_cannot_be_stored_yet_does_not_keep_the_candidate(house: House) -> None:
    await house.interview()
    await publish(house)
    await house.publishers.last.media_arrives()
    house.store_fails = True
    assert await house.live.finish("one") is InterviewState.COMPLETED
    house.store_fails = False
    assert await house.live.finish("one") is InterviewState.READY


async def test_a_deleted_interview_ends_for_its_pages(house: House) -> None:
    await house.interview()
    mail = await house.live.subscribe("one", PAGE)
    await publish(house)
    await house.publishers.last.media_arrives()
    await house.happens("one", InterviewEvent.DELETE)
    await house.live.drop("one")
    assert house.publishers.last.ended is EndReason.DELETED
    while not isinstance(message := await next_message(mail), Ended):
        pass
    assert message == Ended(reason="deleted", state="deleted")


async def test_withdrawing_ends_what_runs_and_is_told(house: House) -> None:
    await house.interview()
    mail = await house.live.subscribe("one", PAGE)
    await publish(house)
    await house.publishers.last.media_arrives()
    for _ in range(2):  # again: harmless
        assert await house.live.withdraw("one", SYSTEM) is InterviewState.WITHDRAWN
    assert house.publishers.last.ended is EndReason.WITHDRAWN
    while not isinstance(message := await next_message(mail), Ended):
        pass
    assert message == Ended(reason="withdrawn", state="withdrawn")
    [part] = await house.parts()
    assert part.end_reason == "withdrawn"
    row = await house.row()
    assert (row.state, row.end_reason) == (InterviewState.WITHDRAWN, "withdrawn")
    assert house.stored == []
    with pytest.raises(errors.InterviewOver):
        await publish(house)


async def test_a_disk_that_refuses_the_end_keeps_nobody_from_withdrawing(house: House) -> None:
    await house.interview()
    await publish(house)
    await house.publishers.last.media_arrives()
    house.publishers.last.disk_refuses = True
    assert await house.live.withdraw("one", SYSTEM) is InterviewState.WITHDRAWN


async def test_what_expired_cannot_be_withdrawn(house: House) -> None:
    await house.interview()
    await house.happens("one", InterviewEvent.EXPIRE)
    with pytest.raises(errors.InterviewOver):
        await house.live.withdraw("one", SYSTEM)


async def test_an_interview_that_another_process_withdraws_is_ended_and_erased(house: House) -> None:
    await house.interview()
    mail = await house.live.subscribe("one", PAGE)
    await publish(house)
    await house.publishers.last.media_arrives()
    await house.happens("one", InterviewEvent.WITHDRAW)
    async with asyncio.timeout(20):
        while not isinstance(message := await next_message(mail), Ended):
            pass
        assert message == Ended(reason="withdrawn", state="withdrawn")
        while not house.erased:
            await a_moment()
    assert house.publishers.last.ended is EndReason.WITHDRAWN


async def test_an_interview_that_another_process_deletes_ends_within_seconds(house: House) -> None:
    await house.interview()
    await house.interview("two")
    mail = await house.live.subscribe("one", PAGE)
    await publish(house, session_id="two")
    other = house.publishers.last
    await publish(house)
    await house.publishers.last.media_arrives()
    await house.happens("one", InterviewEvent.DELETE)
    async with asyncio.timeout(EVERY_S + 3):
        while not isinstance(message := await next_message(mail), Ended):
            pass
    assert message == Ended(reason="deleted", state="deleted")
    assert house.publishers.last.ended is EndReason.DELETED
    assert other.ended is None
    while not house.erased:
        await a_moment()
    await asyncio.sleep(EVERY_S + 0.2)
    assert house.erased == ["one"]


async def test_nobody_looks_when_nobody_is_there(house: House) -> None:
    await house.interview()
    published = await publish(house)
    await house.live.end("one", published.whip_session)
    looking = house.live._watch._looking
    assert looking is not None
    await asyncio.wait_for(looking, EVERY_S + 1)


async def test_an_end_that_the_disk_refuses_is_told_and_not_taken_for_finished(house: House) -> None:
    await house.interview()
    mail = await house.live.subscribe("one", PAGE)
    await publish(house)
    publisher = house.publishers.last
    await publisher.media_arrives()
    publisher.saves(3_000, 9_000)
    publisher.disk_refuses = True
    with pytest.raises(errors.StorageFull):
        await house.live.finish("one")
    snapshot = await house.live.snapshot("one")
    assert (snapshot.recording, snapshot.saved_ms) == (False, 3_000)
    with pytest.raises(errors.StorageFull):
        await house.live.finish("one")
    publisher.saves(9_000, 9_000)
    publisher.disk_takes_it_after_all()
    assert (await house.live.snapshot("one")).saved_ms == 9_000
    assert await house.live.finish("one") is InterviewState.READY
    while not isinstance(message := await next_message(mail), Ended):
        pass
    assert message.reason == "finished"


async def test_a_part_waits_for_a_database_that_is_locked(house: House) -> None:
    await house.interview()
    impatient = await Database.open(house.database.path, DatabaseSettings(busy_timeout_s=0.1))
    patient, house.database = house.database, impatient
    house.open()
    await publish(house)
    async with patient.writing():
        arriving = asyncio.ensure_future(house.publishers.last.media_arrives())
        await asyncio.sleep(0.5)
        assert not arriving.done()
    await arriving
    assert [part.state for part in await house.parts()] == [PartState.OPEN]
    await house.live.close_all()
    await impatient.close()
    house.database = patient


async def test_the_server_stops_in_order(house: House) -> None:
    await house.interview("one")
    await house.interview("two")
    mail = await house.live.subscribe("one", PAGE)
    for session_id in ("one", "two"):
        await publish(house, session_id=session_id)
        await house.publishers.last.media_arrives()
    late = asyncio.ensure_future(publish(house, PHONE))
    await house.live.close_all()
    with suppress(errors.OverCapacity):
        await late
    assert {publisher.ended for publisher in house.publishers.made} <= {EndReason.SERVER_STOPPED, EndReason.SUPERSEDED}
    for session_id in ("one", "two"):
        assert {part.state for part in await house.parts(session_id)} == {PartState.CLOSED}
    kinds = []
    while not isinstance(message := await next_message(mail), CloseCode):
        kinds.append(message.type)
    assert "notice" in kinds
    assert message is CloseCode.GOING_AWAY
    with pytest.raises(errors.OverCapacity):
        await publish(house)
    assert await next_message(await house.live.subscribe("one", PAGE)) is not None
