"""`POST /api/interviews/{session_id}/marks`: a host platform that asks its own questions says when."""

from aiohttp import web as aioweb

from db import flows
from signaling.protocol.interview_flow import MarkKind, MarkWanted
from web.auth import interview_for
from web.bodies import answer, read_body
from web.gate import asker_of
from web.schema.marks import MarkTaken, NewMark
from web.services import SERVICES


async def add_mark(request: aioweb.Request) -> aioweb.Response:
    """Mark a moment of the interview that runs."""
    services, session_id = request.app[SERVICES], request.match_info["session_id"]
    mark = await read_body(request, NewMark)
    async with services.database.reading() as db_session:
        await interview_for(db_session, asker_of(request), session_id)
    wanted = MarkWanted(mark.kind, mark.question_index, mark.take)
    await services.live_interviews.mark(session_id, wanted, mark.at)
    if mark.kind is MarkKind.TAKE and mark.take is not None:
        async with services.database.writing() as db_session:
            await flows.note_take(db_session, session_id, mark.question_index, mark.take)
    return answer(MarkTaken(kind=mark.kind, question_index=mark.question_index, take=mark.take), status=202)
