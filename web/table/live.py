"""What runs while an interview does: WHIP (RFC 9725) and the control channel."""

from collections.abc import Callable
from typing import Final

from aiohttp import web as aioweb

from signaling.aio import errors
from signaling.aio.whip_routes import Whip
from web.endpoint import NOTHING, TEXT, Content, Doc, Endpoint, Handler
from web.rights import Access
from web.services import SERVICES
from web.table.interviews import INTERVIEW


def _whip(method: Callable[[Whip], Handler]) -> Handler:
    async def handler(request: aioweb.Request) -> aioweb.StreamResponse:
        return await method(request.app[SERVICES].whip)(request)

    return handler


async def _control(request: aioweb.Request) -> aioweb.StreamResponse:
    return await request.app[SERVICES].control.handle(request)


_SENDER: Final = Access(candidate=True, checked_by_handler="a refusal, too, has to let other origins read it")
_PREFLIGHT: Final = Access()
_ENDPOINT, _WHIP_SESSION = "/whip/{session_id}", "/whip/{session_id}/{whip_session}"
_SDP: Final = Content("application/sdp", TEXT)
_FRAGMENT: Final = Content("application/trickle-ice-sdpfrag", TEXT)

ENDPOINTS: Final = (
    Endpoint("OPTIONS", _ENDPOINT, _whip(lambda whip: whip.options), _PREFLIGHT, Doc("CORS preflight", {204: NOTHING})),
    Endpoint(
        "GET", _ENDPOINT, _whip(lambda whip: whip.get_endpoint), _SENDER, Doc("Whether one may publish", {204: NOTHING})
    ),
    Endpoint(
        "POST",
        _ENDPOINT,
        _whip(lambda whip: whip.post),
        _SENDER,
        Doc(
            "Begin to publish",
            {201: _SDP},
            errors=(
                errors.Malformed,
                errors.ConsentMissing,
                errors.InterviewOver,
                errors.Superseded,
                errors.TooLarge,
                errors.UnsupportedMediaType,
                errors.Unacceptable,
                errors.TooOften,
                errors.OverCapacity,
                errors.StorageFull,
            ),
            body=_SDP,
            more="The header `Holdfast-Client` names a page load; a new one takes the interview over.",
        ),
    ),
    Endpoint(
        "OPTIONS", _WHIP_SESSION, _whip(lambda whip: whip.options), _PREFLIGHT, Doc("CORS preflight", {204: NOTHING})
    ),
    Endpoint(
        "GET", _WHIP_SESSION, _whip(lambda whip: whip.get_session), _SENDER, Doc("Whether it lives", {204: NOTHING})
    ),
    Endpoint(
        "PATCH",
        _WHIP_SESSION,
        _whip(lambda whip: whip.patch),
        _SENDER,
        Doc(
            "Trickle ICE candidates",
            {204: NOTHING},
            errors=(
                errors.Malformed,
                errors.PreconditionFailed,
                errors.TooLarge,
                errors.UnsupportedMediaType,
                errors.RestartUnsupported,
                errors.PreconditionRequired,
                errors.TooOften,
            ),
            body=_FRAGMENT,
        ),
    ),
    Endpoint(
        "DELETE",
        _WHIP_SESSION,
        _whip(lambda whip: whip.delete),
        _SENDER,
        Doc("End it; the interview is interrupted, not finished", {200: NOTHING}),
    ),
    Endpoint(
        "GET",
        f"{INTERVIEW}/live",
        _control,
        Access(candidate=True, checked_by_handler="the token comes in the first message"),
        Doc(
            "The control channel, a WebSocket",
            {101: NOTHING},
            errors=(errors.Malformed, errors.TooOften),
            more="The first message, within 5 s, is `hello` with the token; docs/protocol.md has them all.",
        ),
        allow_head=False,
    ),
)
