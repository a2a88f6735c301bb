"""Who is a member of a job, and in which role."""

from aiohttp import web as aioweb

from db import jobs, people
from db.audit import AuditEvent, Details
from db.errors import LastOwner, NotFound
from web import job_views
from web.actors import record
from web.api.jobs import job_id_of
from web.bodies import Invalid, answer, read_body
from web.ids import row_id
from web.problems import InConflict
from web.schema.jobs import Members, MemberSet
from web.services import SERVICES

_LAST_OWNER = "A job has at least one owner. Make somebody else an owner first. Nothing was changed."


async def list_members(request: aioweb.Request) -> aioweb.Response:
    """All of them."""
    return await _told(request)


async def set_member(request: aioweb.Request) -> aioweb.Response:
    """Add somebody who has an account, or give a member another role."""
    wanted = await read_body(request, MemberSet)
    try:
        async with request.app[SERVICES].database.writing() as db_session:
            member = await jobs.set_member(db_session, job_id_of(request), wanted.email, wanted.role)
            details: Details = {"member": member.email, "role": member.role.value}
            job_id = job_id_of(request)
            await record(request, db_session, AuditEvent.MEMBER_CHANGED, job_id=job_id, details=details)
    except LastOwner:
        raise InConflict(_LAST_OWNER) from None
    except NotFound:
        problem = f"Nobody has an account as {people.normal_email(wanted.email)}. Whoever runs the server adds people"
        raise Invalid([{"field": "email", "problem": problem}]) from None
    return await _told(request)


async def remove_member(request: aioweb.Request) -> aioweb.Response:
    """They do not see the job and its interviews any more."""
    try:
        job_id, user_id = job_id_of(request), row_id(request, "user_id")
        async with request.app[SERVICES].database.writing() as db_session:
            left = next((each for each in await jobs.members_of(db_session, job_id) if each.user_id == user_id), None)
            await jobs.remove_member(db_session, job_id, user_id)
            details: Details = {"member": left.email if left else ""}
            await record(request, db_session, AuditEvent.MEMBER_REMOVED, job_id=job_id, details=details)
    except LastOwner:
        raise InConflict(_LAST_OWNER) from None
    return await _told(request)


async def _told(request: aioweb.Request) -> aioweb.Response:
    async with request.app[SERVICES].database.reading() as db_session:
        members = await jobs.members_of(db_session, job_id_of(request))
    return answer(Members(members=job_views.members_view(members)))
