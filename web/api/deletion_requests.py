"""HR's side of what candidates ask for: granting a deletion, releasing a recording to its candidate."""

from aiohttp import web as aioweb

from web.actors import actor_of
from web.bodies import answer, read_body
from web.gate import interview_of
from web.schema.own import ReleaseTold, ReleaseWanted
from web.services import SERVICES


async def grant(request: aioweb.Request) -> aioweb.Response:
    """Delete the interview, as its candidate asked."""
    services, interview = request.app[SERVICES], await interview_of(request)
    await services.own.requests.grant(interview.session_id, actor_of(request))
    return aioweb.Response(status=204)


async def release(request: aioweb.Request) -> aioweb.Response:
    """The candidate may see their recording without a code, or no longer."""
    services, interview = request.app[SERVICES], await interview_of(request)
    wanted = await read_body(request, ReleaseWanted)
    released_at = await services.own.visits.release(interview.session_id, actor_of(request), released=wanted.released)
    return answer(ReleaseTold(released_at=released_at))
