"""Who may publish."""

import pytest

from db.states import InterviewEvent
from media_server.aio.aiortc_tap import NoFreePort
from media_server.recording.events import EndReason
from signaling.aio import errors
from signaling.aio.admission import Load
from signaling.protocol.offer import read_offer
from tests.fakes.publisher import OfferRefused
from tests.signaling.conftest import House
from tests.signaling.offers import offer, sound
from tests.signaling.publishing import PAGE, PHONE, publish


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
    house.load = Load(has_room=False)
    with pytest.raises(errors.StorageFull):
        await publish(house)


@pytest.mark.parametrize("load", [Load(loop_lag_s=0.6), Load(disk_lag_s=5.5)])
async def test_a_server_that_does_not_keep_up_takes_nobody_new(house: House, load: Load) -> None:
    house.open()
    for session_id in ("one", "two", "three"):
        await house.interview(session_id)
    await publish(house)
    await publish(house, session_id="two")
    await house.happens("two", InterviewEvent.MEDIA_STARTED)
    await house.publishers.last.close(EndReason.CONNECTION_LOST)
    house.load = load
    with pytest.raises(errors.OverCapacity) as refusal:
        await publish(house, session_id="three")
    assert refusal.value.headers["Retry-After"] == "10"
    await publish(house, PHONE)  # who is being recorded may take it to the phone
    await publish(house, session_id="two")  # who was being recorded may come back
    house.load = Load()
    await publish(house, session_id="three")


async def test_who_was_recorded_comes_back_before_newcomers(house: House) -> None:
    house.open(max_live_interviews=1)
    for session_id in ("one", "two", "three", "four"):
        await house.interview(session_id)
    for session_id in ("two", "four"):
        await house.happens(session_id, InterviewEvent.MEDIA_STARTED)
    await publish(house)
    with pytest.raises(errors.OverCapacity):
        await publish(house, session_id="three")
    await publish(house, session_id="two")
    with pytest.raises(errors.OverCapacity):
        await publish(house, session_id="four")  # but not without end


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
