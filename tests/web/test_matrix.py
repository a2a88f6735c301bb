"""The authorisation matrix: every route of the table for everybody who might ask, each cell asserted.

Refusals come from the whole server as it is. Where the table lets somebody in, the same gate stands before a handler
that says so: what the real one answers depends on more than on who asks.
"""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from aiohttp import ClientSession, DummyCookieJar
from aiohttp import web as aioweb
from sqlalchemy.ext.asyncio import AsyncSession

from db import interviews, own_visits, people
from db.models import JobMember, JobRole, TokenKind
from db.states import InterviewState
from signaling.protocol.tokens import random_token, token_hash
from tests.web.conftest import NOW, Site, bearer
from web import middleware
from web.auth import LOGIN_COOKIE
from web.endpoint import Endpoint
from web.gate import guarded
from web.invitations import NewInterview, set_up
from web.notices import first_words
from web.own.visits import OWN_COOKIE
from web.rights import Access, Scope, is_at_least
from web.services import SERVICES
from web.table import endpoints

ADMITTED = 299
NAMED = {"session_id": "one", "whip_session": "unknown", "token": "unknown"}
"What stands in paths; everything else is 1."
HAVE_COPIES_MADE = {"/api/interviews/{session_id}/exports/mp4"}
"Whoever may read a recording may have it copied into another format; nothing of the interview changes."
ROLES = (JobRole.REVIEWER, JobRole.RECRUITER, JobRole.OWNER)


@dataclass(frozen=True)
class Who:
    """Somebody who asks."""

    name: str
    headers: dict[str, str]
    candidate: bool = False
    "Of the interview in the path."
    role: JobRole | None = None
    "In its job."
    hr: bool = False
    known: bool = True
    "Their token or login counts."
    scopes: frozenset[Scope] | None = None
    "Of their API token; None: no token, or one for everything."
    by_token: bool = False
    visitor: bool = False
    "A browser that was let in to the recording of the interview in the path."

    def expected(self, endpoint: Endpoint) -> int:
        """What the table means for them."""
        access, is_page = endpoint.access, endpoint.doc is None
        if access.is_public:
            return ADMITTED
        if is_page and (not self.hr or self.by_token or not self.known):
            return 302
        if access.own:
            return ADMITTED if self.visitor else 401
        if not self.known:
            return 401
        if self.hr:
            return self._expected_of_hr(access)
        return ADMITTED if access.candidate and self.candidate else 404

    def _expected_of_hr(self, access: Access) -> int:
        if not access.takes_hr:
            return 404
        if self.by_token and (access.scope is None or (self.scopes is not None and access.scope not in self.scopes)):
            return 403
        if access.role is not None and self.role is None:
            return 404
        allowed = access.role is None or (self.role is not None and is_at_least(self.role, access.role))
        return ADMITTED if allowed else 403


async def _everybody(site: Site) -> list[Who]:
    one, other = await site.invite("one"), await site.invite("two")
    revoked = await site.invite("three")
    async with site.services.database.writing() as db_session:
        await interviews.renew_link(db_session, "three")
        users = {role: await people.add_user(db_session, f"{role.value}@example.org", None, NOW) for role in ROLES}
        for role, user in users.items():
            db_session.add(JobMember(job_id=site.job, user_id=user.id, role=role))
        elsewhere = await people.add_user(db_session, "elsewhere@example.org", None, NOW)
        words = first_words(site.services.settings.notice, controller="Example Ltd", contact="hr@example.org")
        job = await people.add_job(db_session, "Another job", elsewhere.id, NOW, **words)
        await set_up(db_session, NewInterview("four", job.id, "Jane Doe"), NOW)
        logins = {role: await _issue(db_session, user.id, TokenKind.LOGIN) for role, user in users.items()}
        tokens = {role: await _issue(db_session, user.id, TokenKind.API) for role, user in users.items()}
        stranger = await _issue(db_session, elsewhere.id, TokenKind.LOGIN)
        stranger_token = await _issue(db_session, elsewhere.id, TokenKind.API)
        owner = users[JobRole.OWNER].id
        expired = await _issue(db_session, owner, TokenKind.API, expires_at=NOW)
        expired_login = await _issue(db_session, owner, TokenKind.LOGIN, expires_at=NOW)
        withdrawn = await _issue(db_session, owner, TokenKind.API)
        await people.revoke_token(db_session, token_hash(withdrawn), NOW + timedelta(seconds=1))
        scoped = {
            scope: await _issue(
                db_session, owner, TokenKind.API, scopes=[each.value for each in Scope if each != scope]
            )
            for scope in Scope
        }
    visit, elsewhere_visit, ended = await _visits(site)
    return [
        Who("nobody", {}, known=False),
        Who("the candidate's visit", _visit(visit), known=False, visitor=True),
        Who("the candidate's visit and link", {**bearer(one.token), **_visit(visit)}, candidate=True, visitor=True),
        Who("a visit to another interview", _visit(elsewhere_visit), known=False),
        Who("a visit that has ended", _visit(ended), known=False),
        Who("candidate", bearer(one.token), candidate=True),
        Who("candidate of another interview", bearer(other.token)),
        Who("candidate whose link was revoked", bearer(revoked.token), known=False),
        Who("HR of another job", _login(stranger), hr=True),
        Who("HR of another job, by token", bearer(stranger_token), hr=True, by_token=True),
        *(Who(role.value, _login(logins[role]), hr=True, role=role) for role in ROLES),
        *(Who(f"{role.value}, by token", bearer(tokens[role]), hr=True, role=role, by_token=True) for role in ROLES),
        *(
            Who(
                f"owner, by a token without {scope.value}",
                bearer(token),
                hr=True,
                role=JobRole.OWNER,
                by_token=True,
                scopes=frozenset(Scope) - {scope},
            )
            for scope, token in scoped.items()
        ),
        Who("expired token", bearer(expired), hr=True, known=False, by_token=True),
        Who("expired login", _login(expired_login), hr=True, known=False),
        Who("revoked token", bearer(withdrawn), hr=True, known=False, by_token=True),
        Who("a token of nobody's", bearer(random_token()), hr=True, known=False, by_token=True),
        Who("a login that is an API token", _login(tokens[JobRole.OWNER]), hr=True, known=False),
        Who("a token that is a login", bearer(logins[JobRole.OWNER]), hr=True, known=False, by_token=True),
    ]


async def _issue(db_session: AsyncSession, user_id: int, kind: TokenKind, **more: object) -> str:
    token = random_token()
    await people.issue_token(db_session, user_id, kind, token_hash(token), NOW, **more)  # type: ignore[arg-type]  # as the caller says
    return token


async def _visits(site: Site) -> list[str]:
    """One to the interview, one to another, one that has ended."""
    now, tokens = site.services.clock.utc_now(), [random_token() for _ in range(3)]
    long_ago = now - timedelta(days=1)
    async with site.services.database.writing() as db_session:
        for session_id in ("one", "two"):
            (await interviews.get_interview(db_session, session_id)).state = InterviewState.READY
        for token, session_id, at in zip(tokens, ("one", "two", "one"), (now, now, long_ago), strict=True):
            await own_visits.begin(db_session, session_id, token_hash(token), at, by_code=True)
    return tokens


def _visit(token: str) -> dict[str, str]:
    return {"Cookie": f"{OWN_COOKIE}={token}"}


def _login(token: str) -> dict[str, str]:
    return {"Cookie": f"{LOGIN_COOKIE}={token}", "Sec-Fetch-Site": "same-origin"}


def _path(endpoint: Endpoint, site: Site) -> str:
    path = endpoint.path.replace("{job_id}", str(site.job))
    for name, value in NAMED.items():
        path = path.replace(f"{{{name}}}", value)
    while "{" in path:
        path = path[: path.index("{")] + "1" + path[path.index("}") + 1 :]
    return path


@pytest.fixture
async def gates(site: Site, unused_tcp_port_factory: object) -> AsyncIterator[str]:
    """The same gate before handlers that say that somebody came in; its address."""

    async def admitted(_request: aioweb.Request) -> aioweb.Response:
        return aioweb.Response(status=ADMITTED)

    app = aioweb.Application(middlewares=[middleware.answer_errors])
    app[SERVICES] = site.services
    for endpoint in endpoints():
        app.router.add_route(endpoint.method, endpoint.path, guarded(replace(endpoint, handler=admitted)))
    runner = aioweb.AppRunner(app, access_log=None)
    await runner.setup()
    served = aioweb.TCPSite(runner, "127.0.0.1", 0)
    await served.start()
    host, port = runner.addresses[0][:2]
    yield f"http://{host}:{port}"
    await runner.cleanup()


@pytest.fixture
def limits() -> dict[str, str]:
    """Everybody comes from one address, and with many wrong tokens."""
    return {"refused_tokens": "100000/minute"}


def _guarded_by_the_gate() -> Iterator[Endpoint]:
    return (endpoint for endpoint in endpoints() if not endpoint.access.checked_by_handler)


async def test_every_route_for_everybody(site: Site, gates: str) -> None:
    everybody = await _everybody(site)
    wrong, cells = [], 0
    async with ClientSession(cookie_jar=DummyCookieJar()) as http:
        for endpoint in _guarded_by_the_gate():
            for who in everybody:
                expected = who.expected(endpoint)
                root = gates if expected == ADMITTED else site.url
                async with http.request(
                    endpoint.method, root + _path(endpoint, site), headers=who.headers, allow_redirects=False
                ) as response:
                    cells += 1
                    if response.status != expected:
                        wrong.append(
                            f"{endpoint.method} {endpoint.path}, {who.name}: {response.status}, not {expected}"
                        )
    assert not wrong, "\n".join(wrong)
    print(f"{cells} cells")
    assert cells > 300


async def test_what_guards_itself_lets_no_stranger_in(site: Site) -> None:
    strangers = [who for who in await _everybody(site) if not who.candidate]
    async with ClientSession(site.url, cookie_jar=DummyCookieJar()) as http:
        for endpoint in endpoints():
            if not endpoint.access.checked_by_handler or "/whip/" not in endpoint.path:
                continue
            for who in strangers:
                async with http.request(endpoint.method, _path(endpoint, site), headers=who.headers) as response:
                    expected = 404 if who.known and "Authorization" in who.headers else 401
                    assert response.status == expected, f"{endpoint.method} {endpoint.path}, {who.name}"


def test_whoever_guards_themselves_says_why() -> None:
    by_themselves = {endpoint.path for endpoint in endpoints() if endpoint.access.checked_by_handler}
    assert by_themselves == {
        "/i/{token}",
        "/hr/enter",
        "/metrics",
        "/api/interviews/{session_id}/live",
        "/whip/{session_id}",
        "/whip/{session_id}/{whip_session}",
    }


def test_a_path_that_asks_for_a_role_names_a_job() -> None:
    for endpoint in endpoints():
        if endpoint.access.role is not None:
            assert "{session_id}" in endpoint.path or "{job_id}" in endpoint.path, endpoint.path


def test_reading_changes_nothing_and_changing_needs_a_scope_of_its_own() -> None:
    for endpoint in endpoints():
        scope = endpoint.access.scope
        if scope is not None and endpoint.method != "GET" and endpoint.path not in HAVE_COPIES_MADE:
            assert not scope.value.endswith(":read"), endpoint.path
