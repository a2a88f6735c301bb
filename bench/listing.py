"""The list of many interviews: how long the server takes for a page, and for a search.

    python -m bench.listing --interviews 10000

Asks a whole server over loopback: the API and HR's page, in every order, first page and deep pages, and searches that
find much, little and nothing.
"""

import argparse
import asyncio
import random
import statistics
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from socket import socket

from aiohttp import ClientSession
from aiohttp import web as aioweb

from bench.report import print_table, print_verdict
from db import people
from db.clock import SystemClock
from db.listing import Sort
from db.models import Candidate, InterviewSession, JobMember, JobRole, Part, PartSource, TokenKind
from db.search import search_key
from db.states import InterviewState, PartState
from signaling.protocol.tokens import random_token, token_hash
from web.app import create_app, open_services
from web.services import Services
from web.settings import load_settings

WITHIN_MS = 50.0
REPEATS = 12
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
JOBS = ["Lighthouse Keeper", "Baker", "Nurse", "Night Guard", "Teacher", "Gardener", "Pilot", "Cook", "Clerk", "Tailor"]
FIRST = [
    "Ana",
    "Zoë",
    "John",
    "Ömer",
    "Li",
    "Fatima",
    "Søren",
    "Ivan",
    "Chloé",
    "Noor",
    "Peter",
    "Mary",
    "Tomás",
    "Łucja",
]
LAST = [
    "Müller",
    "Smith",
    "Çelik",
    "Nowak",
    "García",
    "Wang",
    "Jensen",
    "O'Neill",
    "Kowalska",
    "Dubois",
    "Rossi",
    "Ali",
]


async def fill(services: Services, count: int) -> str:
    """So many interviews of ten jobs, each with two parts; returns an API token of somebody who sees them all."""
    drawn = random.Random(4)
    async with services.database.writing() as db_session:
        user = await people.add_user(db_session, "hr@example.org", None, NOW)
        other = await people.add_user(db_session, "other@example.org", None, NOW)
        jobs = [
            await people.add_job(db_session, title, (user if n < 8 else other).id, NOW) for n, title in enumerate(JOBS)
        ]
        db_session.add_all(JobMember(job_id=job.id, user_id=user.id, role=JobRole.REVIEWER) for job in jobs[8:])
        token = random_token()
        await people.issue_token(db_session, user.id, TokenKind.API, token_hash(token), NOW)
    states = (
        [InterviewState.READY] * 14
        + [InterviewState.INVITED] * 4
        + [InterviewState.INTERRUPTED, InterviewState.EXPIRED]
    )
    for begin in range(0, count, 1_000):
        async with services.database.writing() as db_session:
            for number in range(begin, min(begin + 1_000, count)):
                name = f"{drawn.choice(FIRST)} {drawn.choice(LAST)} {number}"
                candidate = Candidate(
                    name=name,
                    email=f"person{number}@example.org",
                    folder=f"Person_{number}",
                    folder_key=f"person_{number}",
                    search_key=search_key(name, f"person{number}@example.org"),
                    created_at=NOW,
                )
                db_session.add(candidate)
                await db_session.flush()
                db_session.add(_interview(drawn, candidate.id, drawn.choice(jobs).id, drawn.choice(states), number))
    return token


def _interview(
    drawn: random.Random, candidate_id: int, job_id: int, state: InterviewState, number: int
) -> InterviewSession:
    began = NOW - timedelta(minutes=drawn.randrange(500_000))
    session_id = f"{drawn.getrandbits(80):020x}"
    lengths = [drawn.randrange(60_000, 900_000) for _ in range(2)] if state is not InterviewState.INVITED else []
    return InterviewSession(
        session_id=session_id,
        job_id=job_id,
        candidate_id=candidate_id,
        state=state,
        created_at=began,
        started_at=began if lengths else None,
        recorded_ms=sum(lengths),
        recorded_bytes=sum(lengths) * 38,
        parts=[
            Part(
                number=n,
                state=PartState.STORED,
                source=PartSource.LIVE,
                path=f"{number}/{n}",
                started_at=began,
                duration_ms=length,
                size_bytes=length * 38,
            )
            for n, length in enumerate(lengths, start=1)
        ],
    )


async def asked(http: ClientSession, path: str, query: dict[str, str]) -> tuple[float, dict[str, object]]:
    """How long an answer took in ms, and what it was where it is JSON."""
    began = time.perf_counter()
    async with http.get(path, params=query) as response:
        body = await response.read()
    took = (time.perf_counter() - began) * 1_000
    if response.status != 200:
        raise SystemExit(f"{path} {query}: {response.status} {body[:200]!r}")
    return took, await response.json() if response.content_type == "application/json" else {}


async def deep_cursor(http: ClientSession, sort: Sort, pages: int) -> str:
    """The cursor of a page far down."""
    query = {"sort": sort.value, "limit": "200"}
    for _ in range(pages):
        _, page = await asked(http, "/api/interviews", query)
        if page["next_cursor"] is None:
            break
        query["cursor"] = str(page["next_cursor"])
    return query["cursor"]


async def measure(http: ClientSession, page: ClientSession, count: int) -> bool:
    """Print every row; returns whether all were quick enough."""
    rows: list[tuple[str, float, float, float]] = []

    async def row(name: str, client: ClientSession, path: str, query: dict[str, str]) -> None:
        took = sorted([(await asked(client, path, query))[0] for _ in range(REPEATS)])
        rows.append((name, statistics.median(took), took[-2], took[-1]))

    for sort in Sort:
        await row(f"API by {sort.value}", http, "/api/interviews", {"sort": sort.value})
        cursor = await deep_cursor(http, sort, count // 400)
        await row(
            f"API by {sort.value}, half way down", http, "/api/interviews", {"sort": sort.value, "cursor": cursor}
        )
    for words in ("a", "muller", "person4711@", "zoe keeper", "nobody at all"):
        await row(f"API search “{words}”", http, "/api/interviews", {"search": words})
        await row(f"counts, search “{words}”", http, "/api/interview-counts", {"search": words})
    await row("HR's page", page, "/hr", {})
    await row("HR's page, search “muller”", page, "/hr", {"search": "muller"})
    await row("HR's page, search “nobody”", page, "/hr", {"search": "nobody"})
    print_table(
        f"{count:,} interviews: time until the whole answer was there, ms", ["asked for", "p50", "p90", "worst"], rows
    )
    worst = max(median for _, median, _, _ in rows)
    print_verdict(
        f"every page and search within {WITHIN_MS:.0f} ms (slowest median {worst:.1f} ms)", met=worst < WITHIN_MS
    )
    return worst < WITHIN_MS


async def run(count: int) -> bool:
    """Fill a server and ask it."""
    with socket() as free, tempfile.TemporaryDirectory() as folder:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        settings = load_settings(None, {"data": Path(folder) / "data", "web": {"port": port}})
        free.close()
        async with open_services(settings, SystemClock()) as services:
            runner = aioweb.AppRunner(create_app(services), access_log=None)
            await runner.setup()
            await aioweb.TCPSite(runner, "127.0.0.1", port).start()
            token = await fill(services, count)
            login = random_token()
            async with services.database.writing() as db_session:
                user = await people.get_user(db_session, "hr@example.org")
                await people.issue_token(db_session, user.id, TokenKind.LOGIN, token_hash(login), NOW)
            url = f"http://127.0.0.1:{port}"
            try:
                async with (
                    ClientSession(url, headers={"Authorization": f"Bearer {token}"}) as http,
                    ClientSession(url, headers={"Cookie": f"holdfast_login={login}"}) as page,
                ):
                    return await measure(http, page, count)
            finally:
                await runner.cleanup()


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--interviews", type=int, default=10_000)
    raise SystemExit(0 if asyncio.run(run(parser.parse_args().interviews)) else 1)


if __name__ == "__main__":
    main()
