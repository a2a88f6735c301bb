"""Where questions and takes begin and end, found in the parts: wanted now, located when it is known, never lost.

A mark waits for the page to say when the person saw it, and for the sender reports that tell where in a part that lies;
neither is waited for longer than ten seconds, nor beyond the end of the connection that it belongs to.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from db.recordings import NewMark
from signaling.aio.publishing import Publishing
from signaling.aio.stage import Stage
from signaling.protocol.interview_flow import MarkKind, MarkWanted
from signaling.protocol.page_clock import Moment

WAIT_S = 10.0
"How long a mark waits for a better answer."

REMEMBERED = 16
"So many located marks are enough to keep those that are located late in order."


@dataclass(slots=True)
class _Pending:
    wanted: MarkWanted
    serial: int
    "Counts the marks in the order in which they were wanted."
    publishing: Publishing | None
    "Whose part it lies in; None: at the beginning of the next part."
    moment: Moment
    "When it was, as well as it is known."
    give_up_at: float
    revision: int | None
    "The revision that a page still has to show; None once the moment is known."


class Marks:
    """The marks of one interview."""

    def __init__(self, stage: Stage, note: Callable[[NewMark], None]) -> None:
        """`note` takes every mark that was located."""
        self._stage = stage
        self._note = note
        self._pending: list[_Pending] = []
        self._located: deque[tuple[int, tuple[int, int]]] = deque(maxlen=REMEMBERED)
        self._serial = 0

    @property
    def is_settled(self) -> bool:
        """Whether none waits."""
        return not self._pending

    def want(self, wanted: MarkWanted, moment: Moment, now: float, *, shown_with: int | None = None) -> None:
        """Mark a moment. `shown_with`: better the moment at which a page shows this revision."""
        self._serial += 1
        writing = self._stage.writing
        if writing is None and wanted.kind is MarkKind.TAKE_END:
            self._mark_last_end(wanted)
            return
        # What is not in any part lies at the beginning of the next one: there is nothing to wait for.
        revision = shown_with if writing is not None else None
        self._pending.append(_Pending(wanted, self._serial, writing, moment, now + WAIT_S, revision))
        self._try_all(now)

    def want_at(self, wanted: MarkWanted, number: int, offset_ms: int) -> None:
        """Mark a place that is known."""
        self._serial += 1
        self._locate(wanted, self._serial, (number, offset_ms))

    def shown(self, revision: int, moment: Moment, now: float) -> None:
        """The page has shown what this revision brought."""
        for pending in self._pending:
            if pending.revision == revision:
                pending.moment, pending.revision = moment, None
        self._try_all(now)

    def tick(self, now: float) -> None:
        """Ask again; give up waiting for what took too long."""
        self._try_all(now)

    def part_begun(self, number: int, offset_ms: int) -> None:
        """A part begins here, or goes on; what was wanted while none was written lies there."""
        waiting = [pending for pending in self._pending if pending.publishing is None]
        self._pending = [pending for pending in self._pending if pending.publishing is not None]
        for pending in waiting:
            self._locate(pending.wanted, pending.serial, (number, offset_ms))

    def part_closed(self, publishing: Publishing) -> None:
        """No more is learnt about this one's part."""
        mine = [pending for pending in self._pending if pending.publishing is publishing]
        for pending in mine:
            self._try(pending, final=True)

    def forget(self) -> None:
        """The interview is over: no next part will begin."""
        self._pending.clear()

    # Inside ----------------------------------------------------------------------------

    def _try_all(self, now: float) -> None:
        for pending in list(self._pending):
            is_late = now >= pending.give_up_at
            if pending.publishing is not None and (pending.revision is None or is_late):
                self._try(pending, final=is_late)

    def _try(self, pending: _Pending, *, final: bool) -> None:
        if pending.publishing is None:
            return
        found = pending.publishing.locate(pending.moment, final=final)
        if found is not None:
            self._pending.remove(pending)
            self._locate(pending.wanted, pending.serial, (found.number, found.offset_ms))
        elif final:  # its connection never had a part
            pending.publishing = None

    def _mark_last_end(self, wanted: MarkWanted) -> None:
        closed = self._stage.progress.closed_ms
        if closed:
            number = max(closed)
            self._locate(wanted, self._serial, (number, closed[number]))

    def _locate(self, wanted: MarkWanted, serial: int, place: tuple[int, int]) -> None:
        # Whatever the clocks say, what was wanted earlier does not lie later.
        place = max([place, *(other for number, other in self._located if number < serial)])
        place = min([place, *(other for number, other in self._located if number > serial)])
        self._located.append((serial, place))
        self._note(NewMark(*place, wanted.kind.value, wanted.question, wanted.take))
