"""Watching an interview while it is recorded."""

from typing import Final

from db.models import JobRole
from web.api import live_watch
from web.api.recordings import FileMissing
from web.endpoint import TEXT, Content, Doc, Endpoint
from web.problems import NotReady
from web.rights import Access, Scope
from web.schema.live_watch import ClustersAsked, IndexAsked, PartIndex
from web.table.interviews import INTERVIEW

_WATCH: Final = Access(role=JobRole.REVIEWER, scope=Scope.RECORDINGS_READ)
_PART: Final = f"{INTERVIEW}/watch/parts/{{number}}"
_WEBM: Final = Content("video/webm")

ENDPOINTS: Final = (
    Endpoint(
        "GET",
        f"{INTERVIEW}/watch",
        live_watch.watch,
        _WATCH,
        Doc(
            "News of an interview while it is recorded, as server-sent events",
            {200: Content("text/event-stream", TEXT)},
            more="The data of each event is a `WatchNews`; docs/protocol.md has it. The stream ends with the interview, and after a minute; "
            "an `EventSource` comes again by itself.",
        ),
        allow_head=False,
    ),
    Endpoint(
        "GET",
        _PART,
        live_watch.get_index,
        _WATCH,
        Doc(
            "Where a part that is being written can be entered",
            {200: PartIndex},
            errors=(NotReady,),
            query=IndexAsked,
        ),
    ),
    Endpoint(
        "GET",
        f"{_PART}/head",
        live_watch.get_head,
        _WATCH,
        Doc("Its head, which comes before any of its clusters", {200: _WEBM}, errors=(NotReady, FileMissing)),
    ),
    Endpoint(
        "GET",
        f"{_PART}/clusters",
        live_watch.get_clusters,
        _WATCH,
        Doc(
            "Octets of it that are saved",
            {200: _WEBM},
            errors=(NotReady, FileMissing),
            query=ClustersAsked,
            more="From a position that the index names on; the answer may be shorter than asked, and the next begins where it ends.",
        ),
    ),
)
