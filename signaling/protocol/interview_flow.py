"""Where a candidate is in their questions: the table of `interview_steps`, one clock, no input or output.

Time is counted in milliseconds that are *saved*: a limit runs only while the disk keeps up with the candidate, so
time in which nothing is being saved never counts against anybody, and an interruption needs no event at all. Where a
step is not recorded (thinking, when a job keeps answers only) the milliseconds count in which the candidate is present.

Feed it (`receive_event`, `receive_time`, `receive_accommodations`), then drain :meth:`InterviewFlow.actions`.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from signaling.protocol.interview_steps import TRANSITIONS, Event, Fork, Step


class MarkKind(StrEnum):
    """What a mark says (docs/protocol.md)."""

    QUESTION = "question"
    "The question was put."
    TAKE = "take"
    "A take of the answer begins."
    TAKE_END = "take_end"
    "It ends."


class RefusalReason(StrEnum):
    """Why an event was refused."""

    NOT_NOW = "not_now"
    "The step has no such event."
    OUTDATED = "outdated"
    "The page asked on an older revision than the present one."
    NO_TAKES_LEFT = "no_takes_left"
    "The question was answered as often as it may be."
    NO_SUCH_TAKE = "no_such_take"
    "There is no take of that number."


class Refused(Exception):  # noqa: N818  it says what happened
    """An event that is not possible now. Nothing was changed."""

    def __init__(self, reason: RefusalReason) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Question:
    """What a question allows, before anything that this candidate was granted."""

    index: int
    "From 1."
    think_ms: int | None = 0
    "Time to think; 0 for none, None for as long as one likes."
    answer_ms: int | None = None
    "Time to answer; None for as long as one likes."
    max_takes: int = 1
    "How often it may be answered."
    optional: bool = False
    "Whether it may be skipped."


@dataclass(frozen=True, slots=True)
class Accommodations:
    """What this candidate was granted (WCAG 2.2.1)."""

    time_factor: float = 1.0
    "Every limit of time is multiplied by it."
    no_timer: bool = False
    "No limit of time at all."
    extra_takes: int = 0
    "More takes for each question."

    def limit(self, milliseconds: int | None) -> int | None:
        """The limit as it is for this candidate."""
        if milliseconds is None or (self.no_timer and milliseconds > 0):
            return None
        return round(milliseconds * self.time_factor)


@dataclass(frozen=True, slots=True)
class Place:
    """Where the candidate is: what a restart, or another device, goes on from."""

    revision: int = 0
    "Counts the changes."
    step: Step = Step.BEFORE
    "What they are doing."
    question: int = 1
    "Index of the question, from 1."
    take: int = 0
    "The present or latest take of its answer; 0 before the first."
    think_ms: int = 0
    "Time used to think about it when the step was entered."
    answer_ms: int = 0
    "Time used by the take when the step was entered."
    counted_from_ms: int = 0
    "What the clock of this step read when it was entered."
    paused_step: Step | None = None
    "What a pause goes back to."
    takes: tuple[tuple[int, int, bool], ...] = ()
    "Question, number and whether it counts, of every take that has begun, in order."


@dataclass(frozen=True, slots=True)
class Moved:
    """The place has changed: write it down, tell the pages."""

    place: Place
    "The new one."
    event: Event
    "What moved it."
    by_itself: bool
    "True when a limit was reached, not when somebody asked."


@dataclass(frozen=True, slots=True)
class MarkWanted:
    """A moment to be found again in the recording; a keyframe there makes it quick to show."""

    kind: MarkKind
    "What begins or ends."
    question: int
    "Index of the question."
    take: int | None
    "Number of the take; None for the question itself."


FlowAction = Moved | MarkWanted


class InterviewFlow:
    """One interview's questions, from the first to the last."""

    def __init__(
        self,
        questions: Sequence[Question],
        *,
        accommodations: Accommodations | None = None,
        answers_only: bool = False,
        place: Place | None = None,
        saved_ms: int = 0,
    ) -> None:
        """`place` is where it was left, `saved_ms` how much of the interview lies on the disk already.

        Without questions there is nothing to follow: every event is refused, and everything is recorded.
        """
        self._questions = {question.index: question for question in questions}
        self._order = sorted(self._questions)
        self._granted = accommodations or Accommodations()
        self._answers_only = answers_only
        self.place = place or Place(question=self._order[0] if self._order else 1)
        "Where the candidate is."
        self._saved_ms, self._present_ms = saved_ms, 0
        self._actions: deque[FlowAction] = deque()
        if place is not None and not self.is_recorded:
            # The clock of presence began anew with this process.
            self.place = replace(place, counted_from_ms=0)

    # Feed ------------------------------------------------------------------------------

    def receive_event(self, event: Event, *, revision: int | None = None, take: int | None = None) -> None:
        """Take what the candidate asks for, seen on `revision`; None asks in any case.

        Raises :class:`Refused`; nothing is changed then.
        """
        if revision is not None and revision != self.place.revision:
            raise Refused(RefusalReason.OUTDATED)
        if not self.can(event):
            last_take = event is Event.RETAKE and self.place.step is Step.ANSWERED
            raise Refused(RefusalReason.NO_TAKES_LEFT if last_take else RefusalReason.NOT_NOW)
        if event is Event.CHOOSE_TAKE and (self.place.question, take) not in {one[:2] for one in self.place.takes}:
            raise Refused(RefusalReason.NO_SUCH_TAKE)
        self._move(event, take=take, by_itself=False)

    def receive_time(self, saved_ms: int, present_ms: int) -> None:
        """Hear how much of the interview is saved, and how long the candidate has been present, in milliseconds.

        Both only ever grow. A limit that is reached moves the flow on.
        """
        self._saved_ms = max(self._saved_ms, saved_ms)
        self._present_ms = max(self._present_ms, present_ms)
        if self._is_over(self.think_limit_ms, self.think_used_ms) and self.place.step is Step.THINKING:
            self._move(Event.START_ANSWER, by_itself=True)
        elif self._is_over(self.answer_limit_ms, self.answer_used_ms) and self.place.step is Step.ANSWERING:
            self._move(Event.END_ANSWER, by_itself=True)

    def receive_accommodations(self, accommodations: Accommodations) -> None:
        """Somebody of HR granted something; it counts from now on, also for the running answer."""
        if accommodations == self._granted:
            return
        self._granted = accommodations

    # Drain -----------------------------------------------------------------------------

    def actions(self) -> Iterator[FlowAction]:
        """Hand out what is to be done, oldest first, and forget it."""
        while self._actions:
            yield self._actions.popleft()

    # What is so now ----------------------------------------------------------------------

    @property
    def is_recorded(self) -> bool:
        """Whether what the candidate sends now belongs into the recording.

        Before a page has begun, a sender that is no page is recorded whole.
        """
        if not self._order:
            return True
        match self.place.step:
            case Step.PAUSED | Step.DONE:
                return False
            case Step.ANSWERING:
                return True
            case Step.BEFORE | Step.THINKING | Step.ANSWERED:
                return not self._answers_only

    def can(self, event: Event) -> bool:
        """Whether the event is possible now."""
        if (self.place.step, event) not in TRANSITIONS or not self._order:
            return False
        if event is Event.SKIP:
            # Whoever has given an answer goes on from it: what they said is not thrown away by a slip.
            is_answered = self.place.take > (self.place.step is Step.ANSWERING)
            return self._question.optional and not is_answered and not self._would_leave_nothing
        return event is not Event.RETAKE or self.takes_left > 0

    @property
    def question_count(self) -> int:
        """How many questions there are."""
        return len(self._order)

    @property
    def place_to_keep(self) -> Place:
        """The place as a restart can go on from it: time of presence is in it, since that clock ends with the process."""
        if self.is_recorded:
            return self.place
        return replace(self.place, think_ms=self.think_used_ms, answer_ms=self.answer_used_ms, counted_from_ms=0)

    @property
    def takes_left(self) -> int:
        """How many more takes the question allows."""
        return max(0, self._question.max_takes + self._granted.extra_takes - self.place.take)

    @property
    def think_limit_ms(self) -> int | None:
        """Time to think, as granted; None for as long as one likes."""
        return self._granted.limit(self._question.think_ms)

    @property
    def answer_limit_ms(self) -> int | None:
        """Time to answer, as granted; None for as long as one likes."""
        return self._granted.limit(self._question.answer_ms)

    @property
    def think_used_ms(self) -> int:
        """Time used to think about the question."""
        return self.place.think_ms + (self._counted_ms if self.place.step is Step.THINKING else 0)

    @property
    def answer_used_ms(self) -> int:
        """Time used by the present take."""
        return self.place.answer_ms + (self._counted_ms if self.place.step is Step.ANSWERING else 0)

    # Inside ----------------------------------------------------------------------------

    @property
    def _question(self) -> Question:
        return self._questions.get(self.place.question) or Question(self.place.question)

    @property
    def _clock_ms(self) -> int:
        return self._saved_ms if self.is_recorded else self._present_ms

    @property
    def _counted_ms(self) -> int:
        return max(0, self._clock_ms - self.place.counted_from_ms)

    @property
    def _would_leave_nothing(self) -> bool:
        """Whether skipping the present question ends an interview of which nothing was recorded: nobody could finish it."""
        return self._answers_only and not self.place.takes and self.place.question == self._order[-1]

    @staticmethod
    def _is_over(limit_ms: int | None, used_ms: int) -> bool:
        return limit_ms is not None and used_ms >= limit_ms

    def _move(self, event: Event, *, by_itself: bool, take: int | None = None) -> None:
        before = self.place
        target = TRANSITIONS[before.step, event]
        place = replace(
            before, revision=before.revision + 1, think_ms=self.think_used_ms, answer_ms=self.answer_used_ms
        )
        if event is Event.SKIP:
            place = _with_choice(place, None)
        if isinstance(target, Fork):
            place = self._through(target, place)
        else:
            place = replace(place, step=target, paused_step=before.step if target is Step.PAUSED else None)
        if event in {Event.RETAKE, Event.START_ANSWER} or (
            place.step is Step.ANSWERING and event in {Event.BEGIN, Event.NEXT, Event.SKIP}
        ):
            place = _with_new_take(place)
        elif event is Event.CHOOSE_TAKE and take is not None:
            place = _with_choice(place, take)
        self.place = place
        if event is not Event.CHOOSE_TAKE:
            self.place = replace(place, counted_from_ms=self._clock_ms)
        self._actions.extend(self._marks(before, self.place))
        self._actions.append(Moved(self.place, event, by_itself))

    def _through(self, fork: Fork, place: Place) -> Place:
        if fork is Fork.PAUSED_STEP:
            return replace(place, step=place.paused_step or Step.THINKING, paused_step=None)
        if fork is Fork.NEXT_QUESTION:
            later = [index for index in self._order if index > place.question]
            if not later:
                return replace(place, step=Step.DONE)
            place = replace(place, question=later[0])
        place = replace(place, take=0, think_ms=0, answer_ms=0)
        limit = self._granted.limit((self._questions[place.question]).think_ms)
        return replace(place, step=Step.ANSWERING if limit == 0 else Step.THINKING)

    @staticmethod
    def _marks(before: Place, after: Place) -> Iterator[MarkWanted]:
        if before.step is Step.ANSWERING and after.step is not Step.PAUSED:
            yield MarkWanted(MarkKind.TAKE_END, before.question, before.take)
        if before.step is Step.PAUSED and after.step is Step.DONE and before.paused_step is Step.ANSWERING:
            yield MarkWanted(MarkKind.TAKE_END, before.question, before.take)
        is_asked = after.step in {Step.THINKING, Step.ANSWERING}
        if is_asked and (before.step is Step.BEFORE or after.question != before.question):
            yield MarkWanted(MarkKind.QUESTION, after.question, None)
        if len(after.takes) > len(before.takes):
            yield MarkWanted(MarkKind.TAKE, after.question, after.take)


def _with_new_take(place: Place) -> Place:
    """The newest take counts until the candidate chooses another."""
    number = place.take + 1
    others = tuple((question, take, chosen and question != place.question) for question, take, chosen in place.takes)
    return replace(place, take=number, answer_ms=0, takes=(*others, (place.question, number, True)))


def _with_choice(place: Place, number: int | None) -> Place:
    """None: no take of the question counts."""
    takes = tuple(
        (question, take, take == number if question == place.question else chosen)
        for question, take, chosen in place.takes
    )
    return replace(place, takes=takes)
