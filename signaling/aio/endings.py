"""How an interview ends: finished, overdue, deleted or withdrawn. What was recorded is closed, written down, stored, told."""

import logging
from collections.abc import Awaitable, Callable

from db import interviews
from db.audit import Actor
from db.clock import Clock
from db.engine import Database
from db.errors import DiskFull, NothingRecorded
from db.states import GONE, IllegalTransition, InterviewState
from media_server.recording.events import EndReason
from signaling.aio import errors
from signaling.aio.added_parts import add_part
from signaling.aio.live_interview import LiveInterview
from signaling.aio.registry import Registry
from signaling.protocol.control import Ended

logger = logging.getLogger(__name__)


async def end_publishing(live: LiveInterview, reason: EndReason) -> bool:
    """Close what is being published, if anything is; False when disk or database did not take all of it in time."""
    await live.stage.close(reason)
    return await live.ledger.settle() and not live.unclosed


class Endings:
    """Ends interviews. Each of its calls holds the interview meanwhile."""

    def __init__(
        self,
        registry: Registry,
        *,
        database: Database,
        clock: Clock,
        store: Callable[[str], Awaitable[object]],
        erase: Callable[[str], Awaitable[object]],
    ) -> None:
        """`store` makes a finished interview's recording, `erase` removes what a deleted one left."""
        self._registry = registry
        self._database = database
        self._clock = clock
        self._store = store
        self._erase = erase

    async def finish(self, session_id: str) -> InterviewState:
        """The candidate is done: the part is closed, the recording stored. Repeating it is harmless.

        Raises InterviewOver (expired, withdrawn, deleted), NothingRecorded, StorageFull, UnknownInterview.
        """
        async with self._registry.held(session_id) as live:
            if not await end_publishing(live, EndReason.FINISHED):
                raise errors.StorageFull("The end of the interview cannot be written down now. Please try again.")
            await self._conclude(live, await self._finish_row(session_id), EndReason.FINISHED)
            return live.state

    async def reach_deadline(self, session_id: str) -> InterviewState:
        """The interview's time is over: what was recorded is kept and stored, otherwise it expires.

        Raises StorageFull, UnknownInterview, IllegalTransition (it is over already).
        """
        async with self._registry.held(session_id) as live:
            if not await end_publishing(live, EndReason.DEADLINE):
                raise errors.StorageFull("The end of the interview cannot be written down now.")
            async with self._database.writing() as db_session:
                state = await interviews.reach_deadline(db_session, session_id, self._clock.utc_now())
            await self._conclude(live, state, EndReason.DEADLINE)
            return live.state

    async def take_part(self, session_id: str, add: Callable[[], Awaitable[object]], *, finish: bool) -> InterviewState:
        """`add` adds a part that was made elsewhere; `finish`: that was all. Raises what :func:`add_part` does."""
        async with self._registry.held(session_id) as live:
            await add_part(live, add)
            await self._registry.refresh(live)
            if finish:
                await self._conclude(live, await self._finish_row(session_id), EndReason.FINISHED)
            return live.state

    async def _conclude(self, live: LiveInterview, state: InterviewState, reason: EndReason) -> None:
        """The row says that it is over: bring the questions to their end, store what there is, tell the pages."""
        live.questions.finish()
        await live.ledger.settle()
        if state is InterviewState.COMPLETED:
            await self._store_quietly(live.session_id)
        await self._registry.refresh(live)
        live.tell(Ended(reason=reason.value, state=live.state.value))

    async def withdraw(self, session_id: str, actor: Actor) -> InterviewState:
        """The candidate takes part no longer: what runs is ended at once and told; erasing what was recorded is next.

        Whether the disk takes the part's end does not matter any more. Repeating it is harmless. Raises InterviewOver
        (expired, deleted), UnknownInterview.
        """
        async with self._registry.held(session_id) as live:
            await end_publishing(live, EndReason.WITHDRAWN)
            try:
                async with self._database.writing() as db_session:
                    await interviews.withdraw(db_session, session_id, self._clock.utc_now(), actor)
            except IllegalTransition:
                raise errors.InterviewOver("This interview is over already, so there is nothing to withdraw.") from None
            await self._registry.refresh(live)
            live.tell(Ended(reason=EndReason.WITHDRAWN.value, state=live.state.value))
            return live.state

    async def drop(self, session_id: str, reason: EndReason = EndReason.DELETED) -> None:
        """The interview has just been deleted or withdrawn: end what is live of it and tell its pages."""
        async with self._registry.held(session_id) as live:
            if live.state is InterviewState.WITHDRAWN:
                reason = EndReason.WITHDRAWN
            await end_publishing(live, reason)
            live.tell(Ended(reason=reason.value, state=live.state.value))
            if live.state in GONE:
                await self._erase_quietly(session_id)

    async def _finish_row(self, session_id: str) -> InterviewState:
        try:
            async with self._database.writing() as db_session:
                return await interviews.finish(db_session, session_id, self._clock.utc_now())
        except NothingRecorded:
            raise errors.NothingRecorded("Nothing of this interview was recorded yet.") from None
        except IllegalTransition:
            raise errors.InterviewOver("This interview cannot be finished any more.") from None
        except DiskFull:
            raise errors.StorageFull("The end of the interview cannot be written down now. Please try again.") from None

    async def _erase_quietly(self, session_id: str) -> None:
        """Whoever deleted it could not see the file that a part was just beginning."""
        try:
            await self._erase(session_id)
        except Exception:
            logger.exception("interview %s is deleted, its files could not all be removed", session_id)

    async def _store_quietly(self, session_id: str) -> None:
        """The candidate is done in any case; what fails here is done again by the sweep, from the closed part."""
        try:
            await self._store(session_id)
        except Exception:
            logger.exception("interview %s is finished, its recording could not be stored yet", session_id)
