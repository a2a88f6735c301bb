"""The flow by itself: its table, its clock, and that no sequence of events strands it or loses a take."""

from itertools import pairwise

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from signaling.protocol.interview_flow import (
    Accommodations,
    FlowAction,
    InterviewFlow,
    MarkKind,
    MarkWanted,
    Moved,
    Place,
    Question,
    RefusalReason,
    Refused,
)
from signaling.protocol.interview_steps import FORKS, TRANSITIONS, Event, Fork, Step, diagram

LIMITED = Question(1, think_ms=3_000, answer_ms=10_000, max_takes=2)


def flow_of(*questions: Question, answers_only: bool = False, place: Place | None = None) -> InterviewFlow:
    return InterviewFlow(questions, answers_only=answers_only, place=place)


def happen(flow: InterviewFlow, *events: Event) -> list[FlowAction]:
    for event in events:
        flow.receive_event(event)
    return list(flow.actions())


# --- the table --------------------------------------------------------------------


def test_every_step_but_the_last_leads_on() -> None:
    assert {step for step, _ in TRANSITIONS} == set(Step) - {Step.DONE}


def test_every_step_can_be_reached_and_leads_to_the_end() -> None:
    edges = {
        (step, target)
        for (step, _), to in TRANSITIONS.items()
        for target in (FORKS[to] if isinstance(to, Fork) else (to,))
    }
    reached = {Step.BEFORE}
    while more := {to for frm, to in edges if frm in reached} - reached:
        reached |= more
    ending = {Step.DONE}
    while more := {frm for frm, to in edges if to in ending} - ending:
        ending |= more
    assert reached == ending == set(Step)


def test_the_picture_shows_each_way() -> None:
    lines = diagram().splitlines()
    assert "    thinking --> answering: start_answer" in lines
    assert "    answered --> done: next" in lines
    assert len(lines) == len(set(lines))


# --- what is refused --------------------------------------------------------------


@pytest.mark.parametrize(
    ("events", "asked", "reason"),
    [
        ((), Event.NEXT, RefusalReason.NOT_NOW),
        ((Event.BEGIN,), Event.BEGIN, RefusalReason.NOT_NOW),
        ((Event.BEGIN, Event.START_ANSWER), Event.RETAKE, RefusalReason.NOT_NOW),
        (
            (Event.BEGIN, Event.START_ANSWER, Event.END_ANSWER, Event.RETAKE, Event.END_ANSWER),
            Event.RETAKE,
            RefusalReason.NO_TAKES_LEFT,
        ),
        ((Event.BEGIN, Event.START_ANSWER, Event.END_ANSWER), Event.CHOOSE_TAKE, RefusalReason.NO_SUCH_TAKE),
    ],
)
def test_what_is_not_possible_changes_nothing(events: tuple[Event, ...], asked: Event, reason: RefusalReason) -> None:
    flow = flow_of(LIMITED)
    happen(flow, *events)
    before = flow.place
    with pytest.raises(Refused) as refusal:
        flow.receive_event(asked)
    assert refusal.value.reason is reason
    assert flow.place == before
    assert list(flow.actions()) == []


def test_an_event_for_an_older_revision_is_outdated() -> None:
    flow = flow_of(LIMITED)
    flow.receive_event(Event.BEGIN, revision=0)
    with pytest.raises(Refused) as refusal:
        flow.receive_event(Event.START_ANSWER, revision=0)
    assert refusal.value.reason is RefusalReason.OUTDATED


def test_without_questions_nothing_is_asked_and_all_is_recorded() -> None:
    flow = flow_of(answers_only=True)
    assert not any(flow.can(event) for event in Event)
    assert flow.is_recorded


# --- skipping ---------------------------------------------------------------------

FREE = Question(1, think_ms=3_000, max_takes=2, optional=True)


def test_an_optional_question_is_skipped_while_it_is_thought_about() -> None:
    flow = flow_of(FREE, Question(2))
    happen(flow, Event.BEGIN)
    actions = happen(flow, Event.SKIP)
    assert actions[:2] == [MarkWanted(MarkKind.QUESTION, 2, None), MarkWanted(MarkKind.TAKE, 2, 1)]
    assert (flow.place.step, flow.place.question, flow.place.takes) == (Step.ANSWERING, 2, ((2, 1, True),))


def test_an_answer_that_a_skip_breaks_off_does_not_count() -> None:
    flow = flow_of(Question(1, optional=True))
    happen(flow, Event.BEGIN)
    (end, _) = happen(flow, Event.SKIP)
    assert end == MarkWanted(MarkKind.TAKE_END, 1, 1)
    assert (flow.place.step, flow.place.takes) == (Step.DONE, ((1, 1, False),))


def test_what_has_been_answered_or_has_to_be_is_not_skipped() -> None:
    flow = flow_of(FREE, Question(2))
    happen(flow, Event.BEGIN, Event.START_ANSWER, Event.END_ANSWER)
    assert not flow.can(Event.SKIP)
    happen(flow, Event.RETAKE)
    assert not flow.can(Event.SKIP)
    happen(flow, Event.END_ANSWER, Event.NEXT)
    assert not flow.can(Event.SKIP)
    with pytest.raises(Refused):
        flow.receive_event(Event.SKIP)


def test_where_answers_alone_are_kept_one_question_is_answered() -> None:
    last = Question(2, think_ms=3_000, optional=True)
    flow = flow_of(FREE, last, answers_only=True)
    happen(flow, Event.BEGIN, Event.SKIP)
    assert not flow.can(Event.SKIP)
    flow = flow_of(FREE, last, answers_only=True)
    happen(flow, Event.BEGIN, Event.START_ANSWER, Event.END_ANSWER, Event.NEXT)
    assert flow.can(Event.SKIP)


# --- marks ------------------------------------------------------------------------


def test_marks_come_before_the_move_that_they_belong_to() -> None:
    flow = flow_of(Question(1), Question(2))
    first, second, moved = happen(flow, Event.BEGIN)
    assert (first, second) == (MarkWanted(MarkKind.QUESTION, 1, None), MarkWanted(MarkKind.TAKE, 1, 1))
    assert isinstance(moved, Moved)
    assert [type(action) for action in happen(flow, Event.PAUSE, Event.RESUME)] == [Moved, Moved]
    end, _ = happen(flow, Event.END_ANSWER)
    assert end == MarkWanted(MarkKind.TAKE_END, 1, 1)


def test_a_take_that_a_pause_interrupts_ends_when_the_candidate_finishes() -> None:
    flow = flow_of(LIMITED)
    happen(flow, Event.BEGIN, Event.START_ANSWER, Event.PAUSE)
    assert happen(flow, Event.FINISH)[0] == MarkWanted(MarkKind.TAKE_END, 1, 1)


# --- time -------------------------------------------------------------------------


def test_a_limit_moves_on_when_so_much_is_saved() -> None:
    flow = flow_of(LIMITED)
    flow.receive_time(5_000, 0)
    happen(flow, Event.BEGIN)
    flow.receive_time(7_999, 60_000)
    assert flow.place.step is Step.THINKING
    flow.receive_time(8_000, 60_000)
    moved = [action for action in flow.actions() if isinstance(action, Moved)]
    assert [(each.event, each.by_itself) for each in moved] == [(Event.START_ANSWER, True)]
    flow.receive_time(18_000, 60_000)
    assert flow.place.step.value == "answered"


def test_a_pause_keeps_the_used_time() -> None:
    flow = flow_of(LIMITED)
    happen(flow, Event.BEGIN, Event.START_ANSWER)
    flow.receive_time(4_000, 0)
    happen(flow, Event.PAUSE)
    flow.receive_time(4_500, 0)  # what came before the pause is synced after it
    happen(flow, Event.RESUME)
    assert flow.answer_used_ms == 4_000
    flow.receive_time(10_500, 0)
    assert flow.place.step.value == "answered"


def test_unsaved_thinking_counts_presence_and_keeps_it_over_a_restart() -> None:
    flow = flow_of(LIMITED, answers_only=True)
    happen(flow, Event.BEGIN)
    assert not flow.is_recorded
    flow.receive_time(0, 2_000)
    again = flow_of(LIMITED, answers_only=True, place=flow.place_to_keep)
    assert again.think_used_ms == 2_000
    again.receive_time(0, 999)
    assert again.place.step is Step.THINKING
    again.receive_time(0, 1_000)
    assert again.place.step.value == "answering"


def test_an_event_before_any_news_of_saving_does_not_use_the_limit_up() -> None:
    place = Place(revision=4, step=Step.PAUSED, paused_step=Step.ANSWERING, take=1, takes=((1, 1, True),))
    flow = InterviewFlow([LIMITED], place=place, saved_ms=60_000)
    happen(flow, Event.RESUME)
    flow.receive_time(60_500, 0)
    assert (flow.place.step, flow.answer_used_ms) == (Step.ANSWERING, 500)


@pytest.mark.parametrize(
    ("granted", "limit"),
    [(Accommodations(), 3_000), (Accommodations(time_factor=1.5), 4_500), (Accommodations(no_timer=True), None)],
)
def test_what_was_granted_counts_at_once(granted: Accommodations, limit: int | None) -> None:
    flow = flow_of(LIMITED)
    happen(flow, Event.BEGIN)
    flow.receive_accommodations(granted)
    assert flow.think_limit_ms == limit


def test_no_timer_gives_no_time_to_think_where_there_is_none() -> None:
    flow = flow_of(Question(1))
    flow.receive_accommodations(Accommodations(no_timer=True, extra_takes=1))
    happen(flow, Event.BEGIN)
    assert (flow.place.step, flow.takes_left) == (Step.ANSWERING, 1)


# --- any sequence -----------------------------------------------------------------

QUESTIONS = st.lists(
    st.tuples(
        st.sampled_from([0, 3_000, None]),
        st.sampled_from([5_000, 20_000, None]),
        st.integers(min_value=1, max_value=3),
        st.booleans(),
    ),
    min_size=1,
    max_size=3,
)


class FlowMachine(RuleBasedStateMachine):
    """Whatever candidates, limits, HR, crashes and a stuck disk do."""

    @initialize(questions=QUESTIONS, answers_only=st.booleans())
    def set_up(self, questions: list[tuple[int | None, int | None, int, bool]], answers_only: bool) -> None:
        self.questions = [Question(index, *each) for index, each in enumerate(questions, start=1)]
        self.answers_only = answers_only
        self.granted = Accommodations()
        self.saved_ms = self.present_ms = self.step_of_report = 0
        self.flow = InterviewFlow(self.questions, answers_only=answers_only)
        self.places = [self.flow.place]
        self.marks: list[MarkWanted] = []
        self.skipped: set[int] = set()

    def drain(self) -> None:
        for action in self.flow.actions():
            match action:
                case Moved():
                    self.places.append(action.place)
                case MarkWanted():
                    self.marks.append(action)
        assert self.places[-1] == self.flow.place

    def refusal_of(self, event: Event, take: int | None) -> RefusalReason | None:
        try:
            self.flow.receive_event(event, revision=self.flow.place.revision, take=take)
        except Refused as refused:
            return refused.reason
        return None

    @rule(event=st.sampled_from(Event), take=st.none() | st.integers(1, 4))
    def ask(self, event: Event, take: int | None) -> None:
        before, was_possible = self.flow.place, self.flow.can(event)
        refusal = self.refusal_of(event, take)
        assert (refusal is None) == was_possible or refusal is RefusalReason.NO_SUCH_TAKE
        assert refusal is None or self.flow.place == before
        if event is Event.SKIP and refusal is None:
            assert self.questions[before.question - 1].optional
            self.skipped.add(before.question)
        self.drain()

    @rule()
    def ask_on_an_older_page(self) -> None:
        before = self.flow.place
        with pytest.raises(Refused):
            self.flow.receive_event(Event.PAUSE, revision=before.revision - 1)
        assert self.flow.place == before

    @rule(saved=st.integers(0, 4_000), present=st.integers(0, 2_000))
    def time_goes_by(self, saved: int, present: int) -> None:
        thought, answered, place = self.flow.think_used_ms, self.flow.answer_used_ms, self.flow.place
        self.saved_ms += saved
        self.present_ms += present
        self.step_of_report = max(self.step_of_report, saved, present)
        self.flow.receive_time(self.saved_ms, self.present_ms)
        step = saved if self.flow.is_recorded else present
        if self.flow.place == place:
            assert self.flow.think_used_ms - thought == (step if place.step is Step.THINKING else 0)
            assert self.flow.answer_used_ms - answered == (step if place.step is Step.ANSWERING else 0)
        self.drain()

    @rule()
    def nothing_is_saved(self) -> None:
        before = self.flow.place, self.flow.think_used_ms, self.flow.answer_used_ms
        self.flow.receive_time(self.saved_ms, self.present_ms)
        self.drain()
        if before[0] == self.flow.place:
            assert before[1:] == (self.flow.think_used_ms, self.flow.answer_used_ms)

    @rule(factor=st.sampled_from([1.0, 1.5, 3.0]), no_timer=st.booleans(), extra=st.integers(0, 2))
    def hr_grants(self, factor: float, no_timer: bool, extra: int) -> None:
        # Only ever more: what is taken back is HR's own doing.
        self.granted = Accommodations(
            max(factor, self.granted.time_factor),
            no_timer or self.granted.no_timer,
            max(extra, self.granted.extra_takes),
        )
        self.flow.receive_accommodations(self.granted)

    @rule()
    def the_server_is_killed(self) -> None:
        kept, used = self.flow.place_to_keep, (self.flow.think_used_ms, self.flow.answer_used_ms)
        self.flow = InterviewFlow(
            self.questions,
            accommodations=self.granted,
            answers_only=self.answers_only,
            place=kept,
            saved_ms=self.saved_ms,
        )
        self.present_ms = 0
        assert (self.flow.think_used_ms, self.flow.answer_used_ms) == used
        self.places.append(self.flow.place)

    @invariant()
    def nobody_is_stranded(self) -> None:
        possible = [event for event in Event if self.flow.can(event)]
        if self.flow.place.step is Step.BEFORE:
            assert possible == [Event.BEGIN]
        elif self.flow.place.step is Step.DONE:
            assert possible == []
        else:
            assert Event.FINISH in possible

    @invariant()
    def no_take_is_lost(self) -> None:
        for earlier, later in pairwise(self.places):
            kept = {take[:2] for take in later.takes}
            assert {take[:2] for take in earlier.takes} <= kept
        takes = [take[:2] for take in self.flow.place.takes]
        assert len(takes) == len(set(takes))
        chosen = [question for question, _, is_chosen in self.flow.place.takes if is_chosen]
        assert sorted(chosen) == sorted({question for question, _ in takes} - self.skipped)
        most = {each.index: each.max_takes + self.granted.extra_takes for each in self.questions}
        assert all(number <= most[question] for question, number in takes)

    @invariant()
    def every_take_begins_and_ends_once(self) -> None:
        begun = [(mark.question, mark.take) for mark in self.marks if mark.kind is MarkKind.TAKE]
        ended = [(mark.question, mark.take) for mark in self.marks if mark.kind is MarkKind.TAKE_END]
        asked = [mark.question for mark in self.marks if mark.kind is MarkKind.QUESTION]
        assert begun == [take[:2] for take in self.flow.place.takes]
        assert asked == sorted(set(asked))
        running = Step.ANSWERING in {self.flow.place.step, self.flow.place.paused_step}
        assert ended == (begun[:-1] if running else begun)

    @invariant()
    def limits_hold_but_for_one_report(self) -> None:
        flow = self.flow
        if flow.think_limit_ms:
            assert flow.think_used_ms <= flow.think_limit_ms + self.step_of_report
        if flow.answer_limit_ms is not None:
            assert flow.answer_used_ms <= flow.answer_limit_ms + self.step_of_report

    @invariant()
    def revisions_count_up(self) -> None:
        assert all(earlier.revision <= later.revision for earlier, later in pairwise(self.places))


FlowMachine.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestFlowMachine = FlowMachine.TestCase
