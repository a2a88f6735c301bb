"""`/api/interviews/{session_id}`: what it is, consent, finish."""

import asyncio

from aiohttp import web as aioweb

import db.notices
from db import interviews, work
from db.audit import AuditEvent, record
from db.errors import NotFound
from db.models import InterviewSession
from media_server.aio import recording_files
from web import notices, views
from web.actors import actor_of
from web.auth import Asker, CandidateAsker, HrAsker, interview_for
from web.bodies import answer, read_body
from web.gate import asker_of
from web.kept import kept_told
from web.languages import best_language
from web.problems import UnknownNotice
from web.schema.interviews import ConsentGiven, InterviewForCandidate, InterviewForHr
from web.services import SERVICES, Services

MAX_USER_AGENT = 500


async def get_interview(request: aioweb.Request) -> aioweb.Response:
    """What the asker may see of it."""
    return await _told(request, asker_of(request), request.match_info["session_id"])


async def give_consent(request: aioweb.Request) -> aioweb.Response:
    """The candidate agrees to the notice they were shown."""
    services = request.app[SERVICES]
    asker = candidate_of(request)
    given = await read_body(request, ConsentGiven)
    client = request.headers.get("User-Agent", "")[:MAX_USER_AGENT]
    async with services.database.writing() as db_session:
        interview, now = await interview_for(db_session, asker, asker.session_id), services.clock.utc_now()
        text = notices.current(interview.job, services.settings.notice).get(given.notice_version)
        if text is None:
            raise UnknownNotice(
                "The notice has changed since this page was opened. Load it again and read the present one."
            )
        kept = await db.notices.keep(db_session, interview.job_id, text.kept, now)
        await interviews.give_consent(db_session, asker.session_id, text.version, client, now, notice=kept)
        details = {"version": text.version, "language": text.language, "legal_basis": text.legal_basis.value}
        actor = actor_of(request)
        await record(
            db_session,
            AuditEvent.NOTICE_ACKNOWLEDGED,
            now,
            actor=actor,
            session_id=asker.session_id,
            details=details,
        )
    await services.live_interviews.refresh(asker.session_id)
    return await _told(request, asker, asker.session_id)


async def finish(request: aioweb.Request) -> aioweb.Response:
    """The candidate is done. Repeating it is harmless."""
    services = request.app[SERVICES]
    asker = candidate_of(request)
    async with services.database.reading() as db_session:
        await interview_for(db_session, asker, asker.session_id)
    await services.live_interviews.finish(asker.session_id)
    return await _told(request, asker, asker.session_id)


async def told_to_hr(services: Services, asker: HrAsker, session_id: str) -> InterviewForHr:
    """What HR sees of an interview. Raises NotFound."""
    async with services.database.reading() as db_session:
        interview = await interview_for(db_session, asker, session_id)
    return await hr_told(services, interview)


def candidate_of(request: aioweb.Request) -> CandidateAsker:
    """The candidate who asks. Raises NotFound for everybody else."""
    asker = asker_of(request)
    if not isinstance(asker, CandidateAsker):
        raise NotFound("only the candidate does this")
    return asker


async def _told(request: aioweb.Request, asker: Asker, session_id: str) -> aioweb.Response:
    services = request.app[SERVICES]
    async with services.database.reading() as db_session:
        interview = await interview_for(db_session, asker, session_id)
    if isinstance(asker, HrAsker):
        return answer(await hr_told(services, interview))
    language = best_language(request.headers.get("Accept-Language", ""))
    return answer(await _candidate_view(services, interview, language))


async def _candidate_view(services: Services, interview: InterviewSession, language: str) -> InterviewForCandidate:
    snapshot = await services.live_interviews.snapshot(interview.session_id)
    return views.candidate_view(interview, snapshot, services.settings, services.clock.utc_now(), language)


async def hr_told(services: Services, interview: InterviewSession) -> InterviewForHr:
    """What HR is told of an interview that was loaded whole."""
    snapshot = await services.live_interviews.snapshot(interview.session_id)
    async with services.database.reading() as db_session:
        sounds = await work.answer_sounds(db_session, interview.session_id)
        kept = await kept_told(db_session, interview.session_id)
    path, files = recording_files.captions_path(interview), services.data_folder.files
    captions = await asyncio.to_thread(files.stat, path) is not None
    return views.hr_view(
        interview,
        snapshot,
        services.settings,
        services.clock.utc_now(),
        sounds=sounds,
        has_captions=captions,
        kept=kept,
    )
