"""`POST /api/interviews/{session_id}/withdraw`: the candidate takes part no longer, and what was recorded goes."""

import logging

from aiohttp import web as aioweb

from db import interviews
from db.errors import Conflict, DatabaseError
from media_server.aio.contained_files import OutsideFolder
from web.actors import actor_of
from web.api.interviews import candidate_of
from web.bodies import answer
from web.schema.interviews import Withdrawn
from web.services import SERVICES, Services

logger = logging.getLogger(__name__)

DECLINED = "declined"
"The end reason of whoever never agreed to be recorded."


async def withdraw(request: aioweb.Request) -> aioweb.Response:
    """Decline, or withdraw at any later moment. Repeating it is harmless."""
    services, asker = request.app[SERVICES], candidate_of(request)
    await services.live_interviews.withdraw(asker.session_id, actor_of(request))
    async with services.database.reading() as db_session:
        interview = await interviews.get_interview(db_session, asker.session_id)
    declined = interview.end_reason == DECLINED
    told = Withdrawn(
        session_id=asker.session_id,
        withdrawn_at=interview.ended_at or services.clock.utc_now(),
        declined=declined,
        erased=declined or await erase(services, asker.session_id),
    )
    return answer(told)


async def erase(services: Services, session_id: str) -> bool:
    """Delete what was recorded; False when that cannot be done now: somebody holds it, or the disk fails, and the sweep comes back to it."""
    try:
        await services.recordings.delete(session_id)
    except Conflict:
        logger.info("interview %s was withdrawn and cannot be erased yet", session_id)
        return False
    except (OSError, OutsideFolder, DatabaseError):
        logger.exception("interview %s was withdrawn and could not be erased; tried again by the sweep", session_id)
        return False
    return True
