"""HR's page of what is deleted when, and of what is held: so that nobody is surprised by a rule."""

from typing import Final

import aiohttp_jinja2
from aiohttp import web as aioweb

from web.bodies import read_query
from web.gate import hr_asker_of
from web.kept import deletions
from web.schema.retention import DeletionsQuery, DueReason
from web.services import SERVICES

WHY: Final = {
    DueReason.RETENTION: "Its job keeps recordings no longer",
    DueReason.REQUESTED: "The candidate asked for it",
    DueReason.WITHDRAWN: "The candidate took their consent back",
}
"What the page says of why something goes."

AHEAD: Final = (7, 30, 90, 365)
"How many days ahead the page offers to look."


async def show(request: aioweb.Request) -> aioweb.Response:
    """Of the jobs of whoever is signed in. Looking changes nothing."""
    services, asker = request.app[SERVICES], hr_asker_of(request)
    query = read_query(request, DeletionsQuery)
    async with services.database.reading() as db_session:
        told = await deletions(db_session, services.clock.utc_now(), query.days, user_id=asker.user_id)
    context = {
        "user": {"email": asker.email},
        "here": "interviews",
        "told": told,
        "days": query.days,
        "ahead": sorted({*AHEAD, query.days}),
        "why": WHY,
    }
    response = aiohttp_jinja2.render_template("hr_deletions.html", request, context)
    response.enable_compression()
    return response
