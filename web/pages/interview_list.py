"""HR's first page: every interview of the user's jobs, searched, filtered, sorted, a page at a time."""

from typing import Any
from urllib.parse import urlencode

import aiohttp_jinja2
from aiohttp import web as aioweb

from db import people
from db.listing import Sort
from db.states import InterviewState
from web.api.listing import counts_of, page_of, wanted_by
from web.bodies import read_query
from web.gate import hr_asker_of
from web.pages.paths import home
from web.schema.listing import ListQuery
from web.services import SERVICES

FILTERS = (
    InterviewState.IN_PROGRESS,
    InterviewState.INTERRUPTED,
    InterviewState.CONSENTED,
    InterviewState.INVITED,
    InterviewState.COMPLETED,
    InterviewState.READY,
    InterviewState.EXPIRED,
    InterviewState.WITHDRAWN,
)


async def show(request: aioweb.Request) -> aioweb.Response:
    """The page. Its address holds all that was asked for, so it can be kept and shared."""
    services, asker = request.app[SERVICES], hr_asker_of(request)
    query = read_query(request, ListQuery)
    page = await page_of(services, asker.user_id, query)
    counts = await counts_of(services, asker.user_id, query)
    async with services.database.reading() as db_session:
        jobs = await people.jobs_of(db_session, asker.user_id)
    links = Links(home(request), query)
    context = {
        "user": {"email": asker.email},
        "here": "interviews",
        "page": page,
        "counts": counts,
        "filters": [state for state in FILTERS if counts.by_state[state] or state in query.state],
        "jobs": jobs,
        "query": query,
        "descending": wanted_by(query).descending,
        "links": links,
        "is_filtered": bool(query.search or query.state or query.job or query.since or query.until),
    }
    response = aiohttp_jinja2.render_template("hr_list.html", request, context)
    response.enable_compression()
    return response


class Links:
    """The addresses of the same list, changed in one thing."""

    def __init__(self, path: str, query: ListQuery) -> None:
        self._path = path
        self._asked: dict[str, Any] = query.model_dump(mode="json", exclude_defaults=True, exclude={"cursor"})

    def with_state(self, state: InterviewState | None) -> str:
        """Only this state, or all."""
        return self._with(state=[] if state is None else [state.value])

    def sorted_by(self, sort: Sort, *, descending: bool) -> str:
        """In another order."""
        return self._with(sort=sort.value, descending=str(descending).lower())

    def after(self, cursor: str) -> str:
        """The next page."""
        return self._with(cursor=cursor)

    @property
    def first(self) -> str:
        """The same list from its beginning."""
        return self._with()

    @property
    def plain(self) -> str:
        """Everything there is, in the usual order."""
        return self._path

    def _with(self, **changes: Any) -> str:
        asked = {name: value for name, value in (self._asked | changes).items() if value not in (None, [], "")}
        return f"{self._path}?{urlencode(asked, doseq=True)}" if asked else self._path
