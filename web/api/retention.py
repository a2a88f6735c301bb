"""What is deleted soon, and holding an interview back."""

from aiohttp import web as aioweb

from db import holds
from web.actors import actor_of
from web.bodies import answer, read_body, read_query
from web.gate import hr_asker_of, interview_of
from web.kept import deletions, kept_told
from web.schema.retention import DeletionsQuery, HoldWanted
from web.services import SERVICES


async def list_deletions(request: aioweb.Request) -> aioweb.Response:
    """Of the asker's jobs."""
    services, asker = request.app[SERVICES], hr_asker_of(request)
    query = read_query(request, DeletionsQuery)
    async with services.database.reading() as db_session:
        told = await deletions(db_session, services.clock.utc_now(), query.days, user_id=asker.user_id)
    return answer(told)


async def hold(request: aioweb.Request) -> aioweb.Response:
    """Nobody deletes it until it is released."""
    services, interview = request.app[SERVICES], await interview_of(request)
    wanted = await read_body(request, HoldWanted)
    async with services.database.writing() as db_session:
        now, actor = services.clock.utc_now(), actor_of(request)
        await holds.hold(db_session, interview.session_id, wanted.reason, now, actor=actor)
        return answer(await kept_told(db_session, interview.session_id))


async def release(request: aioweb.Request) -> aioweb.Response:
    """It goes when it is due again."""
    services, interview = request.app[SERVICES], await interview_of(request)
    async with services.database.writing() as db_session:
        await holds.release(db_session, interview.session_id, services.clock.utc_now(), actor=actor_of(request))
        return answer(await kept_told(db_session, interview.session_id))
