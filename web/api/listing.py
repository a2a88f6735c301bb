"""`GET /api/interviews`: the interviews of one's jobs, searched, filtered, sorted, a page at a time."""

from aiohttp import web as aioweb

from db import listing
from db.listing import Sort, Wanted
from db.states import InterviewState
from web import views
from web.bodies import answer, read_query
from web.gate import hr_asker_of
from web.paging import cursor_of, position_of
from web.schema.listing import InterviewCounts, InterviewPage, ListQuery
from web.services import SERVICES, Services

WORDS = frozenset({Sort.NAME, Sort.JOB, Sort.STATE})
"What begins at A unless somebody says otherwise; numbers and dates begin with the most."


async def list_interviews(request: aioweb.Request) -> aioweb.Response:
    """A page."""
    query = read_query(request, ListQuery)
    return answer(await page_of(request.app[SERVICES], hr_asker_of(request).user_id, query))


async def count_interviews(request: aioweb.Request) -> aioweb.Response:
    """How many there are in each state."""
    query = read_query(request, ListQuery)
    return answer(await counts_of(request.app[SERVICES], hr_asker_of(request).user_id, query))


async def page_of(services: Services, user_id: int, query: ListQuery) -> InterviewPage:
    """A page of the interviews of a user's jobs. Raises Malformed for a cursor of another list."""
    wanted = wanted_by(query)
    order = f"{wanted.sort.value}{'-' if wanted.descending else '+'}"
    after = position_of(query.cursor, order)
    async with services.database.reading() as db_session:
        found = await listing.page(
            db_session, user_id, wanted, limit=query.limit, after=None if after is None else (after[0], str(after[1]))
        )
    items = [views.list_row(summary) for summary in found.rows]
    return InterviewPage(items=items, next_cursor=cursor_of(found.next, order))


async def counts_of(services: Services, user_id: int, query: ListQuery) -> InterviewCounts:
    """How many there are in each state, of those that the other filters leave."""
    async with services.database.reading() as db_session:
        found = await listing.counts(db_session, user_id, wanted_by(query))
    return InterviewCounts(
        total=sum(found.values()),
        by_state={state: found.get(state, 0) for state in InterviewState if state is not InterviewState.DELETED},
    )


def wanted_by(query: ListQuery) -> Wanted:
    """What the query asks for."""
    descending = query.sort not in WORDS if query.descending is None else query.descending
    return Wanted(
        query.search, frozenset(query.state), query.job, query.since, query.until, query.sort, descending=descending
    )
