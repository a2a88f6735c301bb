"""`/api/interviews/{session_id}`: what it is, consent, finish."""

from typing import Annotated

from aiohttp import web as aioweb
from pydantic import BaseModel, Field, ValidationError

from db import interviews, work
from db.errors import NotFound
from db.models import InterviewSession
from signaling.aio.errors import Malformed, UnsupportedMediaType
from web import views
from web.auth import Asker, CandidateAsker, HrAsker, interview_for
from web.languages import best_language
from web.problems import UnknownNotice
from web.services import SERVICES, Services

MAX_USER_AGENT = 500


class ConsentGiven(BaseModel):
    """The body of a consent."""

    notice_version: Annotated[str, Field(min_length=1, max_length=64)]


async def get_interview(request: aioweb.Request) -> aioweb.Response:
    """What the asker may see of it."""
    services = request.app[SERVICES]
    asker = await services.auth.asker(request)
    return await _told(request, asker, request.match_info["session_id"])


async def give_consent(request: aioweb.Request) -> aioweb.Response:
    """The candidate agrees to the notice they were shown."""
    services = request.app[SERVICES]
    asker = await _candidate(request)
    given = await _body(request)
    if given.notice_version != services.settings.notice.version:
        raise UnknownNotice(
            "The notice has changed since this page was opened. Load it again and read the present one."
        )
    client = request.headers.get("User-Agent", "")[:MAX_USER_AGENT]
    async with services.database.writing() as db_session:
        await interview_for(db_session, asker, asker.session_id)
        await interviews.give_consent(
            db_session, asker.session_id, given.notice_version, client, services.clock.utc_now()
        )
    await services.live_interviews.refresh(asker.session_id)
    return await _told(request, asker, asker.session_id)


async def finish(request: aioweb.Request) -> aioweb.Response:
    """The candidate is done. Repeating it is harmless."""
    services = request.app[SERVICES]
    asker = await _candidate(request)
    async with services.database.reading() as db_session:
        await interview_for(db_session, asker, asker.session_id)
    await services.live_interviews.finish(asker.session_id)
    return await _told(request, asker, asker.session_id)


async def told_to_hr(services: Services, asker: HrAsker, session_id: str) -> views.View:
    """What HR sees of an interview. Raises NotFound."""
    async with services.database.reading() as db_session:
        interview = await interview_for(db_session, asker, session_id)
    return await _hr_view(services, interview)


async def _candidate(request: aioweb.Request) -> CandidateAsker:
    asker = await request.app[SERVICES].auth.asker(request)
    if not isinstance(asker, CandidateAsker) or asker.session_id != request.match_info["session_id"]:
        raise NotFound("only the candidate does this")
    return asker


async def _body(request: aioweb.Request) -> ConsentGiven:
    if request.content_type != "application/json":
        raise UnsupportedMediaType("Send application/json.")
    try:
        return ConsentGiven.model_validate_json(await request.read())
    except ValidationError:
        raise Malformed('Send {"notice_version": "…"}.') from None


async def _told(request: aioweb.Request, asker: Asker, session_id: str) -> aioweb.Response:
    services = request.app[SERVICES]
    async with services.database.reading() as db_session:
        interview = await interview_for(db_session, asker, session_id)
    if isinstance(asker, HrAsker):
        view = await _hr_view(services, interview)
    else:
        language = best_language(request.headers.get("Accept-Language", ""))
        view = await _candidate_view(services, interview, language)
    return aioweb.json_response(text=views.as_json(view))


async def _candidate_view(services: Services, interview: InterviewSession, language: str) -> views.View:
    snapshot = await services.live_interviews.snapshot(interview.session_id)
    return views.candidate_view(interview, snapshot, services.settings, services.clock.utc_now(), language)


async def _hr_view(services: Services, interview: InterviewSession) -> views.View:
    snapshot = await services.live_interviews.snapshot(interview.session_id)
    async with services.database.reading() as db_session:
        sounds = await work.answer_sounds(db_session, interview.session_id)
    return views.hr_view(interview, snapshot, services.settings, services.clock.utc_now(), sounds=sounds)
