"""WHIP's own small formats (RFC 9725): trickled ICE candidates, entity tags and preconditions, `Link` headers."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from signaling.protocol.ice import MAX_ICE_CANDIDATES, IceCredentials, read_credentials, read_ice_candidate
from signaling.protocol.ice_servers import IceServer
from signaling.protocol.sdp import Description, MalformedSdp, Section, cut, read_lines

_ENTITY_TAG = re.compile(r'(?:W/)?"[!#-~\x80-\xff]*"')


class NoPrecondition(Exception):  # noqa: N818  it names what the request lacks
    """A PATCH without `If-Match`: 428 (RFC 9725 section 4.3.1)."""


class PreconditionFailed(Exception):  # noqa: N818  HTTP's name for it
    """An `If-Match` that names another ICE session than the present one: 412."""


class RestartUnsupported(Exception):  # noqa: N818  it names what we cannot do
    """The fragment asks for an ICE restart, which we do not do; the session goes on as it was: 422."""


@dataclass(frozen=True, slots=True)
class TrickleFragment:
    """What one PATCH brings (RFC 8840 section 9)."""

    credentials: IceCredentials | None
    "The ICE generation the candidates belong to; None when the fragment leaves it out."
    ice_candidates: tuple[str, ...]
    "Those of use to us, as after `a=candidate:`."
    complete: bool
    "Whether `a=end-of-candidates` was said."


def read_trickle(text: str | bytes) -> TrickleFragment:
    """Read an `application/trickle-ice-sdpfrag` body. Raises :class:`MalformedSdp` and nothing else.

    All media share one transport here, so it does not matter which section a candidate stands in.
    """
    fragment = cut(read_lines(text))
    places: list[Section] = [fragment.session, *fragment.media]
    values = [value for place in places for value in place.attributes("candidate")]
    if len(values) > MAX_ICE_CANDIDATES:
        raise MalformedSdp(f"More than {MAX_ICE_CANDIDATES} ICE candidates in one request are not taken.")
    return TrickleFragment(
        _credentials(fragment),
        tuple(filter(None, map(read_ice_candidate, values))),
        complete=any(place.has("end-of-candidates") for place in places),
    )


def check_generation(fragment: TrickleFragment, current: IceCredentials) -> None:
    """Raise :class:`RestartUnsupported` when the fragment belongs to another ICE generation than the present one."""
    if fragment.credentials is not None and fragment.credentials != current:
        raise RestartUnsupported


def check_if_match(if_match: str | None, entity_tag: str) -> None:
    """RFC 9110 section 13.1.1. `*` matches any; weak tags match nothing.

    Raises :class:`NoPrecondition` or :class:`PreconditionFailed`.
    """
    if if_match is None:
        raise NoPrecondition
    if if_match.strip() != "*" and entity_tag not in _ENTITY_TAG.findall(if_match):
        raise PreconditionFailed


def entity_tag(opaque: str) -> str:
    """A strong entity tag. `opaque` is text of ours: no quotes, no control characters."""
    return f'"{opaque}"'


def ice_server_links(servers: Iterable[IceServer]) -> list[str]:
    """One `Link` header value for each URL (RFC 9725 section 4.6)."""
    return [_link(url, server) for server in servers for url in server.urls]


def _credentials(fragment: Description) -> IceCredentials | None:
    pairs = {
        (place.attribute("ice-ufrag"), place.attribute("ice-pwd")) for place in (fragment.session, *fragment.media)
    } - {(None, None)}
    if not pairs:
        return None
    if len(pairs) > 1:
        raise MalformedSdp("All media share one connection; the fragment names several.")
    ufrag, pwd = pairs.pop()
    return read_credentials(ufrag or "", pwd or "")


def _link(url: str, server: IceServer) -> str:
    parameters = ['rel="ice-server"']
    if server.username is not None and server.credential is not None:
        parameters += [
            f"username={_quoted(server.username)}",
            f"credential={_quoted(server.credential)}",
            'credential-type="password"',
        ]
    return "; ".join([f"<{url}>", *parameters])


def _quoted(text: str) -> str:
    """A quoted-string (RFC 9110 section 5.6.4)."""
    return '"' + re.sub(r'(["\\])', r"\\\1", text) + '"'
