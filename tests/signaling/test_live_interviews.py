"""Who publishes, who is told what, and what of it the database keeps."""

import asyncio
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import text

from db.engine import Database
from db.settings import DatabaseSettings
from db.states import InterviewEvent, InterviewState, PartState
from media_server.aio.aiortc_tap import NoFreePort
from media_server.recording.events import DiskTrouble, EndReason, GapFound, OverCap, PartGap, SoundArrives
from media_server.rtp.packet import MediaKind
from signaling.aio import errors, registry
from signaling.aio.live_interviews import Published
from signaling.aio.watch import EVERY_S
from signaling.protocol.control import CloseCode, Ended, Flow, GapMessage, Notice, SavedUpTo, State
from signaling.protocol.offer import read_offer
from signaling.protocol.whip import read_trickle
from tests.fakes.publisher import FakePublisher, OfferRefused
from tests.signaling.conftest import House, a_moment, next_message, waiting
from tests.signaling.offers import captured, offer, sound

OFFER = read_offer(captured("chromium"))
PAGE, PHONE = "page-0001", "phone-0002"


async def publish(house: House, client_id: str | None = PAGE, session_id: str = "one") -> Published:
    return await house.live.publish(session_id, client_id, OFFER, "Test/1")


# --- recording ----------------------------------------------------------------------


async def test_media_opens_a_part_where_the_candidates_files_are(house: House) -> None:
    await house.interview()
    await publish(house)
    assert (await house.row()).state is InterviewState.CONSENTED  # a connection is not yet media
    path = await house.publishers.last.media_arrives()
    assert path == Path("uploads/John_Doe_one/.parts/one/0001.webm")
    [part] = await house.parts()
    assert (part.state, part.path, part.user_agent) == (PartState.OPEN, str(path), "Test/1")
    assert (await house.row()).state is InterviewState.IN_PROGRESS


async def test_the_end_of_a_connection_closes_the_part_and_interrupts(house: House) -> None:
    await house.interview()
    published = await publish(house)
    await house.publishers.last.media_arrives()
    house.publishers.last.saves(15_000, 15_400)
    await house.live.end("one", published.whip_session)
    [part] = await house.parts()
    assert (part.state, part.end_reason, part.duration_ms) == (PartState.CLOSED, "closed_by_page", 15_000)
    assert (part.video_kbps, part.audio_kbps) == (226.7, 31.3)
    assert part.bitrate_windows[1] == {"start_ms": 10_000, "video_bps": 200_000, "audio_bps": 34_000}
    assert (await house.row()).state is InterviewState.INTERRUPTED
    assert (await house.live.snapshot("one")).saved_ms == 15_000


async def test_a_part_that_fell_silent_goes_on(house: House) -> None:
    await house.interview()
    await publish(house)
    publisher = house.publishers.last
    await publisher.media_arrives()
    publisher.saves(3_000, 3_000)
    publisher.falls_silent()
    snapshot = await house.live.snapshot("one")
    assert (snapshot.recording, snapshot.saved_ms) == (False, 3_000)
    publisher.returns()
    publisher.saves(4_000, 4_000)
    snapshot = await house.live.snapshot("one")
    assert (snapshot.recording, snapshot.part, snapshot.saved_ms) == (True, 1, 4_000)
    await publisher.close(EndReason.CLOSED_BY_PAGE)
    await house.live.close_all()
    [part] = await house.parts()
    assert (part.state, part.end_reason, part.duration_ms) == (PartState.CLOSED, "closed_by_page", 4_000)


async def test_gaps_are_written_down_with_the_part(house: House) -> None:
    await house.interview()
    published = await publish(house)
    await house.publishers.last.media_arrives()
    for start in range(0, 1_000, 10):
        house.publishers.last.loses(start, start + 5)
    await house.live.end("one", published.whip_session)
    [part] = await house.parts()
    assert len(part.gaps) == 100
    assert (part.gaps[3].track, part.gaps[3].start_ms, part.gaps[3].end_ms, part.gaps[3].reason) == (
        "audio",
        30,
        35,
        "lost",
    )


async def test_gaps_do_not_wait_for_the_end_nor_write_more_than_once_a_second(
    house: House, database_writes: list[float]
) -> None:
    await house.interview()
    await publish(house)
    await house.publishers.last.media_arrives()
    database_writes.clear()
    for start in range(20):
        house.publishers.last.loses(start, start + 1)
        await asyncio.sleep(0.1)
    while len((await house.parts())[0].gaps) < 20:
        await a_moment()
    assert len(database_writes) >= 2
    assert all(later - earlier > 0.9 for earlier, later in pairwise(database_writes))


async def test_what_the_database_cannot_take_now_it_gets_later(house: House) -> None:
    await house.interview()
    await publish(house)
    publisher = house.publishers.last
    await publisher.media_arrives()
    publisher.saves(5_000, 5_000)
    other = await Database.open(house.database.path)
    async with other.writing():
        closing = asyncio.ensure_future(publisher.close(EndReason.CLOSED_BY_PAGE))
        await asyncio.sleep(0.2)
        assert (await house.parts())[0].state is PartState.OPEN
    await closing
    while (await house.parts())[0].state is PartState.OPEN:
        await a_moment()
    await other.close()


async def test_what_the_database_refuses_for_good_holds_nothing_up(house: House) -> None:
    await house.interview()
    await publish(house)
    publisher = house.publishers.last
    await publisher.media_arrives()
    publisher.tell(GapFound(7, PartGap(MediaKind.PICTURE, 0, 1, "lost")))  # there is no part 7
    async with house.database.writing() as db_session:
        await db_session.execute(
            text("CREATE TRIGGER broken BEFORE INSERT ON gaps BEGIN SELECT RAISE(ABORT, 'x'); END")
        )
    publisher.loses(0, 5)
    live = house.live.registry._live["one"]
    assert await live.ledger.settle()
    await publisher.close(EndReason.CLOSED_BY_PAGE)
    assert await live.ledger.settle()
    assert (await house.parts())[0].state is PartState.CLOSED


# --- who may publish -----------------------------------------------------------------


async def test_consent_comes_first(house: House) -> None:
    await house.interview(consented=False)
    with pytest.raises(errors.ConsentMissing):
        await publish(house)


@pytest.mark.parametrize("event", [InterviewEvent.EXPIRE, InterviewEvent.WITHDRAW, InterviewEvent.DELETE])
async def test_nothing_is_recorded_after_the_end(house: House, event: InterviewEvent) -> None:
    await house.interview()
    await house.happens("one", event)
    with pytest.raises(errors.InterviewOver):
        await publish(house)
    assert house.publishers.made == []


async def test_an_unknown_interview_is_unknown(house: House) -> None:
    for attempt in (
        publish(house, session_id="none"),
        house.live.subscribe("none", PAGE),
        house.live.finish("none"),
        house.live.snapshot("none"),
        house.live.refresh("none"),
        house.live.end("none", "x"),
    ):
        with pytest.raises(errors.UnknownInterview):
            await attempt


async def test_sound_alone_needs_a_job_that_allows_it(house: House) -> None:
    await house.interview()
    with pytest.raises(errors.Unacceptable):
        await house.live.publish("one", PAGE, read_offer(offer(sound(), group=None)), "")


async def test_capacity_is_for_newcomers(house: House) -> None:
    house.open(max_live_interviews=1)
    await house.interview("one")
    await house.interview("two")
    await publish(house)
    with pytest.raises(errors.OverCapacity) as refusal:
        await publish(house, session_id="two")
    assert refusal.value.headers["Retry-After"] == "10"
    await publish(house, PHONE)  # a takeover adds nothing
    await house.publishers.last.close(EndReason.NO_MEDIA)
    await publish(house, session_id="two")


async def test_a_full_disk_takes_no_new_recording(house: House) -> None:
    await house.interview()
    house.has_room = False
    with pytest.raises(errors.StorageFull):
        await publish(house)


@pytest.mark.parametrize(
    ("fault", "problem"), [(OfferRefused("x"), errors.Unacceptable), (NoFreePort("x"), errors.OverCapacity)]
)
async def test_an_offer_that_fails_leaves_the_older_session_alone(
    house: House, fault: Exception, problem: type[errors.Problem]
) -> None:
    await house.interview()
    await publish(house)
    house.publishers.refuse_next = fault
    with pytest.raises(problem):
        await publish(house, PHONE)
    assert house.publishers.made[0].ended is None
    assert house.live.publishing_count == 1
    await publish(house)  # and nobody is superseded


# --- takeover ----------------------------------------------------------------------------


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


# --- trickle -----------------------------------------------------------------------------

FRAGMENT = (
    "a=ice-ufrag:exam\r\na=ice-pwd:exampleexampleexample0000\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:{mid}\r\n"
    "a=candidate:1 1 udp 1 192.0.2.1 5000 typ host\r\n"
)


async def test_candidates_go_to_the_section_that_carries_the_transport(house: House) -> None:
    await house.interview()
    published = await publish(house)
    for mid in ("0", "1"):
        fragment = read_trickle(FRAGMENT.format(mid=mid))
        await house.live.trickle("one", published.whip_session, fragment, published.entity_tag)
    assert house.publishers.last.ice_candidates == [("0", "1 1 udp 1 192.0.2.1 5000 typ host")] * 2


# --- the control channel's messages ---------------------------------------------------------


async def test_a_page_hears_how_it_stands_and_what_changes(house: House) -> None:
    await house.interview()
    mail = await house.live.subscribe("one", PAGE)
    assert await next_message(mail) == State(state="consented", recording=False, current=True, part=None, saved_ms=0)
    assert isinstance(await next_message(mail), Flow)
    await publish(house, PHONE)
    assert await next_message(mail) == State(state="consented", recording=False, current=False, part=None, saved_ms=0)
    await house.publishers.last.media_arrives()
    assert await next_message(mail) == State(state="in_progress", recording=True, current=False, part=1, saved_ms=0)
    house.publishers.last.loses(20, 80)
    assert await next_message(mail) == GapMessage(part=1, track="audio", start_ms=20, end_ms=80, reason="lost")
    house.publishers.last.tell(DiskTrouble(full=True))
    house.publishers.last.tell(DiskTrouble(full=False))
    house.publishers.last.tell(OverCap(900_000))
    notices = [await next_message(mail) for _ in range(3)]
    assert [message.code for message in notices if isinstance(message, Notice)] == ["disk_full", "disk_ok", "over_cap"]


async def test_the_heartbeat_says_what_is_saved(house: House) -> None:
    house.open(heartbeat_s=0.05)
    await house.interview()
    mail = await house.live.subscribe("one", PAGE)
    await publish(house)
    publisher = house.publishers.last
    await publisher.media_arrives()
    publisher.saves(5_000, 5_000)
    await publisher.close(EndReason.CLOSED_BY_PAGE)
    await publish(house)
    await house.publishers.last.media_arrives()
    house.publishers.last.saves(1_000, 1_900)
    async with asyncio.timeout(5):
        while True:
            message = await mail.get()
            if isinstance(message, SavedUpTo) and message.part_saved_ms:
                break
    assert message == SavedUpTo(saved_ms=6_000, part=2, part_saved_ms=1_000, lag_ms=900, recording=True)
    async with asyncio.timeout(5):  # no news of saving is bad news
        while not (isinstance(message := await mail.get(), SavedUpTo) and message.lag_ms > 1_000):
            pass


async def test_a_consent_given_elsewhere_is_told_on_refresh(house: House) -> None:
    await house.interview(consented=False)
    mail = await house.live.subscribe("one", PAGE)
    await next_message(mail)
    assert isinstance(await next_message(mail), Flow)
    await house.happens("one", InterviewEvent.CONSENT)
    await house.live.refresh("one")
    message = await next_message(mail)
    assert isinstance(message, State)
    assert message.state == "consented"


async def test_a_sender_over_its_cap_is_told_why_it_ended(house: House) -> None:
    await house.interview()
    mail = await house.live.subscribe("one", PAGE)
    await publish(house)
    await house.publishers.last.media_arrives()
    await house.publishers.last.close(EndReason.OVER_CAP)
    while not isinstance(message := await next_message(mail), Ended):
        pass
    assert message.reason == "over_cap"


async def test_the_oldest_of_too_many_channels_makes_room(house: House) -> None:
    house.open(max_control_channels=2)
    await house.interview()
    mails = [await house.live.subscribe("one", PAGE) for _ in range(3)]
    assert isinstance(await next_message(mails[0]), State)
    assert isinstance(await next_message(mails[0]), Flow)
    assert await next_message(mails[0]) is CloseCode.TOO_MUCH
    house.live.unsubscribe("one", mails[0])
    house.live.unsubscribe("one", mails[1])
    house.live.unsubscribe("one", mails[1])
    assert isinstance(await next_message(mails[2]), State)


async def test_a_page_that_reads_nothing_fills_no_memory(house: House) -> None:
    await house.interview()
    mail = await house.live.subscribe("one", PAGE)
    await publish(house)
    await house.publishers.last.media_arrives()
    for start in range(1_000):
        house.publishers.last.loses(start, start + 1)
    assert await next_message(mail) is CloseCode.TOO_SLOW


# --- the end ---------------------------------------------------------------------------------


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


# --- sound that does not arrive ----------------------------------------------------------


async def test_pages_hear_that_no_sound_arrives_whenever_they_come(house: House) -> None:
    await house.interview()
    mail = await house.live.subscribe("one", PAGE)
    await publish(house)
    publisher = house.publishers.last
    await publisher.media_arrives()
    live = house.live.registry._live["one"]

    def silent() -> bool:
        return live.spectators.is_silent

    for _ in range(2):
        publisher.tell(SoundArrives(arrives=False))
    assert silent()
    later = await house.live.subscribe("one", PAGE)
    publisher.tell(SoundArrives(arrives=True))
    assert not silent()
    assert (await waiting(mail)).count("notice") == 2, "one for each change"
    assert (await waiting(later)).count("notice") == 2, "what was told before it came, and the change"

    publisher.tell(SoundArrives(arrives=False))
    await publisher.close(EndReason.CLOSED_BY_PAGE)
    assert not silent(), "a connection that has ended says nothing of the next one's microphone"
    assert "notice" not in await waiting(await house.live.subscribe("one", PAGE))
