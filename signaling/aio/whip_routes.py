"""WHIP (RFC 9725) over aiohttp: read the request, one call to :class:`LiveInterviews`, say what came of it."""

from collections.abc import Awaitable, Callable
from functools import wraps
from urllib.parse import quote

from aiohttp import web as aioweb
from multidict import CIMultiDict

from db.clock import Clock
from signaling.aio import errors
from signaling.aio.bodies import whole
from signaling.aio.live_interviews import LiveInterviews
from signaling.aio.rates import Rate
from signaling.protocol.control import is_client_id
from signaling.protocol.ice_servers import IceServer
from signaling.protocol.offer import preferring, read_offer
from signaling.protocol.sdp import MalformedSdp, UnacceptableOffer
from signaling.protocol.whip import ice_server_links, read_trickle
from signaling.settings import SignalingSettings

SDP = "application/sdp"
TRICKLE = "application/trickle-ice-sdpfrag"

Authorise = Callable[[aioweb.Request], Awaitable[str]]
"The candidate's session id from the request's Bearer token; raises Unauthorised."
Method = Callable[["Whip", aioweb.Request], Awaitable[aioweb.StreamResponse]]

# Bearer tokens are sent on purpose, never by the browser itself, so any page that has one may use it (RFC 9725 section 4.7).
_ANY_ORIGIN = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Location, ETag, Link, Retry-After",
}
_PREFLIGHT = {
    "Access-Control-Allow-Methods": "OPTIONS, GET, POST, PATCH, DELETE",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, If-Match, Holdfast-Client",
    "Access-Control-Max-Age": "86400",
}


def _from_any_origin(method: Method) -> Method:
    """Let pages of other origins read the response, a refusal as well."""

    @wraps(method)
    async def wrapped(self: "Whip", request: aioweb.Request) -> aioweb.StreamResponse:
        try:
            response = await method(self, request)
        except errors.Problem as problem:
            problem.headers.update(_ANY_ORIGIN)
            raise
        response.headers.update(_ANY_ORIGIN)
        return response

    return wrapped


class Whip:
    """The handlers of `/whip/{session_id}` (the endpoint) and `/whip/{session_id}/{whip_session}`.

    `ice_servers` gives those to tell the sender of this session id; `base_path` stands before every path of the server.
    """

    def __init__(
        self,
        live: LiveInterviews,
        *,
        authorise: Authorise,
        ice_servers: Callable[[str], list[IceServer]],
        settings: SignalingSettings,
        clock: Clock,
        base_path: str = "",
    ) -> None:
        self._live = live
        self._base_path = base_path
        self._authorise = authorise
        self._ice_servers = ice_servers
        self._settings = settings
        self._publish_rate = Rate(settings.publish_rate, clock)
        self._trickle_rate = Rate(settings.trickle_rate, clock)

    async def options(self, _request: aioweb.Request) -> aioweb.Response:
        """The preflight, the one thing that needs no token; it names no ICE servers (RFC 9725 section 4.6)."""
        return aioweb.Response(status=204, headers={**_ANY_ORIGIN, **_PREFLIGHT, "Accept-Post": SDP})

    @_from_any_origin
    async def get_endpoint(self, request: aioweb.Request) -> aioweb.StreamResponse:
        """RFC 9725 section 4.1: a success without content."""
        await self._session_id(request)
        return aioweb.Response(status=204)

    @_from_any_origin
    async def get_session(self, request: aioweb.Request) -> aioweb.StreamResponse:
        """The same for a WHIP session."""
        self._live.check_exists(await self._session_id(request), request.match_info["whip_session"])
        return aioweb.Response(status=204)

    @_from_any_origin
    async def post(self, request: aioweb.Request) -> aioweb.StreamResponse:
        """Begin to publish (RFC 9725 section 4.2)."""
        session_id = await self._session_id(request)
        await self._publish_rate.check(session_id)
        _check_content_type(request, SDP, {"Accept-Post": SDP})
        body = await self._body(request)
        first_codec = await self._live.first_codec(session_id)
        try:
            offer = read_offer(body, preferring(first_codec, self._settings.video_codecs))
        except MalformedSdp as error:
            raise errors.Malformed(str(error)) from None
        except UnacceptableOffer as error:
            raise errors.Unacceptable(str(error)) from None
        user_agent = request.headers.get("User-Agent", "")
        published = await self._live.publish(session_id, _client_id(request), offer, user_agent)
        headers = CIMultiDict(
            {
                "Location": f"{self._base_path}/whip/{quote(session_id, safe='')}/{published.whip_session}",
                "ETag": published.entity_tag,
            }
        )
        for link in ice_server_links(self._ice_servers(session_id)):
            headers.add("Link", link)
        return aioweb.Response(status=201, text=published.answer, content_type=SDP, headers=headers)

    @_from_any_origin
    async def patch(self, request: aioweb.Request) -> aioweb.StreamResponse:
        """Trickle ICE (RFC 9725 section 4.3.2)."""
        session_id = await self._session_id(request)
        await self._trickle_rate.check(session_id)
        _check_content_type(request, TRICKLE, {"Accept-Patch": TRICKLE})
        try:
            fragment = read_trickle(await self._body(request))
        except MalformedSdp as error:
            raise errors.Malformed(str(error)) from None
        whip_session = request.match_info["whip_session"]
        await self._live.trickle(session_id, whip_session, fragment, request.headers.get("If-Match"))
        return aioweb.Response(status=204)

    @_from_any_origin
    async def delete(self, request: aioweb.Request) -> aioweb.StreamResponse:
        """End the WHIP session (RFC 9725 section 4.2); entity tags do not matter."""
        await self._live.end(await self._session_id(request), request.match_info["whip_session"])
        return aioweb.Response(status=200)

    async def _session_id(self, request: aioweb.Request) -> str:
        """The URL's session id, once the token is good for it."""
        session_id = request.match_info["session_id"]
        if await self._authorise(request) != session_id:
            raise errors.UnknownInterview("There is no such interview.")
        return session_id

    async def _body(self, request: aioweb.Request) -> bytes:
        """The whole body, refused as soon as it is too large."""
        limit = self._settings.max_sdp_bytes
        return await whole(request, limit, errors.TooLarge(f"More than {limit} bytes are not taken."))


def _check_content_type(request: aioweb.Request, expected: str, accepts: dict[str, str]) -> None:
    if request.content_type.lower() != expected:
        raise errors.UnsupportedMediaType(f"Send this as {expected}.", accepts)


def _client_id(request: aioweb.Request) -> str | None:
    """The page load's id; programs need not have one."""
    client_id = request.headers.get("Holdfast-Client")
    if client_id is not None and not is_client_id(client_id):
        raise errors.Malformed("Holdfast-Client holds 1 to 64 letters, digits, hyphens and underscores.")
    return client_id
