"""What happens to every request: who it comes from, headers, one line in the log, and what becomes of an error."""

import logging
from collections.abc import Mapping

import aiohttp_jinja2
import structlog
from aiohttp import web as aioweb
from aiohttp.typedefs import Handler, Middleware

from db.clock import Clock
from db.errors import NotNow
from signaling.aio.errors import Problem, TooOften, Unauthorised, UnsupportedMediaType
from web.addresses import shortened
from web.embedding import EmbeddingSettings
from web.limits import Limits
from web.logs import masked_path
from web.problems import FromElsewhere, Internal, problem_of
from web.proxies import read_origin
from web.services import SERVICES
from web.settings import WebSettings

logger = logging.getLogger(__name__)

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
PROGRAM_PATHS = ("/api/", "/whip/", "/healthz", "/readyz", "/metrics")
"Below these an error is a problem document; everywhere else a page."

QUIET_PATHS = ("/static/", "/healthz", "/readyz", "/metrics")
"Asked for too often to fill the log with."

MOST_OF_AN_ID = 128
"Characters of an interview's id that a line of the log bears; anybody can write a longer one into a path."

ENTRANCE = "/hr/enter"
"Where a host platform's page sends a person with a token that vouches for them."

FRAMED = ("/i/", "/check")
"Pages that a host platform may show in its own."

UNCOMPRESSED = frozenset({"Range", "If-None-Match", "If-Modified-Since", "If-Match", "If-Unmodified-Since"})
"Requests whose answer may have no body, or a piece of one."

YEAR_S = 31_536_000

ANSWER_BEGUN = aioweb.RequestKey("answer_begun", bool)
"Set once the head of an answer goes out; nothing else can be answered then."


def path_of(request: aioweb.Request) -> str:
    """The path below the base path of the settings."""
    return request.path.removeprefix(request.app[SERVICES].settings.web.base_path)


def trust_proxies(settings: WebSettings) -> Middleware:
    """Give handlers the client's address and scheme as `request.remote` and `request.scheme`."""
    trusted = settings.proxies

    @aioweb.middleware
    async def middleware(request: aioweb.Request, handler: Handler) -> aioweb.StreamResponse:
        headers = request.headers
        origin = read_origin(
            request.remote or "",
            request.scheme,
            headers.getall("X-Forwarded-For", []),
            headers.getall("X-Forwarded-Proto", []),
            trusted,
        )
        return await handler(request.clone(remote=origin.address, scheme=origin.scheme))

    return middleware


def log_access(clock: Clock, settings: WebSettings) -> Middleware:
    """One line for each request, without queries and tokens, and with as much of an address as the settings say."""

    @aioweb.middleware
    async def middleware(request: aioweb.Request, handler: Handler) -> aioweb.StreamResponse:
        began = clock.monotonic()
        status = 500
        structlog.contextvars.clear_contextvars()  # one task answers all requests of a connection
        if session_id := request.match_info.get("session_id"):
            structlog.contextvars.bind_contextvars(session_id=session_id[:MOST_OF_AN_ID])
        try:
            response = await handler(request)
            status = response.status
        finally:
            say = logger.debug if path_of(request).startswith(QUIET_PATHS) else logger.info
            facts = {"status": status, "ms": round((clock.monotonic() - began) * 1000, 1), **_whence(request, settings)}
            say("%s %s", request.method, masked_path(path_of(request)), extra=facts)
        return response

    return middleware


def _whence(request: aioweb.Request, settings: WebSettings) -> dict[str, str]:
    address = request.remote or ""
    match settings.log_addresses:
        case "full":
            return {"remote": address}
        case "short":
            return {"remote": shortened(address)}
        case _:
            return {}


def _cors_of(headers: Mapping[str, str]) -> dict[str, str]:
    """What lets another site's page read a refusal."""
    return {name: value for name, value in headers.items() if name.startswith("Access-Control-")}


def refuse_guessing(limits: Limits) -> Middleware:
    """Count tokens that are none by where they come from; whoever brings too many is told to wait."""

    @aioweb.middleware
    async def middleware(request: aioweb.Request, handler: Handler) -> aioweb.StreamResponse:
        try:
            response = await handler(request)
        except Unauthorised as refusal:
            try:
                await limits.refused(request.remote or "")
            except TooOften as wait:
                wait.headers.update(_cors_of(refusal.headers))
                raise
            raise
        if response.status == Unauthorised.status:
            await limits.refused(request.remote or "")
        return response

    return middleware


@aioweb.middleware
async def refuse_encoded(request: aioweb.Request, handler: Handler) -> aioweb.StreamResponse:
    """Take no body that is compressed: nothing that comes here gains by it, and a kilobyte can hold a gigabyte."""
    if request.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        raise UnsupportedMediaType("Send the body as it is, without Content-Encoding.")
    return await handler(request)


@aioweb.middleware
async def compress_static(request: aioweb.Request, handler: Handler) -> aioweb.StreamResponse:
    """Send scripts and styles compressed: phones on slow networks load the candidate's page, too.

    They are the same for everybody, so the compressed length tells nobody anything.
    """
    response = await handler(request)
    if path_of(request).startswith("/static/") and isinstance(response, aioweb.FileResponse):
        # aiohttp would send an end of compressed data where no body belongs, and ranges count the bytes of the file.
        if request.method == "GET" and not any(name in request.headers for name in UNCOMPRESSED):
            response.enable_compression()
        response.headers["Vary"] = "Accept-Encoding"
    return response


@aioweb.middleware
async def answer_errors(request: aioweb.Request, handler: Handler) -> aioweb.StreamResponse:
    """Turn every exception into an answer by its type. No exception's text reaches anybody."""
    try:
        return await handler(request)
    except aioweb.HTTPRedirection as redirection:
        return aioweb.Response(status=redirection.status, headers={"Location": redirection.headers["Location"]})
    except Exception as error:
        problem = problem_of(error)
        if problem is None:
            logger.exception("%s %s failed", request.method, masked_path(path_of(request)))
            problem = Internal()
        elif isinstance(error, (OSError, NotNow)):  # whoever asked is told; whoever runs the server wants to know why
            logger.warning("%s %s: %r", request.method, masked_path(path_of(request)), error)
        if request.get(ANSWER_BEGUN):
            raise  # a second answer cannot follow the first; aiohttp closes the connection
        return answer_problem(request, problem)


def answer_problem(request: aioweb.Request, problem: Problem) -> aioweb.Response:
    """A problem document for programs, a plain page for people."""
    if path_of(request).startswith(PROGRAM_PATHS):
        return aioweb.json_response(
            problem.document(),
            status=problem.status,
            headers=problem.headers,
            content_type="application/problem+json",
        )
    context = {"title": problem.title, "sentence": problem.detail, "what_to_do": "", "link": None}
    response = aiohttp_jinja2.render_template("error.html", request, context, status=problem.status)
    response.headers.update(problem.headers)
    return response


def answer_preflights(settings: EmbeddingSettings) -> Middleware:
    """Tell browsers whether another site's scripts may call the API (CORS); without cookies, since a token is sent."""

    @aioweb.middleware
    async def middleware(request: aioweb.Request, handler: Handler) -> aioweb.StreamResponse:
        is_preflight = request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers
        if is_preflight and path_of(request).startswith("/api/") and _may_call(settings, request):
            return aioweb.Response(status=204, headers=_PREFLIGHT)
        return await handler(request)

    return middleware


_PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, HEAD, POST, PUT, PATCH, DELETE",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Accept-Language, If-Match, If-None-Match, Range",
    "Access-Control-Max-Age": "7200",
}
_EXPOSED = "Content-Disposition, Content-Range, ETag, Location, Retry-After, WWW-Authenticate"


def _may_call(settings: EmbeddingSettings, request: aioweb.Request) -> bool:
    origin = request.headers.get("Origin")
    return origin is not None and ("*" in settings.cors_origins or origin in settings.cors_origins)


def refuse_other_sites(settings: WebSettings) -> Middleware:
    """Refuse what another site's page makes a signed-in person's browser send.

    Bearer tokens are never sent by themselves, so they need no such check. A browser too old for Sec-Fetch-Site, or
    one on plain http, sends `Origin: null` from our own pages (they send no referrer); there the cookie's
    SameSite=Lax is what keeps other sites out.
    """

    @aioweb.middleware
    async def middleware(request: aioweb.Request, handler: Handler) -> aioweb.StreamResponse:
        carries_proof = "Authorization" in request.headers or path_of(request) == ENTRANCE
        if request.method not in SAFE_METHODS and not carries_proof:
            own = {settings.origin, f"{request.scheme}://{request.host}"}
            if not _comes_from(request.headers, own):
                raise FromElsewhere("Open the page on this site and try again there.")
        return await handler(request)

    return middleware


def _comes_from(headers: Mapping[str, str], own_origins: set[str]) -> bool:
    site = headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in {"same-origin", "none"}
    return headers.get("Origin", "null") in {"null", *own_origins}


class SecurityHeaders:
    """Headers of every response; connect :meth:`add` to `on_response_prepare`, which streams and sockets pass too."""

    def __init__(self, settings: WebSettings, embedding: EmbeddingSettings) -> None:
        self._secure = settings.secure
        self._embedding = embedding
        # Older Safari does not count wss: as 'self'.
        socket = settings.origin.replace("http", "ws", 1)
        self._headers = {
            "Content-Security-Policy": (
                "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
                f"media-src 'self' blob:; connect-src 'self' {socket}; form-action 'self'; base-uri 'none'; "
                "frame-ancestors 'none'"
            ),
            "Cross-Origin-Opener-Policy": "same-origin",
            "Permissions-Policy": "camera=(self), microphone=(self), display-capture=(), geolocation=()",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
            "Cache-Control": "no-store",
        }

    async def add(self, request: aioweb.Request, response: aioweb.StreamResponse) -> None:
        """Add what the handler has not set itself, and note that an answer has begun."""
        request[ANSWER_BEGUN] = True
        path = path_of(request)
        is_framed = path.startswith(FRAMED) and bool(self._embedding.frame_ancestors)
        if path.startswith("/static/"):
            response.headers["Cache-Control"] = "no-cache"  # asked for again, sent again only when it has changed
            response.headers["Access-Control-Allow-Origin"] = "*"  # the same for everybody, and nobody's secret
        elif path.startswith("/api/") and self._embedding.cors_origins:
            self._let_call(request, response)
        elif is_framed:
            self._let_frame(response)
        for name, value in self._headers.items():
            response.headers.setdefault(name, value)
        if is_framed:
            del response.headers["X-Frame-Options"]  # it cannot name sites
        if self._secure:
            response.headers.setdefault("Strict-Transport-Security", f"max-age={YEAR_S}")
        response.headers.pop("Server", None)

    def _let_call(self, request: aioweb.Request, response: aioweb.StreamResponse) -> None:
        response.headers.add("Vary", "Origin")
        if _may_call(self._embedding, request):
            response.headers["Access-Control-Allow-Origin"] = request.headers["Origin"]
            response.headers["Access-Control-Expose-Headers"] = _EXPOSED

    def _let_frame(self, response: aioweb.StreamResponse) -> None:
        framed = " ".join(["frame-ancestors", "'self'", *self._embedding.frame_ancestors])
        policy = self._headers["Content-Security-Policy"]
        response.headers["Content-Security-Policy"] = policy.replace("frame-ancestors 'none'", framed)
