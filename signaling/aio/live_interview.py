"""One interview while somebody is there: who publishes, how far it is saved, and who is told.

What a publisher tells goes three ways: to the database (through the ledger), to the pages (through their
subscriptions), and into what is kept here, which is what pages hear when they come back.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime

from db.clock import Clock
from db.engine import Database
from db.models import InterviewSession
from db.states import InterviewState, PartState
from media_server.aio.capture import PartPlace
from media_server.recording.events import (
    DiskTrouble,
    EndReason,
    GapFound,
    OverCap,
    PartClosed,
    PartOpened,
    PartReopened,
    PublisherEnded,
    PublisherEvent,
    Saved,
    SoundArrives,
)
from media_server.rtp.packet import VideoCodec
from signaling.aio import errors
from signaling.aio.ledger import Ledger
from signaling.aio.memory import remember
from signaling.aio.part_opening import allot_part
from signaling.aio.progress import Progress
from signaling.aio.publishing import MediaPublisher, Publishing
from signaling.aio.questions import Questions
from signaling.aio.spectators import Spectators
from signaling.aio.stage import Stage
from signaling.aio.subscription import Subscription
from signaling.protocol.control import (
    ClockTold,
    CloseCode,
    Do,
    Ended,
    GapMessage,
    PageMessage,
    SavedUpTo,
    ServerMessage,
    Shown,
    State,
    Takeover,
    notice,
    refused,
)
from signaling.protocol.interview_flow import MarkWanted, Refused
from signaling.protocol.page_clock import Moment, PageClock

logger = logging.getLogger(__name__)

MAY_PUBLISH = frozenset({InterviewState.CONSENTED, InterviewState.IN_PROGRESS, InterviewState.INTERRUPTED})
"Where something can still be recorded."

OpenPart = Callable[[], Awaitable[PartPlace]]
OnEvent = Callable[[PublisherEvent], None]
MakePublisher = Callable[[str, OpenPart, OnEvent], MediaPublisher]
"(whip_session, open_part, on_event) → the publisher, bound to its disk, network and settings."

PartPath = Callable[[str, str, int], str]
"(the candidate's folder, session_id, part number) → the part's path below the data folder."


class LiveInterview:
    """What is known of one interview between its first page and its last."""

    def __init__(self, session_id: str, *, database: Database, clock: Clock, part_path: PartPath) -> None:
        self.session_id = session_id
        self.state = InterviewState.INVITED
        self.microphone_only_allowed = False
        self.lock = asyncio.Lock()
        self.holders = 0
        self.stage = Stage()
        self.unclosed: set[int] = set()
        "Numbers of the parts whose file is not yet closed: one is being written, or the disk refuses its end."
        self.subscriptions: list[Subscription] = []
        self.spectators = Spectators()
        self.ledger = Ledger(session_id, database=database, clock=clock, on_state=self._state_written)
        self.questions = Questions(
            self.stage,
            ledger=self.ledger,
            clock=clock,
            tell=self.tell,
            is_open=lambda: self.state in MAY_PUBLISH,
            is_present=self._is_present,
        )
        self.first_codec: VideoCodec | None = None
        "Of the picture of its first part that has one."
        self.interrupted_at: datetime | None = None
        "Since when nothing is recorded that was begun; None while something is, or was never."
        self._database = database
        self._clock = clock
        self._part_path = part_path
        self._folder = ""
        self._last_client: str | None = None
        self._superseded: dict[str, None] = {}
        self._past: dict[str, None] = {}

    # What it is asked ------------------------------------------------------------------

    @property
    def publishing(self) -> Publishing | None:
        """The WHIP session that counts."""
        return self.stage.publishing

    @property
    def progress(self) -> Progress:
        """How far it is saved."""
        return self.stage.progress

    @property
    def away_ms(self) -> int | None:
        """How long nothing has been recorded of an interview that was begun; None while something is."""
        if self.state is not InterviewState.INTERRUPTED or self.interrupted_at is None:
            return None
        return max(0, round((self._clock.utc_now() - self.interrupted_at).total_seconds() * 1_000))

    @property
    def is_idle(self) -> bool:
        """Whether it could be forgotten without anybody noticing but a superseded page."""
        attended = (self.stage.everybody, self.subscriptions, self.holders, self.unclosed, self.spectators.count)
        return not any(attended) and self.ledger.is_settled and self.questions.marks.is_settled

    @property
    def is_recording(self) -> bool:
        """Whether a part is being written right now."""
        return self.progress.part is not None

    def is_superseded(self, client_id: str) -> bool:
        """Whether a newer page has taken the interview over from this one."""
        return client_id in self._superseded

    def is_past(self, whip_session: str) -> bool:
        """Whether this WHIP session existed and has ended."""
        return whip_session in self._past

    def part_path(self, number: int) -> str:
        """Where that part's file lies, below the data folder."""
        return self._part_path(self._folder, self.session_id, number)

    def state_for(self, client_id: str) -> State:
        """Where the interview stands, as that page is told."""
        holder = self.publishing.client_id if self.publishing else client_id
        return State(
            state=self.state.value,
            recording=self.is_recording,
            current=holder == client_id and not self.is_superseded(client_id),
            part=self.progress.part,
            saved_ms=self.progress.saved_ms,
            away_ms=self.away_ms,
        )

    def saved_up_to(self) -> SavedUpTo:
        """The heartbeat."""
        progress = self.progress
        return SavedUpTo(
            saved_ms=progress.saved_ms,
            part=progress.part,
            part_saved_ms=progress.part_saved_ms,
            lag_ms=progress.lag_ms(self._clock.monotonic()),
            recording=self.is_recording,
            used_ms=self.questions.used_ms,
            counting=self.questions.is_counting,
        )

    # What changes ----------------------------------------------------------------------

    def refresh(self, row: InterviewSession) -> None:
        """Take over what the database says; it is the truth for all but the part that is being written."""
        changed = self.state is not row.state
        self.state = row.state
        self.microphone_only_allowed = row.job.microphone_only_allowed
        self._folder = row.candidate.folder
        for part in row.parts:
            if part.state is not PartState.OPEN and part.number != self.progress.part:
                self.progress.closed_ms[part.number] = part.duration_ms or 0
        self.first_codec = self.first_codec or _first_codec(row)
        if not self.is_recording:
            self.interrupted_at = max((part.ended_at for part in row.parts if part.ended_at), default=None)
        self.questions.refresh(row)
        if changed:
            self.tell_state()
            self.tell(self.questions.message())  # what can be done now depends on the state

    def begin(self, publishing: Publishing) -> None:
        """This one publishes now; pages that did before are superseded, and told."""
        older = self._last_client
        if older is not None and older != publishing.client_id:
            remember(self._superseded, older)
            for subscription in self.subscriptions:
                if subscription.client_id == older:
                    subscription.put(Takeover())
        self._last_client = publishing.client_id
        # It may have ended already, while its predecessor was being closed.
        if self.is_past(publishing.whip_session):
            self.stage.take_back()
        else:
            self.stage.begin(publishing)
        self.tell_state()

    def hear(self, subscription: Subscription, message: PageMessage) -> None:
        """Take what a page says. What cannot be done is refused, with the reason; nothing has changed then."""
        now = self._clock.monotonic()
        match message:
            case ClockTold(at=at):
                subscription.clock.hear(at, now)
            case Shown(revision=revision, at=at):
                if self.state_for(subscription.client_id).current:
                    self.questions.shown(revision, subscription.clock.moment(at, now))
            case Do():
                self._do(subscription, message, now)

    def mark(self, wanted: MarkWanted, at_ms: float | None) -> None:
        """A host platform asks a question of its own now, or did at `at_ms` by its page's clock.

        Raises InterviewOver while nothing can be recorded, QuestionsAreOurs where we ask them.
        """
        if self.state not in MAY_PUBLISH:
            raise errors.InterviewOver("The interview is not being recorded, so nothing can be marked in it.")
        now = self._clock.monotonic()
        self.questions.mark(wanted, Moment(now) if at_ms is None else PageClock().moment(at_ms, now))

    def _do(self, subscription: Subscription, asked: Do, now: float) -> None:
        if not self.state_for(subscription.client_id).current:
            refusal = refused("not_current", asked.id)
        elif self.state not in MAY_PUBLISH:
            refusal = refused("not_now", asked.id)
        else:
            try:
                self.questions.do(asked, subscription.clock.moment(asked.at, now))
            except Refused as error:
                refusal = refused(error.reason, asked.id)
            else:
                return
        subscription.put(refusal)
        subscription.put(self.questions.message())

    def tick(self) -> None:
        """Once a second while pages listen."""
        self.questions.tick()
        self.tell(self.saved_up_to())

    def _is_present(self) -> bool:
        """Whether the page that publishes listens; a program that only sends is not counted."""
        holder = self.publishing
        return holder is not None and any(each.client_id == holder.client_id for each in self.subscriptions)

    async def open_part(self, publishing: Publishing) -> PartPlace:
        """See :func:`allot_part`."""
        place = await allot_part(
            self._database, self._clock, self.session_id, self.part_path, user_agent=publishing.user_agent
        )
        self.state = InterviewState.IN_PROGRESS
        return place

    def heard(self, publishing: Publishing, event: PublisherEvent) -> None:
        """Take one of the publisher's events."""
        match event:
            case Saved(number, saved_ms, received_ms):
                self._saved(number, saved_ms, received_ms)
            case PartOpened(number, index):
                self.spectators.part_opened(number, index)
                self._part_begun(publishing, number)
            case PartReopened(number):
                self.ledger.note(event)
                self._part_begun(publishing, number)
            case PartClosed(number, report):
                self.ledger.note(event)
                self._part_closed(publishing, number, report.duration_ms)
            case GapFound():
                self.ledger.note(event)
                self._tell_gap(event)
            case DiskTrouble(what):
                self.tell(notice("disk_ok" if what is None else what.value))
            case SoundArrives(arrives):
                self._sound_told(arrives)
            case OverCap(bps):
                logger.warning("interview %s: its sender is over the cap with %d bit/s", self.session_id, bps)
                self.tell(notice("over_cap"))
            case PublisherEnded(reason):
                self._publisher_ended(publishing, reason)

    def _saved(self, number: int, saved_ms: int, received_ms: int) -> None:
        if self.progress.part == number:
            self.progress.part_saved_ms = saved_ms
            self.progress.part_received_ms = received_ms
            self.progress.told_at = self._clock.monotonic()
            self.questions.feed()
            self.spectators.tell()

    def _part_begun(self, publishing: Publishing, number: int) -> None:
        self.unclosed.add(number)
        if self.is_past(publishing.whip_session):
            return  # disk or database took it only now; its end follows
        self.first_codec = self.first_codec or publishing.offer.video_codec
        offset_ms = self.progress.closed_ms.get(number, 0)
        self.stage.part_begun(publishing, number, self._clock.monotonic())
        self.questions.part_begun(number, offset_ms)
        self.tell_state()

    def _part_closed(self, publishing: Publishing, number: int, duration_ms: int) -> None:
        self.unclosed.discard(number)
        self.progress.close(number, duration_ms)
        if not self.is_recording:
            self.interrupted_at = self._clock.utc_now()
        self.questions.part_closed(publishing)
        self.tell_state()

    def _publisher_ended(self, publishing: Publishing, reason: EndReason) -> None:
        remember(self._past, publishing.whip_session)
        self._sound_told(True)
        was_writing = self.stage.writing is publishing
        if not self.stage.ended(publishing, reason):
            return
        if was_writing and self.progress.part is not None:  # the disk still refuses its end
            self.progress.close(self.progress.part, self.progress.part_saved_ms)
        logger.info("interview %s: publishing ended (%s)", self.session_id, reason.value)
        # What ends with the interview is told by whoever ends it, once that is written down.
        if reason is EndReason.OVER_CAP:
            self.tell(Ended(reason=reason.value, state=self.state.value))
        self.tell_state()

    def _sound_told(self, arrives: bool) -> None:
        if self.spectators.is_silent == arrives:
            self.spectators.is_silent = not arrives
            self.tell(notice("sound_ok" if arrives else "no_sound"))
            self.spectators.tell()

    def _state_written(self, state: InterviewState) -> None:
        if self.state is not state:
            self.state = state
            self.tell_state()

    # Who is told -------------------------------------------------------------------------

    def tell(self, message: ServerMessage) -> None:
        """Tell every page."""
        for subscription in self.subscriptions:
            subscription.put(message)

    def tell_state(self) -> None:
        """Tell every page where the interview stands, each in its own words."""
        for subscription in self.subscriptions:
            subscription.put(self.state_for(subscription.client_id))
        self.spectators.tell()

    def hang_up(self, code: CloseCode) -> None:
        """Close every control channel once it has delivered what it holds."""
        for subscription in self.subscriptions:
            subscription.close(code)
        self.spectators.close()

    def _tell_gap(self, event: GapFound) -> None:
        gap = event.gap
        self.tell(
            GapMessage(
                part=event.number, track=gap.kind.value, start_ms=gap.start_ms, end_ms=gap.end_ms, reason=gap.reason
            )
        )


def _first_codec(row: InterviewSession) -> VideoCodec | None:
    known = {codec.value: codec for codec in VideoCodec}
    return next((known[part.video_codec] for part in row.parts if part.video_codec in known), None)
