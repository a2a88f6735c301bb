"""The questions of a live interview: what a page may do, what is written down, and what survives."""

import asyncio
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import pytest

from db import interviews
from db.flows import place_of
from db.interviews import Allowance
from db.models import Mark
from db.states import InterviewEvent, InterviewState
from media_server.aio.capture import PartMoment
from media_server.recording.events import EndReason
from signaling.aio.live_interviews import LiveInterviews
from signaling.aio.subscription import Subscription
from signaling.protocol.control import Do, Flow, RefusedMessage, SavedUpTo, Shown
from signaling.protocol.interview_steps import Step
from signaling.protocol.offer import read_offer
from tests.fakes.publisher import FakePublisher
from tests.signaling.conftest import House, a_moment
from tests.signaling.offers import captured

OFFER = read_offer(captured("chromium"))
LIMITED = Allowance(think_ms=3_000, answer_ms=10_000, max_takes=2)
AT = 1_764_000_000_000.0


@dataclass
class Page:
    """A page that follows, as the browser's does."""

    live: LiveInterviews
    mail: Subscription
    flow: Flow | None = None
    refused: list[RefusedMessage] = field(default_factory=list)
    session_id: str = "one"

    @classmethod
    async def open(cls, house: House, client_id: str = "page-0001") -> "Page":
        page = cls(house.live, await house.live.subscribe("one", client_id))
        await page.read()
        return page

    async def read(self) -> Flow:
        """Take what lies there; how it stands then."""
        for message in [*self.mail._messages]:
            self.mail._messages.remove(message)
            if isinstance(message, Flow):
                self.flow = message
            elif isinstance(message, RefusedMessage):
                self.refused.append(message)
        assert self.flow is not None
        return self.flow

    async def do(self, event: Any, **more: Any) -> Flow:
        """Ask for something, and see how it stands then."""
        assert self.flow is not None
        asked = {"type": "do", "id": "x", "event": event, "revision": self.flow.revision, "at": AT} | more
        self.live.hear(self.session_id, self.mail, Do.model_validate(asked))
        return await self.read()

    def shows(self, at: float = AT) -> None:
        """It has shown the newest revision."""
        assert self.flow is not None
        self.live.hear(self.session_id, self.mail, Shown(type="shown", revision=self.flow.revision, at=at))


async def recording(house: House, client_id: str = "page-0001") -> FakePublisher:
    """Somebody publishes, and a part is written."""
    await house.live.publish("one", client_id, OFFER, "Test/1")
    publisher = house.publishers.last
    await publisher.media_arrives()
    publisher.located = PartMoment(1, 100)
    return publisher


async def settled(house: House) -> None:
    """Everything noted is in the database."""
    assert await house.live.registry._live["one"].ledger.settle()


async def marks(house: House) -> list[tuple[int, int, str, int | None, int | None]]:
    """What the database holds, in order."""
    await settled(house)
    found: list[tuple[int, Mark]] = [(part.number, mark) for part in await house.parts() for mark in part.marks]
    found.sort(key=lambda pair: pair[1].id)
    return [(number, mark.offset_ms, mark.kind, mark.question_index, mark.take) for number, mark in found]


async def test_a_page_is_led_from_the_first_question_to_the_last(house: House) -> None:
    await house.interview(questions=("Who?", "Why?"), allowance=LIMITED)
    page = await Page.open(house)
    publisher = await recording(house)
    assert page.flow is not None
    assert (page.flow.step, page.flow.questions, page.flow.can) == (Step.BEFORE, 2, ("begin",))
    flow = await page.do("begin")
    assert (flow.step, flow.question, flow.think_limit_ms, flow.revision) == (Step.THINKING, 1, 3_000, 1)
    page.shows()
    publisher.located = PartMoment(1, 2_000)
    flow = await page.do("start_answer")
    assert (flow.step, flow.take, flow.takes_left) == (Step.ANSWERING, 1, 1)
    publisher.located = PartMoment(1, 7_000)
    flow = await page.do("end_answer")
    assert flow.can == ("retake", "choose_take", "next", "pause", "finish")
    publisher.located = PartMoment(1, 8_000)
    await page.do("retake")
    publisher.located = PartMoment(1, 9_000)
    flow = await page.do("end_answer")
    assert [(take.number, take.chosen) for take in flow.takes] == [(1, False), (2, True)]
    assert flow.takes_left == 0
    flow = await page.do("choose_take", take=1)
    assert [(take.number, take.chosen) for take in flow.takes] == [(1, True), (2, False)]
    publisher.located = PartMoment(1, 9_500)
    flow = await page.do("next")
    assert (flow.step, flow.question, flow.take) == (Step.THINKING, 2, 0)
    page.shows()
    for event in ("start_answer", "end_answer", "next"):
        flow = await page.do(event)
    assert flow.step is Step.DONE
    assert publisher.recorded[-1] is False
    assert publisher.keyframes == 8
    assert await marks(house) == [
        (1, 100, "question", 1, None),
        (1, 2_000, "take", 1, 1),
        (1, 7_000, "take_end", 1, 1),
        (1, 8_000, "take", 1, 2),
        (1, 9_000, "take_end", 1, 2),
        (1, 9_500, "question", 2, None),
        (1, 9_500, "take", 2, 1),
        (1, 9_500, "take_end", 2, 1),
    ]
    stored = place_of(await house.row())
    assert stored is not None
    assert (stored.step, stored.takes) == ("done", ((1, 1, True), (1, 2, False), (2, 1, True)))
    assert page.refused == []


async def test_what_is_not_possible_is_refused_and_changes_nothing(house: House) -> None:
    await house.interview(allowance=LIMITED)
    page = await Page.open(house)
    await recording(house)
    await page.do("start_answer")
    await page.do("begin")
    flow = await page.do("end_answer", revision=0)
    assert flow.step is Step.THINKING
    await page.do("start_answer")
    await page.do("end_answer")
    await page.do("choose_take", take=2)
    await page.do("retake")
    await page.do("end_answer")
    await page.do("retake")
    other = await Page.open(house, "page-0002")
    await other.do("next")
    assert [one.reason for one in page.refused] == ["not_now", "outdated", "no_such_take", "no_takes_left"]
    assert [(one.reason, one.id) for one in other.refused] == [("not_current", "x")]
    assert all(one.text for one in page.refused)


async def test_limits_count_what_is_saved(house: House) -> None:
    await house.interview(allowance=LIMITED)
    page = await Page.open(house)
    publisher = await recording(house)
    publisher.saves(5_000, 5_000)
    await page.do("begin")
    page.shows()
    publisher.saves(7_900, 7_900)
    await page.read()
    assert page.flow is not None
    assert page.flow.step is Step.THINKING
    publisher.saves(8_000, 8_000)
    await page.read()
    assert (page.flow.step, page.flow.by_itself) == (Step.ANSWERING, True)
    publisher.saves(12_000, 12_000)
    saved = house.live.registry._live["one"].saved_up_to()
    assert (saved.used_ms, saved.counting) == (4_000, True)


async def test_the_used_time_is_kept_over_an_interruption_and_a_new_server(house: House) -> None:
    await house.interview(allowance=LIMITED)
    page = await Page.open(house)
    publisher = await recording(house)
    await page.do("begin")
    page.shows()
    publisher.saves(2_000, 2_000)
    await page.do("start_answer")
    publisher.saves(6_000, 6_000)
    await house.live.close_all()
    house.open()
    again = await Page.open(house, "page-0002")
    assert again.flow is not None
    assert (again.flow.step, again.flow.question, again.flow.think_used_ms, again.flow.answer_used_ms) == (
        Step.ANSWERING,
        1,
        2_000,
        4_000,
    )
    assert not again.flow.counting
    snapshot = await house.live.snapshot("one")
    assert snapshot.away_ms is not None
    await house.live.publish("one", "page-0002", OFFER, "Test/1")
    assert house.publishers.last.recorded == [True]
    await house.publishers.last.media_arrives()
    house.publishers.last.saves(5_999, 5_999)
    assert (await again.read()).step is Step.ANSWERING
    house.publishers.last.saves(6_000, 6_000)
    assert (await again.read()).step is Step.ANSWERED


async def test_nothing_is_recorded_in_a_pause(house: House) -> None:
    await house.interview(allowance=LIMITED)
    page = await Page.open(house)
    publisher = await recording(house)
    await page.do("begin")
    await page.do("pause")
    assert publisher.recorded[-1] is False
    flow = await page.do("resume")
    assert flow.step is Step.THINKING
    assert publisher.recorded[-1] is True


async def test_answers_only_records_no_thinking_and_counts_presence(house: House) -> None:
    house.open(heartbeat_s=0.05)
    await house.interview(allowance=Allowance(think_ms=400, answer_ms=None, max_takes=1))
    async with house.database.writing() as db_session:
        (await interviews.get_interview(db_session, "one")).job.answers_only = True
    page = await Page.open(house)
    await house.live.publish("one", "page-0001", OFFER, "Test/1")
    publisher = house.publishers.last
    assert publisher.recorded == [False]
    await page.do("begin")
    async with asyncio.timeout(5):
        while page.flow is None or page.flow.step is not Step.ANSWERING:
            await a_moment()
            await page.read()
    assert publisher.recorded[-1] is True
    await publisher.media_arrives()
    assert await marks(house) == [(1, 0, "question", 1, None), (1, 0, "take", 1, 1)]


async def test_a_mark_is_found_before_its_part_ends_in_a_pause(house: House) -> None:
    await house.interview(allowance=LIMITED)
    page = await Page.open(house)
    publisher = await recording(house)
    publisher.located, publisher.located_at_last = None, PartMoment(1, 444)
    await page.do("begin")
    await page.do("pause")
    publisher.located_at_last = PartMoment(2, 0)
    assert await marks(house) == [(1, 444, "question", 1, None)]


async def test_a_program_is_recorded_whole(house: House) -> None:
    await house.interview(allowance=LIMITED)
    async with house.database.writing() as db_session:
        (await interviews.get_interview(db_session, "one")).job.answers_only = True
    await house.live.publish("one", None, OFFER, "ffmpeg")
    assert house.publishers.last.recorded == [True]


async def test_an_interview_without_questions_is_recorded_whole(house: House) -> None:
    await house.interview(questions=())
    page = await Page.open(house)
    publisher = await recording(house)
    assert page.flow is not None
    assert (page.flow.questions, page.flow.can) == (0, ())
    await page.do("begin")
    assert [one.reason for one in page.refused] == ["not_now"]
    assert set(publisher.recorded) == {True}


async def test_finishing_ends_the_take_where_the_recording_ends(house: House) -> None:
    await house.interview(allowance=LIMITED)
    page = await Page.open(house)
    publisher = await recording(house)
    await page.do("begin")
    page.shows()
    await page.do("start_answer")
    publisher.saves(5_000, 5_000)
    assert await house.live.finish("one") is InterviewState.READY
    assert (await marks(house))[-1] == (1, 5_000, "take_end", 1, 1)
    await page.read()
    assert page.flow is not None
    assert (page.flow.step, page.flow.can) == (Step.DONE, ())


async def test_many_changes_are_one_transaction_a_second(house: House, database_writes: list[float]) -> None:
    await house.interview(allowance=Allowance(think_ms=None, answer_ms=None, max_takes=100))
    page = await Page.open(house)
    await recording(house)
    await page.do("begin")
    page.shows()
    database_writes.clear()
    await page.do("start_answer")
    for _ in range(12):
        await page.do("end_answer")
        await page.do("retake")
        await asyncio.sleep(0.1)
    assert all(later - earlier > 0.9 for earlier, later in pairwise(database_writes))
    await settled(house)
    stored = place_of(await house.row())
    assert stored is not None
    assert stored.take == 13


async def test_a_mark_survives_the_end_of_its_connection(house: House) -> None:
    await house.interview(allowance=LIMITED)
    page = await Page.open(house)
    publisher = await recording(house)
    publisher.located, publisher.located_at_last = None, PartMoment(1, 321)
    await page.do("begin")
    page.shows()
    await publisher.close(EndReason.CONNECTION_LOST)
    assert await marks(house) == [(1, 321, "question", 1, None)]


async def test_a_mark_that_nobody_saw_is_where_it_was_wanted(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("signaling.aio.marks.WAIT_S", 0.1)
    house.open(heartbeat_s=0.05)
    await house.interview(allowance=LIMITED)
    page = await Page.open(house)
    await recording(house)
    await page.do("begin")
    async with asyncio.timeout(5):
        while not await marks(house):
            await a_moment()


async def test_a_mark_while_nothing_runs_lies_at_the_next_parts_beginning(house: House) -> None:
    await house.interview(allowance=LIMITED)
    page = await Page.open(house)
    publisher = await recording(house)
    await page.do("begin")
    page.shows()
    publisher.saves(2_000, 2_000)
    await publisher.close(EndReason.CONNECTION_LOST)
    await page.do("start_answer")
    await house.live.publish("one", "page-0001", OFFER, "Test/1")
    await house.publishers.last.media_arrives()
    assert (await marks(house))[-1] == (2, 0, "take", 1, 1)


async def test_what_hr_grants_counts_at_once(house: House) -> None:
    await house.interview(allowance=LIMITED)
    page = await Page.open(house)
    await recording(house)
    await page.do("begin")
    async with house.database.writing() as db_session:
        (await interviews.get_interview(db_session, "one")).time_factor = 2.0
    await house.live.refresh("one")
    await page.read()
    assert page.flow is not None
    assert (page.flow.think_limit_ms, page.flow.revision) == (6_000, 1)


async def test_consent_opens_the_questions(house: House) -> None:
    await house.interview(consented=False, allowance=LIMITED)
    page = await Page.open(house)
    assert page.flow is not None
    assert page.flow.can == ()
    await page.do("begin")
    assert [one.reason for one in page.refused] == ["not_now"]
    await house.happens("one", InterviewEvent.CONSENT)
    await house.live.refresh("one")
    assert (await page.read()).can == ("begin",)


async def test_the_heartbeat_tells_the_used_time(house: House) -> None:
    house.open(heartbeat_s=0.05)
    await house.interview(allowance=LIMITED)
    page = await Page.open(house)
    publisher = await recording(house)
    await page.do("begin")
    publisher.saves(1_500, 1_500)
    async with asyncio.timeout(5):
        while True:
            message = await page.mail.get()
            if isinstance(message, SavedUpTo) and message.used_ms == 1_500:
                break
    assert message.counting


async def test_what_fails_in_one_interview_takes_the_heartbeat_from_no_other(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    house.open(heartbeat_s=0.02)
    await house.interview(allowance=LIMITED)
    await house.interview("two")
    broken = await Page.open(house)
    publisher = await recording(house)
    await broken.do("begin")
    publisher.located = None
    await broken.do("start_answer")
    publisher.locating_fails = RuntimeError("no luck")
    other = await house.live.subscribe("two", "page-0002")
    async with asyncio.timeout(10):
        while "housekeeping failed" not in caplog.text:
            await a_moment()
        while not isinstance(await other.get(), SavedUpTo):
            pass
        assert isinstance(await other.get(), SavedUpTo)
    publisher.locating_fails = None
