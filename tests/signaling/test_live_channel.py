"""What pages are told while an interview is live."""

import asyncio

from db.states import InterviewEvent
from media_server.recording.events import DiskTrouble, EndReason, OverCap, SoundArrives, Trouble
from signaling.protocol.control import CloseCode, Ended, Flow, GapMessage, Notice, SavedUpTo, State
from tests.signaling.conftest import House, next_message, waiting
from tests.signaling.publishing import PAGE, PHONE, publish


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
    house.publishers.last.tell(DiskTrouble(Trouble.FULL))
    house.publishers.last.tell(DiskTrouble(None))
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
