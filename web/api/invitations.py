"""Inviting candidates; their links: shown again, issued anew, revoked, good for longer; deleting an interview."""

import secrets
from datetime import datetime

from aiohttp import web as aioweb

from db import audit, interviews
from db.audit import Actor, AuditEvent, Details
from db.deletion import DeletionReason
from db.errors import Conflict, JobArchived, NoticeIncomplete
from db.interviews import Allowance, Asked
from db.models import InterviewSession
from signaling.aio.errors import InterviewOver
from signaling.protocol.tokens import MAX_TOKEN_LENGTH
from web import invitations
from web.actors import actor_of, note, record, token_of
from web.bodies import Invalid, answer, read_body
from web.gate import interview_of
from web.ids import row_id
from web.invitations import OVER, NewInterview, links_for, set_up
from web.problems import IncompleteNotice, InConflict
from web.schema.invitations import Invitation, Invited, LinkTold, NewDeadline, QuestionAsked
from web.services import SERVICES, Services
from web.views import api_url

MAX_SESSION_ID_BYTES = MAX_TOKEN_LENGTH // 2


async def invite(request: aioweb.Request) -> aioweb.Response:
    """Set an interview up; the answer holds the link to send."""
    invitation = await read_body(request, Invitation)
    invited = await set_up_for(
        request.app[SERVICES], row_id(request, "job_id"), invitation, actor_of(request), token_of(request)
    )
    location = api_url(request.app[SERVICES].settings.web.base_path, invited.session_id)
    return answer(invited, status=201, headers={"Location": location})


async def set_up_for(services: Services, job_id: int, invitation: Invitation, actor: Actor, by: Details) -> Invited:
    """Set an interview up as it was asked for; the audit says it was by `actor`, with what is in `by`.

    Raises Invalid, InConflict, IncompleteNotice, NotFound.
    """
    now = services.clock.utc_now()
    session_id = invitation.session_id or secrets.token_hex(8)
    if len(session_id.encode()) > MAX_SESSION_ID_BYTES:
        raise Invalid([{"field": "session_id", "problem": f"At most {MAX_SESSION_ID_BYTES} bytes are taken"}])
    _check_deadline(invitation.deadline_at, now)
    questions = None if invitation.questions is None else tuple(_wanted(each) for each in invitation.questions)
    new = NewInterview(
        session_id=session_id,
        job_id=job_id,
        candidate=invitation.candidate,
        email=invitation.email,
        candidate_id=invitation.candidate_id,
        questions=questions,
        deadline_at=invitation.deadline_at,
    )
    try:
        async with services.database.writing() as db_session:
            interview = await set_up(db_session, new, now, services.data_folder.files)
            await audit.record(db_session, AuditEvent.INVITED, now, actor=actor, session_id=session_id, details=by)
    except JobArchived:
        raise InConflict("This job is archived, so nobody is invited to it any more. Nothing was changed.") from None
    except NoticeIncomplete as error:
        page = f"{services.settings.web.base_url}/hr/jobs/{job_id}#notice"
        raise IncompleteNotice(error.missing, page) from None
    except Conflict:
        raise InConflict(
            "There is an interview with this id already, or the e-mail and the id belong to two different candidates. "
            "Nothing was changed."
        ) from None
    links = links_for(
        services.data_folder.server_key(), services.settings.web.base_url, session_id, interview.link_version
    )
    return Invited(
        session_id=session_id,
        candidate_id=interview.candidate_id,
        candidate_url=links.candidate_url,
        token=links.token,
        whip_url=links.whip_url,
        deadline_at=interview.deadline_at,
    )


async def show_link(request: aioweb.Request) -> aioweb.Response:
    """The link as it is now."""
    note(request, AuditEvent.LINK_SHOWN, request.match_info["session_id"])
    return answer(link_told(request.app[SERVICES], await interview_of(request)))


async def reissue_link(request: aioweb.Request) -> aioweb.Response:
    """A new link; whoever holds an older one is shut out at once."""
    services, interview = request.app[SERVICES], await interview_of(request)
    _check_not_over(interview)
    async with services.database.writing() as db_session:
        await interviews.renew_link(db_session, interview.session_id)
        await record(request, db_session, AuditEvent.LINK_ISSUED, session_id=interview.session_id)
    await services.live_interviews.shut_out(interview.session_id)
    return answer(link_told(services, await interview_of(request)))


async def revoke_link(request: aioweb.Request) -> aioweb.Response:
    """No link opens the interview any more, until one is issued anew."""
    services, interview = request.app[SERVICES], await interview_of(request)
    _check_not_over(interview)
    async with services.database.writing() as db_session:
        await interviews.revoke_link(db_session, interview.session_id, services.clock.utc_now())
        await record(request, db_session, AuditEvent.LINK_REVOKED, session_id=interview.session_id)
    await services.live_interviews.shut_out(interview.session_id)
    return answer(link_told(services, await interview_of(request)))


async def change_deadline(request: aioweb.Request) -> aioweb.Response:
    """The link is good until another moment; an interview that expired is open again."""
    services, interview = request.app[SERVICES], await interview_of(request)
    wanted = await read_body(request, NewDeadline)
    _check_deadline(wanted.deadline_at, services.clock.utc_now())
    _check_not_over(interview)
    async with services.database.writing() as db_session:
        await interviews.extend(db_session, interview.session_id, wanted.deadline_at)
        details: Details = {"until": wanted.deadline_at.isoformat()}
        await record(request, db_session, AuditEvent.DEADLINE_CHANGED, session_id=interview.session_id, details=details)
    await services.live_interviews.refresh(interview.session_id)
    return answer(link_told(services, await interview_of(request)))


async def delete_interview(request: aioweb.Request) -> aioweb.Response:
    """Recording, parts and sounds go for good; whoever is recording is told and stopped."""
    services, interview = request.app[SERVICES], await interview_of(request)
    await services.recordings.delete(interview.session_id, reason=DeletionReason.DELETED, actor=actor_of(request))
    await services.live_interviews.drop(interview.session_id)
    return aioweb.Response(status=204)


def link_told(services: Services, interview: InterviewSession) -> LinkTold:
    """An interview's link, unless it is revoked."""
    base_url = services.settings.web.base_url
    return invitations.link_told(services.data_folder.server_key(), base_url, interview)


def _wanted(question: QuestionAsked) -> Asked:
    allowance = Allowance(question.think_ms, question.answer_ms, question.max_takes)
    return Asked(question.text, allowance, question.optional)


def _check_deadline(deadline_at: datetime | None, now: datetime) -> None:
    if deadline_at is not None and deadline_at <= now:
        raise Invalid([{"field": "deadline_at", "problem": "This moment has passed"}])


def _check_not_over(interview: InterviewSession) -> None:
    if interview.state in OVER:
        raise InterviewOver("The interview is over; its link opens nothing that could be changed.")
