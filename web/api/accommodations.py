"""`PATCH /api/interviews/{session_id}/accommodations`: what HR grants one candidate, also while they answer."""

from typing import Annotated

from aiohttp import web as aioweb
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from db import interviews
from db.states import InterviewState
from signaling.aio.errors import InterviewOver, Malformed, UnsupportedMediaType
from web import views
from web.api.interviews import told_to_hr
from web.auth import interview_for
from web.services import SERVICES

_OVER = frozenset({InterviewState.COMPLETED, InterviewState.READY, InterviewState.EXPIRED, InterviewState.WITHDRAWN})


class Granted(BaseModel):
    """The body; what is left out stays as it is."""

    model_config = ConfigDict(extra="forbid", strict=True)

    time_factor: Annotated[float, Field(ge=1, le=10)] | None = None
    no_timer: bool | None = None
    extra_takes: Annotated[int, Field(ge=0, le=20)] | None = None


async def grant(request: aioweb.Request) -> aioweb.Response:
    """Grant, and tell HR what is so now; the candidate's page hears of it at once."""
    services = request.app[SERVICES]
    asker = await services.auth.hr(request)
    session_id = request.match_info["session_id"]
    granted = await _granted(request)
    async with services.database.writing() as db_session:
        interview = await interview_for(db_session, asker, session_id)
        if interview.state in _OVER:
            raise InterviewOver("The interview is over; nothing that is granted now would be of use.")
        await interviews.grant(db_session, session_id, **granted.model_dump(exclude_none=True))
    await services.live_interviews.refresh(session_id)
    return aioweb.json_response(text=views.as_json(await told_to_hr(services, asker, session_id)))


async def _granted(request: aioweb.Request) -> Granted:
    if request.content_type != "application/json":
        raise UnsupportedMediaType("Send application/json.")
    try:
        return Granted.model_validate_json(await request.read())
    except ValidationError:
        raise Malformed(
            "Send any of time_factor (1 to 10), no_timer (true or false) and extra_takes (0 to 20)."
        ) from None
