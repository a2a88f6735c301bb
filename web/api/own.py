"""The candidate's own page: what it tells, the request for deletion, the way to one's own recording."""

import json
from typing import Any

from aiohttp import web as aioweb

from db import deletion_requests, holds, interviews, stored_files
from db.errors import Conflict
from db.models import InterviewSession
from media_server.recording.names import download_name
from signaling.aio.errors import Problem
from web import views
from web.api.archives import files_of, send_zip
from web.api.interviews import hr_told
from web.api.recordings import send
from web.archive import Member
from web.bodies import answer, read_body
from web.gate import interview_of
from web.languages import best_language
from web.media import attachment
from web.own.receipt import receipt
from web.own.view import OVER, Known, delete_at, own_view
from web.own.visits import set_visit_cookie
from web.problems import InConflict, NotReady
from web.schema.own import HoldTold, OwnTold, OwnUnlock, OwnUnlocked
from web.services import SERVICES, Services


class NotOver(Problem):
    """The interview still runs, or has not begun: its link opens the room."""

    status, name, title = 409, "not-over", "The interview is not over"


async def show(request: aioweb.Request) -> aioweb.Response:
    """What is stored, until when, and what was asked for."""
    return answer(await _told(request))


async def ask_for_deletion(request: aioweb.Request) -> aioweb.Response:
    """HR is told at once; asking again changes nothing."""
    services, session_id = request.app[SERVICES], request.match_info["session_id"]
    try:
        await services.own.requests.ask(session_id)
    except Conflict:
        raise NotOver("There is nothing to delete yet, or not any more. Nothing was changed.") from None
    return answer(await _told(request), status=202)


async def show_receipt(request: aioweb.Request) -> aioweb.Response:
    """What stays after deletion: the interview's id and dates."""
    told, language = await _told(request), _language(request)
    text = receipt(told, language)
    if text is None:
        raise NotReady("There is a receipt once deletion was asked for, or has happened.")
    headers = {"Content-Disposition": attachment(download_name(told.session_id, "txt")), "Content-Language": language}
    return aioweb.Response(text=text, content_type="text/plain", charset="utf-8", headers=headers)


async def send_code(request: aioweb.Request) -> aioweb.Response:
    """E-mail six digits to the candidate's address."""
    interview = await _whole(request)
    sent = await request.app[SERVICES].own.visits.send_code(interview, _language(request))
    return answer(sent, status=202)


async def unlock(request: aioweb.Request) -> aioweb.Response:
    """Let this browser in for an hour, by the code or by HR's release."""
    services = request.app[SERVICES]
    wanted = await read_body(request, OwnUnlock)
    interview = await _whole(request)
    token, until = await services.own.visits.let_in(interview, wanted.code)
    response = answer(OwnUnlocked(until=until))
    settings = services.settings.web
    lasts_s = int((until - services.clock.utc_now()).total_seconds())
    secure = settings.secure or request.scheme == "https"
    set_visit_cookie(response, token, interview.session_id, settings.base_path, lasts_s, secure=secure)
    return response


async def get_recording(request: aioweb.Request) -> aioweb.StreamResponse:
    """One's own recording, to watch."""
    async with request.app[SERVICES].database.reading() as db_session:
        path = await stored_files.recording_path(db_session, request.match_info["session_id"])
    if path is None:
        raise NotReady("The recording is being put together. It can be watched in a few minutes.")
    return await send(request, path)


async def export(request: aioweb.Request) -> aioweb.StreamResponse:
    """Everything that is stored about the candidate, as a ZIP (GDPR Art. 15 and 20)."""
    services = request.app[SERVICES]
    interview = await interview_of(request)
    members = await files_of(services, interview)
    about = json.dumps(await _about(services, interview), ensure_ascii=False, indent=2)
    if request.method != "HEAD":
        await services.own.visits.note_export(interview.session_id)
    return await send_zip(request, interview, [*members, Member("about_you.json", about.encode())])


async def _about(services: Services, interview: InterviewSession) -> dict[str, Any]:
    """All that the database holds of them: what HR sees, and what is kept beside it."""
    told = await hr_told(services, interview)
    async with services.database.reading() as db_session:
        request = await deletion_requests.of(db_session, interview.session_id)
    candidate = interview.candidate
    return {
        "interview": told.model_dump(mode="json", exclude={"ice_servers"}),
        "candidate": {
            "name": candidate.name,
            "email": candidate.email,
            "external_id": candidate.external_id,
            "created_at": candidate.created_at.isoformat(),
        },
        "consents": [
            {"notice_version": each.notice_version, "given_at": each.given_at.isoformat(), "client": each.client}
            for each in interview.consents
        ],
        "deletion": {
            "asked_for_at": None if request is None else request.requested_at.isoformat(),
            "due_at": None if request is None else request.due_at.isoformat(),
            "retention_ends_at": None if (due := delete_at(interview)) is None else due.isoformat(),
        },
        "link": {"version": interview.link_version, "deadline_at": _iso(interview.deadline_at)},
    }


def _iso(moment: Any) -> str | None:
    return None if moment is None else moment.isoformat()


async def _told(request: aioweb.Request) -> OwnTold:
    """Also of a deleted interview, of which nothing but dates is left: the one thing that its link still opens."""
    services, session_id = request.app[SERVICES], request.match_info["session_id"]
    async with services.database.reading() as db_session:
        interview = await interviews.get_interview(db_session, session_id)
        asked = await deletion_requests.of(db_session, session_id)
        held = await holds.hold_of(db_session, session_id)
    if interview.state not in OVER:
        raise NotOver("This link opens the interview itself. Come back here when it is over.")
    settings = services.settings
    known = Known(
        notice=views.notice_view(interview.job, settings.notice, _language(request)),
        request=asked,
        hold=None if held is None else HoldTold(since=held.held_at, reason=held.reason),
        delete_at=delete_at(interview),
        sends_mail=services.own.mailer.is_configured,
        open_until=await services.own.visits.until(request),
        base=settings.web.base_path,
    )
    return own_view(interview, known)


async def _whole(request: aioweb.Request) -> InterviewSession:
    """Raises NotFound once it is deleted, InConflict while it is not over."""
    interview = await interview_of(request)
    if interview.state not in OVER:
        raise InConflict("The interview is not over yet.")
    return interview


def _language(request: aioweb.Request) -> str:
    return best_language(request.headers.get("Accept-Language", ""))
