"""Pages, for people."""

from typing import Final

from db.models import JobRole
from web.endpoint import Endpoint
from web.limits import Limit
from web.pages import account, audit, candidate, deletions, hr, interview_list, invite
from web.rights import Access

_PUBLIC: Final = Access()
_SIGNED_IN: Final = Access(user=True)
_REVIEWER: Final = Access(role=JobRole.REVIEWER)

ENDPOINTS: Final = (
    Endpoint("GET", "/", hr.root, _PUBLIC),
    Endpoint("GET", "/i/", candidate.room_again, _PUBLIC),
    Endpoint(
        "GET", "/i/{token}", candidate.room, Access(candidate=True, checked_by_handler="the token is in the path")
    ),
    Endpoint("GET", "/check", candidate.check, _PUBLIC),
    Endpoint("GET", "/hr", interview_list.show, _SIGNED_IN),
    # Which of one's jobs it is for stands in the form, and is looked at there.
    Endpoint("GET", "/hr/invite", invite.show, _SIGNED_IN),
    Endpoint("POST", "/hr/invite", invite.invite, _SIGNED_IN, limit=Limit.INVITATIONS),
    Endpoint("GET", "/hr/interviews/{session_id}", hr.results, _REVIEWER),
    # Which of it is whose is told by the rows themselves.
    Endpoint("GET", "/hr/audit", audit.show, _SIGNED_IN),
    Endpoint("GET", "/hr/deletions", deletions.show, _SIGNED_IN),
    Endpoint("GET", "/hr/account", account.show, _SIGNED_IN),
    Endpoint("GET", "/hr/webhooks/{webhook_id}", account.show_webhook, _SIGNED_IN),
    Endpoint("GET", "/hr/sign-in", hr.show_sign_in, _PUBLIC),
    Endpoint("POST", "/hr/sign-in", hr.sign_in, _PUBLIC),
    # A HEAD, which link previews send, must not use the link up.
    Endpoint("GET", "/hr/sign-in/{token}", hr.use_link, _PUBLIC, allow_head=False),
    Endpoint("POST", "/hr/enter", hr.enter, Access(checked_by_handler="the proof is a token in the form")),
    Endpoint("POST", "/hr/sign-out", hr.sign_out, _PUBLIC),
)
