"""HR's first page: every interview of the user's jobs, searched, filtered, sorted, a page at a time."""

from typing import Any
from urllib.parse import urlencode

import aiohttp_jinja2
from aiohttp import web as aioweb

from db import people
from db.listing import LIFE, Sort
from db.models import JobRole
from db.states import InterviewState
from web import days
from web.api.listing import counts_of, page_of, wanted_by
from web.bodies import read_query
from web.gate import hr_asker_of
from web.pages.paths import home
from web.rights import is_at_least
from web.schema.listing import ListQuery, PageOfListQuery
from web.services import SERVICES


async def show(request: aioweb.Request) -> aioweb.Response:
    """The page. Its address holds all that was asked for, so it can be kept and shared."""
    services, asker = request.app[SERVICES], hr_asker_of(request)
    query = read_query(request, PageOfListQuery)
    asked = _with_moments(query)
    page = await page_of(services, asker.user_id, asked)
    counts = await counts_of(services, asker.user_id, asked)
    async with services.database.reading() as db_session:
        jobs = await people.jobs_of(db_session, asker.user_id)
        roles = await people.roles_of(db_session, asker.user_id)
    context = {
        "user": {"email": asker.email},
        "here": "interviews",
        "page": page,
        "counts": counts,
        "filters": [state for state in LIFE if counts.by_state[state] or state in query.state],
        "jobs": jobs,
        "roles": roles,
        "may_invite": any(job.archived_at is None and is_at_least(roles[job.id], JobRole.RECRUITER) for job in jobs),
        "query": query,
        "descending": wanted_by(query).descending,
        "links": Links(home(request), query),
        "is_filtered": bool(query.search or query.state or query.job or asked.since or asked.until),
    }
    response = aiohttp_jinja2.render_template("hr_list.html", request, context)
    response.enable_compression()
    return response


class Links:
    """The addresses of the same list, changed in one thing."""

    def __init__(self, path: str, query: PageOfListQuery) -> None:
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


def _with_moments(query: PageOfListQuery) -> ListQuery:
    """The same with moments in place of days; of a day and a moment that were both given, the narrower one."""
    zone = days.zone_of(query.zone)
    since = None if query.from_day is None else days.beginning(query.from_day, zone)
    until = None if query.to_day is None else days.end(query.to_day, zone)
    changes = {
        "since": max((each for each in (since, query.since) if each is not None), default=None),
        "until": min((each for each in (until, query.until) if each is not None), default=None),
    }
    return query.model_copy(update=changes)
