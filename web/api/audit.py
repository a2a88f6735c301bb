"""`/api/audit`: what happened in the jobs that somebody owns, and with their own account; a page at a time, or all of it."""

from typing import Final

from aiohttp import web as aioweb

from db import audit_list
from db.audit import AuditEvent
from db.audit_list import Wanted
from db.models import AuditRow
from web import days
from web.actors import actor_of, token_of
from web.audit_told import MEDIA_TYPES, AuditFormat, heading, line, told
from web.auth import HrAsker
from web.bodies import answer, read_query
from web.gate import hr_asker_of
from web.media import attachment
from web.paging import cursor_of, number_of
from web.schema.audit import AuditPage, AuditQuery, AuditTold
from web.services import SERVICES, Services

ORDER: Final = "audit"
"What a cursor of this list is of."

PIECE: Final = 64 * 1024
"Octets that are sent at once."


async def list_rows(request: aioweb.Request) -> aioweb.Response:
    """A page."""
    query = read_query(request, AuditQuery)
    rows, next_cursor = await page_of(request.app[SERVICES], hr_asker_of(request), query)
    return answer(AuditPage(items=[AuditTold.model_validate(told(row)) for row in rows], next_cursor=next_cursor))


async def export_lines(request: aioweb.Request) -> aioweb.StreamResponse:
    """All that fits, as JSON lines."""
    return await _export(request, AuditFormat.JSONL)


async def export_csv(request: aioweb.Request) -> aioweb.StreamResponse:
    """All that fits, for a spreadsheet."""
    return await _export(request, AuditFormat.CSV)


async def _export(request: aioweb.Request, form: AuditFormat) -> aioweb.StreamResponse:
    """Sent piece by piece. That it was taken is a row, too."""
    services, asker = request.app[SERVICES], hr_asker_of(request)
    query = read_query(request, AuditQuery)
    name = f"audit_{services.clock.utc_now():%Y%m%d_%H%M%S}.{form.value}"
    response = aioweb.StreamResponse(headers={"Content-Disposition": attachment(name)})
    response.content_type, response.charset = MEDIA_TYPES[form], "utf-8"
    if request.method == "HEAD":
        await response.prepare(request)
        return response
    services.audit.note(
        AuditEvent.AUDIT_EXPORTED, actor_of(request), session_id=query.session_id, details=token_of(request)
    )
    await response.prepare(request)
    piece = heading(form)
    async with services.database.reading() as db_session:
        async for row in audit_list.in_order(db_session, wanted_by(query, asker)):
            piece += line(row, form)
            if len(piece) >= PIECE:
                await response.write(piece.encode())
                piece = ""
    await response.write(piece.encode())
    await response.write_eof()
    return response


async def page_of(services: Services, asker: HrAsker, query: AuditQuery) -> tuple[list[AuditRow], str | None]:
    """A page of rows and the cursor of the next one. Raises Malformed for a cursor of another list."""
    before = number_of(query.cursor, ORDER)
    async with services.database.reading() as db_session:
        rows = await audit_list.page(db_session, wanted_by(query, asker), query.limit + 1, before)
    shown = rows[: query.limit]
    goes_on = len(rows) > len(shown)
    return shown, cursor_of((shown[-1].number, shown[-1].number), ORDER) if goes_on else None


def wanted_by(query: AuditQuery, asker: HrAsker) -> Wanted:
    """What the query asks for, of what the asker may see."""
    zone = days.zone_of(query.zone)
    return Wanted(
        query.session_id,
        query.person,
        query.event,
        None if query.from_day is None else days.beginning(query.from_day, zone),
        None if query.to_day is None else days.end(query.to_day, zone),
        asker.user_id,
        asker.email,
    )
