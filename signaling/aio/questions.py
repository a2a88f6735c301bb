"""One interview's questions while somebody is there: feeds the flow, carries out what it wants, tells the pages."""

import dataclasses
import logging
from collections.abc import Callable

from db.clock import Clock
from db.flows import StoredPlace, place_of
from db.models import InterviewSession
from signaling.aio import errors
from signaling.aio.ledger import Ledger
from signaling.aio.marks import Marks
from signaling.aio.publishing import Publishing
from signaling.aio.stage import Stage
from signaling.protocol.control import Do, Flow, ServerMessage
from signaling.protocol.interview_flow import (
    Accommodations,
    InterviewFlow,
    MarkKind,
    MarkWanted,
    Moved,
    Place,
    Question,
)
from signaling.protocol.interview_steps import Event, Step
from signaling.protocol.page_clock import Moment

logger = logging.getLogger(__name__)

LAG_BELIEVED_MS = 2_000
"News of saving comes twice a second; after this long without it the limit does not run, as far as a page can tell."

TICK_AT_MOST_MS = 2_000
"Nobody is taken for present over a longer stretch in which nobody looked."

KEEP_EVERY_MS = 5_000
"How much time of presence a crash may forget."


class Questions:
    """The shell around one :class:`InterviewFlow`."""

    def __init__(
        self,
        stage: Stage,
        *,
        ledger: Ledger,
        clock: Clock,
        tell: Callable[[ServerMessage], None],
        is_open: Callable[[], bool],
        is_present: Callable[[], bool],
    ) -> None:
        """`is_open`: whether the interview still takes recordings. `is_present`: whether the page that records listens."""
        self._stage = stage
        self._ledger = ledger
        self._clock = clock
        self._tell = tell
        self._is_open = is_open
        self._is_present = is_present
        self._flow = InterviewFlow(())
        self._granted = Accommodations()
        self._is_known = False
        self._by_itself = False
        self._present_ms = 0.0
        self._fed_at = clock.monotonic()
        self._kept: Place | None = None
        self.marks = Marks(stage, ledger.note_mark)
        "Where it all lies in the recording."

    # What is so ------------------------------------------------------------------------

    @property
    def is_counting(self) -> bool:
        """Whether a limit runs now."""
        if self._flow.place.step not in {Step.THINKING, Step.ANSWERING}:
            return False
        if not self._flow.is_recorded:
            return self._is_present()
        progress = self._stage.progress
        return progress.part is not None and progress.lag_ms(self._clock.monotonic()) < LAG_BELIEVED_MS

    @property
    def used_ms(self) -> int:
        """Time used in the present step; of a pause, in the step that it interrupts."""
        place = self._flow.place
        is_thinking = Step.THINKING in {place.step, place.paused_step}
        return self._flow.think_used_ms if is_thinking else self._flow.answer_used_ms

    def message(self) -> Flow:
        """All that a page has to know."""
        return Flow.of(self._flow, counting=self.is_counting, by_itself=self._by_itself, is_open=self._is_open())

    # What happens ----------------------------------------------------------------------

    def refresh(self, row: InterviewSession) -> None:
        """Take over what the database says: at first all of it, later what HR may have granted."""
        granted = Accommodations(row.time_factor, row.no_timer, row.extra_takes)
        if not self._is_known:
            self._begin_from(row, granted)
        elif granted != self._granted:
            self._flow.receive_accommodations(granted)
            self._tell(self.message())
        self._granted = granted

    def do(self, asked: Do, moment: Moment) -> None:
        """Do what a page asks for. Raises Refused; nothing has changed then."""
        self.feed()
        self._flow.receive_event(Event(asked.event), revision=asked.revision, take=asked.take)
        self._drain(moment)

    def shown(self, revision: int, moment: Moment) -> None:
        """The page has shown what this revision brought."""
        self.marks.shown(revision, moment, self._clock.monotonic())

    def mark(self, wanted: MarkWanted, moment: Moment) -> None:
        """Mark what somebody else asks, where no questions of ours are asked. Raises QuestionsAreOurs where there are some."""
        if self._flow.question_count:
            raise errors.QuestionsAreOurs("This interview asks its own questions, and marks them by itself.")
        self.marks.want(wanted, moment, self._clock.monotonic())

    def finish(self) -> None:
        """The interview is over, and what was recorded of it is closed."""
        if self._flow.can(Event.FINISH):
            self._flow.receive_event(Event.FINISH)
            self._drain(Moment(self._clock.monotonic()))
        self.marks.forget()

    def feed(self) -> None:
        """Let the time that has gone by count. Call it often: a limit is noticed only here."""
        now = self._clock.monotonic()
        if self._is_present():
            self._present_ms += min((now - self._fed_at) * 1_000, TICK_AT_MOST_MS)
        self._fed_at = now
        self._flow.receive_time(self._stage.progress.saved_ms, int(self._present_ms))
        self._drain(Moment(now))

    def tick(self) -> None:
        """Once a second while anybody is there. It never raises: all interviews have one heartbeat between them."""
        try:
            self._tick()
        except Exception:
            logger.exception("interview %s: a second of its questions' housekeeping failed", self._ledger.session_id)

    def tell_publisher(self, publishing: Publishing) -> None:
        """Say whether what it takes belongs into the recording; before it takes anything, and after each change."""
        publishing.set_recorded(self._is_recorded(publishing))

    def part_begun(self, number: int, offset_ms: int) -> None:
        """A part is written from now on, or goes on from here."""
        self.marks.part_begun(number, offset_ms)

    def part_closed(self, publishing: Publishing) -> None:
        """What was said is on the disk."""
        self.marks.part_closed(publishing)
        self.feed()

    # Inside ----------------------------------------------------------------------------

    def _tick(self) -> None:
        self.feed()
        self.marks.tick(self._clock.monotonic())
        kept, place = self._kept, self._flow.place_to_keep
        if kept is not None and place.think_ms - kept.think_ms >= KEEP_EVERY_MS:
            self._keep()

    def _begin_from(self, row: InterviewSession, granted: Accommodations) -> None:
        self._is_known = True
        stored = place_of(row)
        self._flow = InterviewFlow(
            [
                Question(each.index, each.think_ms, each.answer_ms, each.max_takes, each.optional)
                for each in row.questions
            ],
            accommodations=granted,
            answers_only=row.job.answers_only,
            place=None if stored is None else _read(stored),
            saved_ms=self._stage.progress.saved_ms,
        )
        self._kept = self._flow.place_to_keep
        self._mark_what_a_crash_forgot(row)

    def _mark_what_a_crash_forgot(self, row: InterviewSession) -> None:
        """A place is written down at once, its marks when they are located: a crash may have come between."""
        place = self._flow.place
        if place.step not in {Step.THINKING, Step.ANSWERING} or not row.questions:
            return
        known = {(mark.kind, mark.question_index, mark.take) for part in row.parts for mark in part.marks}
        wanted = [MarkWanted(MarkKind.QUESTION, place.question, None)]
        if place.step is Step.ANSWERING:
            wanted.append(MarkWanted(MarkKind.TAKE, place.question, place.take))
        now = self._clock.monotonic()
        for each in wanted:
            if (each.kind.value, each.question, each.take) not in known:
                found = self._place_of(place.counted_from_ms) if self._flow.is_recorded else None
                if found is None:
                    self.marks.want(each, Moment(now), now)
                else:
                    self.marks.want_at(each, *found)

    def _place_of(self, saved_ms: int) -> tuple[int, int] | None:
        """The part and offset at which so much was saved; None: not yet."""
        for number, length_ms in sorted(self._stage.progress.closed_ms.items()):
            if saved_ms < length_ms:
                return number, saved_ms
            saved_ms -= length_ms
        return None

    def _drain(self, moment: Moment) -> None:
        wanted: list[MarkWanted] = []
        moved: Moved | None = None
        for action in self._flow.actions():
            match action:
                case MarkWanted():
                    wanted.append(action)
                case Moved():
                    self._mark(wanted, action, moment)
                    wanted, moved = [], action
        if moved is None:
            return
        self._by_itself = moved.by_itself
        if self._stage.writing is not None and not self._flow.is_recorded:
            # Its part ends here, and the next one on the same connection may begin before its end is told.
            self.marks.part_closed(self._stage.writing)
        for publishing in self._stage.everybody:
            self.tell_publisher(publishing)
        self._keep()
        self._tell(self.message())

    def _mark(self, wanted: list[MarkWanted], moved: Moved, moment: Moment) -> None:
        """What the server did by itself, and what a page has yet to show, is where the person sees it."""
        is_asked_next = moved.event in {Event.BEGIN, Event.NEXT, Event.SKIP}
        for each in wanted:
            # What a skip breaks off ends with the press; the question after it begins when it is shown.
            is_seen_later = moved.by_itself or (is_asked_next and each.kind is not MarkKind.TAKE_END)
            self.marks.want(
                each,
                moment,
                self._clock.monotonic(),
                shown_with=moved.place.revision if is_seen_later else None,
            )
        if wanted:
            for publishing in self._stage.everybody:
                publishing.ask_keyframe()

    def _is_recorded(self, publishing: Publishing) -> bool:
        is_program = not publishing.is_page and self._flow.place.step is Step.BEFORE
        return is_program or self._flow.is_recorded

    def _keep(self) -> None:
        self._kept = self._flow.place_to_keep
        self._ledger.note_place(_written(self._kept))


def _read(stored: StoredPlace) -> Place:
    fields = {field.name: getattr(stored, field.name) for field in dataclasses.fields(stored)}
    paused = stored.paused_step
    return Place(**fields | {"step": Step(stored.step), "paused_step": None if paused is None else Step(paused)})


def _written(place: Place) -> StoredPlace:
    fields = {field.name: getattr(place, field.name) for field in dataclasses.fields(StoredPlace)}
    paused = place.paused_step
    return StoredPlace(**fields | {"step": place.step.value, "paused_step": paused.value if paused else None})
