"""Parts that were made elsewhere join a live interview's own: whether that is possible now, and how."""

from collections.abc import Awaitable, Callable

from db.states import InterviewState
from signaling.aio import errors
from signaling.aio.live_interview import MAY_PUBLISH, LiveInterview


def check_takes_part(live: LiveInterview) -> None:
    """Raise ConsentMissing, InterviewOver or BeingRecorded unless a part may be added now."""
    if live.state is InterviewState.INVITED:
        raise errors.ConsentMissing("Nobody has agreed to be recorded yet.")
    if live.state not in MAY_PUBLISH:
        raise errors.InterviewOver("Nothing more is recorded in this interview.")
    if live.stage.everybody or live.unclosed:
        raise errors.BeingRecorded("End the live recording first, and send it then. Nothing was stored.")


async def add_part(live: LiveInterview, add: Callable[[], Awaitable[object]]) -> None:
    """Have `add` add it. The interview is held, so that nobody begins to record meanwhile.

    Raises what :func:`check_takes_part` does, what `add` does, and StorageFull.
    """
    check_takes_part(live)
    if not await live.ledger.settle():
        raise errors.StorageFull("What was recorded before cannot be written down now. Please try again.")
    await add()
