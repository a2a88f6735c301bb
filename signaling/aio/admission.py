"""Who may publish an interview now, and whether the server has the capacity for it."""

from dataclasses import dataclass

from db.states import InterviewState
from signaling.aio import errors
from signaling.aio.live_interview import MAY_PUBLISH, LiveInterview
from signaling.aio.publishing import Publishing
from signaling.protocol.offer import WHAT_WORKS
from signaling.settings import SignalingSettings

BEGUN = frozenset({InterviewState.IN_PROGRESS, InterviewState.INTERRUPTED})
"Something of it is recorded already: whoever comes back to it goes before newcomers."

RESERVED_SHARE = 10
"One in so many places above the limit is kept for those who come back; at least one."


@dataclass(frozen=True, slots=True)
class Load:
    """How busy the server is."""

    loop_lag_s: float = 0.0
    "How late the event loop usually was, of late."
    disk_lag_s: float = 0.0
    "How far the disk is behind."
    has_room: bool = True
    "Whether the disk takes another part."


def check_capacity(live: LiveInterview, publishing_count: int, load: Load, settings: SignalingSettings) -> None:
    """What runs goes on, what was begun comes back before anything new begins. Raises OverCapacity and StorageFull."""
    if not load.has_room:
        raise errors.StorageFull("Nothing more can be recorded until there is room again.")
    if live.publishing is not None:
        return
    most = settings.max_live_interviews
    if live.state in BEGUN:
        most += max(1, most // RESERVED_SHARE)
    elif load.loop_lag_s > settings.max_loop_lag_s or load.disk_lag_s > settings.max_disk_lag_s:
        raise errors.OverCapacity("It has more to do than it can keep up with.", settings.retry_after_s)
    if publishing_count >= most:
        raise errors.OverCapacity("It records as many interviews as it can.", settings.retry_after_s)


def check_may_publish(live: LiveInterview, publishing: Publishing) -> None:
    """Raises ConsentMissing, InterviewOver, Superseded and Unacceptable (no picture where one is wanted)."""
    if live.state is InterviewState.INVITED:
        raise errors.ConsentMissing("Nobody has agreed to be recorded yet.")
    if live.state not in MAY_PUBLISH:
        raise errors.InterviewOver("Nothing more is recorded in this interview.")
    if live.is_superseded(publishing.client_id):
        raise errors.Superseded("Another page records this interview now. Choose “continue here” to take over.")
    if publishing.offer.video_codec is None and not live.microphone_only_allowed:
        raise errors.Unacceptable(f"This interview is recorded with a picture. {WHAT_WORKS}")
