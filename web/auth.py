"""Who is asking: a candidate by their link's token, somebody of HR by an API token or the cookie of a signed-in browser."""

from dataclasses import dataclass
from datetime import timedelta

import structlog
from aiohttp import web as aioweb
from sqlalchemy.ext.asyncio import AsyncSession

from db import audit as audit_rows
from db import interviews, people, tokens
from db.audit import Actor, ActorKind, AuditEvent, Details
from db.clock import Clock
from db.engine import Database
from db.errors import NotFound
from db.models import InterviewSession, TokenKind, User, UserToken
from db.states import InterviewState
from signaling.aio.errors import Unauthorised, UnknownInterview
from signaling.aio.rates import Rate
from signaling.protocol.tokens import BadToken, is_candidate_token, random_token, read_candidate_token, token_hash
from web.addresses import shortened
from web.audit_log import AuditLog, Once
from web.host_tokens import BadHostToken, HostTokens, Voucher
from web.passwords import PasswordChecker
from web.rights import Scope
from web.settings import WebSettings

LOGIN_COOKIE = "holdfast_login"
TOKEN_USE_NOTED_EVERY = timedelta(hours=1)
SIGN_IN_LINK_LASTS = timedelta(hours=1)
BY_HOST = "host"
"How the audit calls a sign-in that a host platform vouched for."
BY_LINK = "link"
"What a login is called that a one-time link began."
MAX_USER_AGENT = 500


@dataclass(frozen=True, slots=True)
class CandidateAsker:
    """Whoever holds the link of one interview."""

    session_id: str
    "That interview."


@dataclass(frozen=True, slots=True)
class HrAsker:
    """Somebody of HR."""

    user_id: int
    "Their row."
    email: str
    "How they are called on the pages."
    by_token: bool = False
    "They sent an API token; otherwise a browser is signed in."
    scopes: frozenset[Scope] | None = None
    "What the API token is good for; None: whatever its user may."
    token_id: int = 0
    "The row of the token or login that they came with."
    by_link: bool = False
    "They signed in with a one-time link, which stands for the password until they have chosen a new one."


Asker = CandidateAsker | HrAsker


class Auth:
    """Tokens and passwords against the database. A failure is Unauthorised; too many attempts to sign in are TooOften."""

    def __init__(
        self,
        database: Database,
        server_key: bytes,
        clock: Clock,
        settings: WebSettings,
        audit: AuditLog,
        host_tokens: HostTokens | None = None,
    ) -> None:
        self._database = database
        self._server_key = server_key
        self._clock = clock
        self._login_lasts = timedelta(days=settings.login_days)
        self.cookie_path = settings.base_path or "/"
        "Cookies are for what lies below it."
        self._audit = audit
        self._host_tokens = host_tokens
        self._passwords = PasswordChecker()
        self._sign_in_rate = Rate(settings.sign_in_rate, clock)

    # --- who is asking -----------------------------------------------------------

    async def asker(self, request: aioweb.Request) -> Asker:
        """Whoever sent this request. A bearer token wins over a cookie."""
        if "Authorization" in request.headers:
            return await self._bearer(request.headers["Authorization"])
        return await self.signed_in(request)

    async def signed_in(self, request: aioweb.Request) -> HrAsker:
        """Whoever is signed in to this browser."""
        token = request.cookies.get(LOGIN_COOKIE)
        if not token:
            raise Unauthorised
        return await self._user_of(token, TokenKind.LOGIN)

    async def candidate(self, token: str) -> CandidateAsker:
        """Whoever holds this link. Raises Unauthorised for one that is not ours or was revoked."""
        try:
            claim = read_candidate_token(self._server_key, token)
        except BadToken:
            raise Unauthorised from None
        async with self._database.reading() as db_session:
            interview = await db_session.get(InterviewSession, claim.session_id)
        if interview is None or interview.link_revoked_at or interview.link_version != claim.link_version:
            raise Unauthorised
        structlog.contextvars.bind_contextvars(session_id=claim.session_id)  # a link's path does not tell it
        return CandidateAsker(claim.session_id)

    async def publisher(self, request: aioweb.Request) -> str:
        """The session id that the bearer token of a WHIP request is good for; cookies do not count there."""
        asker = await self._bearer(request.headers.get("Authorization", ""))
        if not isinstance(asker, CandidateAsker):
            raise UnknownInterview("Only a candidate's token may publish.")
        return asker.session_id

    async def check_candidate(self, token: str, session_id: str) -> None:
        """For the control channel's hello. Raises Unauthorised and UnknownInterview."""
        asker = await self.candidate(token)
        if asker.session_id != session_id:
            raise UnknownInterview("There is no such interview.")

    async def _bearer(self, header: str) -> Asker:
        scheme, _, token = header.partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not token:
            raise Unauthorised
        if HostTokens.looks_like_one(token):
            voucher = self._voucher(token)
            user = await self._vouched_for(voucher)
            details: Details = {"by": BY_HOST, "as": "program"}
            self._audit.note(AuditEvent.SIGNED_IN, _actor(user.email), details=details, once=Once.AN_HOUR)
            return HrAsker(user.id, user.email, by_token=True, scopes=voucher.scopes)
        if is_candidate_token(token):
            return await self.candidate(token)
        return await self._user_of(token, TokenKind.API)

    async def _user_of(self, token: str, kind: TokenKind) -> HrAsker:
        now = self._clock.utc_now()
        try:
            async with self._database.reading() as db_session:
                found = await people.verify_token(db_session, token_hash(token), kind, now)
        except NotFound:
            raise Unauthorised from None
        await self._note_use(found)
        scopes = None if found.scopes is None else frozenset(map(Scope, found.scopes))
        return HrAsker(
            found.user.id,
            found.user.email,
            by_token=kind is TokenKind.API,
            scopes=scopes,
            token_id=found.id,
            by_link=kind is TokenKind.LOGIN and found.name == BY_LINK,
        )

    async def _note_use(self, token: UserToken) -> None:
        now = self._clock.utc_now()
        if token.last_used_at is None or now - token.last_used_at > TOKEN_USE_NOTED_EVERY:
            async with self._database.writing() as db_session:
                await people.note_token_use(db_session, token.id, now)

    # --- whom a host platform vouches for ------------------------------------------

    async def enter(self, token: str, address: str, user_agent: str = "") -> str:
        """Sign somebody in whom a host platform vouches for, once with each token; returns the login token."""
        await self._sign_in_rate.check(f"address {address}")
        voucher = self._voucher(token)
        user = await self._vouched_for(voucher)
        used = token_hash(f"host {token}")
        async with self._database.writing() as db_session:
            if await people.knows_token(db_session, used):
                self._note_failed(BY_HOST, voucher.email)
                raise Unauthorised
            now = self._clock.utc_now()
            await people.issue_token(db_session, user.id, TokenKind.SIGN_IN, used, now, expires_at=voucher.expires_at)
            await people.use_sign_in_token(db_session, used, now)
            return await self._issue_login(db_session, user, address, user_agent, by=BY_HOST)

    def _voucher(self, token: str) -> Voucher:
        try:
            if self._host_tokens is None:
                raise Unauthorised
            return self._host_tokens.read(token)
        except BadHostToken:
            self._note_failed(BY_HOST)
            raise Unauthorised from None

    async def _vouched_for(self, voucher: Voucher) -> User:
        async with self._database.reading() as db_session:
            user = await people.find_user(db_session, voucher.email)
        if user is not None:
            return user
        if self._host_tokens is None or not self._host_tokens.adds_users:
            raise Unauthorised
        async with self._database.writing() as db_session:
            user = await people.find_user(db_session, voucher.email)
            return user or await people.add_user(db_session, voucher.email, None, self._clock.utc_now())

    # --- signing in and out --------------------------------------------------------

    async def sign_in(self, email: str, password: str, address: str, user_agent: str = "") -> str:
        """Check a password; returns the login token for the cookie."""
        await self._sign_in_rate.check(f"address {address}")
        await self._sign_in_rate.check(f"email {people.normal_email(email)}")
        async with self._database.reading() as db_session:
            user = await people.find_user(db_session, email)
        fits = await self._passwords.fits(password, user.password_hash if user else None)
        if user is None or not fits:
            # What was typed may be anything, a password too: only the e-mail of somebody who is known is kept.
            self._note_failed("password", user.email if user else "")
            raise Unauthorised
        async with self._database.writing() as db_session:
            return await self._issue_login(db_session, user, address, user_agent)

    async def use_link(self, token: str, address: str, user_agent: str = "") -> str:
        """Use a one-time sign-in link up; returns the login token for the cookie."""
        await self._sign_in_rate.check(f"address {address}")
        try:
            async with self._database.writing() as db_session:
                user = await people.use_sign_in_token(db_session, token_hash(token), self._clock.utc_now())
                return await self._issue_login(db_session, user, address, user_agent, by=BY_LINK)
        except NotFound:
            self._note_failed(BY_LINK)
            raise Unauthorised from None

    async def check_password(self, asker: HrAsker, password: str) -> bool:
        """Whether it is the asker's. Counts like an attempt to sign in."""
        await self._sign_in_rate.check(f"email {asker.email}")
        async with self._database.reading() as db_session:
            user = await people.get_user(db_session, asker.email)
        return await self._passwords.fits(password, user.password_hash)

    async def change_password(self, asker: HrAsker, password_hash: str) -> None:
        """Replace the asker's password; whoever else is signed in as them has to sign in again."""
        async with self._database.writing() as db_session:
            await people.set_password(db_session, asker.user_id, password_hash)
            await tokens.end_others(db_session, asker.user_id, asker.token_id, self._clock.utc_now())
            # A link that was printed before is no way around the new password.
            await people.revoke_tokens(db_session, asker.user_id, TokenKind.SIGN_IN, self._clock.utc_now())
            login = await db_session.get_one(UserToken, asker.token_id)
            login.name = ""
            now = self._clock.utc_now()
            await audit_rows.record(db_session, AuditEvent.PASSWORD_CHANGED, now, actor=_actor(asker.email))

    async def sign_out(self, request: aioweb.Request) -> None:
        """End the login of this browser, if it has one."""
        token = request.cookies.get(LOGIN_COOKIE)
        if token:
            now = self._clock.utc_now()
            async with self._database.writing() as db_session:
                email = await people.revoke_token(db_session, token_hash(token), now)
                if email is not None:
                    await audit_rows.record(db_session, AuditEvent.SIGNED_OUT, now, actor=_actor(email))

    async def forget_ended(self) -> None:
        """Remove logins that are over: where somebody signed in is kept as long as they are signed in."""
        async with self._database.writing() as db_session:
            await tokens.forget_ended(db_session, self._clock.utc_now())

    def set_cookie(self, response: aioweb.StreamResponse, login: str, *, secure: bool) -> None:
        """Give the browser its login. SameSite=Lax keeps it out of what other sites send."""
        age = int(self._login_lasts.total_seconds())
        response.set_cookie(
            LOGIN_COOKIE, login, max_age=age, httponly=True, samesite="Lax", secure=secure, path=self.cookie_path
        )

    async def _issue_login(
        self, db_session: AsyncSession, user: User, address: str, user_agent: str, *, by: str = "password"
    ) -> str:
        now = self._clock.utc_now()
        await tokens.forget_ended(db_session, now)
        token = random_token()
        await people.issue_token(
            db_session,
            user.id,
            TokenKind.LOGIN,
            token_hash(token),
            now,
            expires_at=now + self._login_lasts,
            name=BY_LINK if by == BY_LINK else "",
            user_agent=user_agent[:MAX_USER_AGENT],
            address=shortened(address),
        )
        details: Details = {"by": by, "as": "browser"}
        await audit_rows.record(db_session, AuditEvent.SIGNED_IN, now, actor=_actor(user.email), details=details)
        return token

    def _note_failed(self, by: str, email: str = "") -> None:
        self._audit.note(AuditEvent.SIGN_IN_FAILED, _actor(email), details={"by": by})


def _actor(email: str) -> Actor:
    return Actor(ActorKind.USER, email)


async def interview_for(db_session: AsyncSession, asker: Asker, session_id: str) -> InterviewSession:
    """The interview, whole, if this asker may see it. Raises NotFound: unknown, someone else's, deleted."""
    match asker:
        case HrAsker(user_id):
            interview = await interviews.get_interview_for(db_session, session_id, user_id)
        case CandidateAsker(own) if own == session_id:
            interview = await interviews.get_interview(db_session, session_id)
        case CandidateAsker():
            raise NotFound("someone else's interview")
    if interview.state is InterviewState.DELETED:
        raise NotFound("the interview was deleted")
    return interview
