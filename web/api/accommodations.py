"""`PATCH /api/interviews/{session_id}/accommodations`: what HR grants one candidate, also while they answer."""

from aiohttp import web as aioweb

from db import interviews
from db.audit import AuditEvent
from db.states import InterviewState
from signaling.aio.errors import InterviewOver
from web.actors import record
from web.api.interviews import told_to_hr
from web.auth import interview_for
from web.bodies import answer, read_body
from web.gate import hr_asker_of
from web.schema.interviews import AccommodationsGranted
from web.services import SERVICES

_OVER = frozenset({InterviewState.COMPLETED, InterviewState.READY, InterviewState.EXPIRED, InterviewState.WITHDRAWN})


async def grant(request: aioweb.Request) -> aioweb.Response:
    """Grant, and tell HR what is so now; the candidate's page hears of it at once."""
    services = request.app[SERVICES]
    asker = hr_asker_of(request)
    session_id = request.match_info["session_id"]
    granted = await read_body(request, AccommodationsGranted)
    async with services.database.writing() as db_session:
        interview = await interview_for(db_session, asker, session_id)
        if interview.state in _OVER:
            raise InterviewOver("The interview is over; nothing that is granted now would be of use.")
        await interviews.grant(db_session, session_id, **granted.model_dump(exclude_none=True))
        details = granted.model_dump(mode="json", exclude_none=True)
        await record(request, db_session, AuditEvent.ACCOMMODATED, session_id=session_id, details=details)
    await services.live_interviews.refresh(session_id)
    return answer(await told_to_hr(services, asker, session_id))
