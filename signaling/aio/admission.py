"""Who may publish an interview now, whatever room the server has."""

from db.states import InterviewState
from signaling.aio import errors
from signaling.aio.live_interview import MAY_PUBLISH, LiveInterview
from signaling.aio.publishing import Publishing
from signaling.protocol.offer import WHAT_WORKS


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
