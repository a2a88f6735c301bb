"""Inviting candidates, their links, deleting interviews."""

from typing import Final

from db.models import JobRole
from signaling.aio.errors import InterviewOver
from web.api import invitations
from web.endpoint import NOTHING, Doc, Endpoint
from web.limits import Limit
from web.problems import HeldBack, IncompleteNotice, InConflict
from web.rights import Access, Scope
from web.schema.invitations import Invitation, Invited, LinkTold, NewDeadline
from web.table.interviews import INTERVIEW

_WRITE: Final = Access(role=JobRole.RECRUITER, scope=Scope.INTERVIEWS_WRITE)

ENDPOINTS: Final = (
    Endpoint(
        "POST",
        "/api/jobs/{job_id}/interviews",
        invitations.invite,
        _WRITE,
        Doc(
            "Invite a candidate: set an interview up and get its link",
            {201: Invited},
            errors=(InConflict, IncompleteNotice),
            body=Invitation,
            more="Without `questions` they are asked the job's.",
        ),
        limit=Limit.INVITATIONS,
    ),
    Endpoint(
        "GET",
        f"{INTERVIEW}/link",
        invitations.show_link,
        # The link opens the interview as its candidate: no reviewer, and no token that only reads, may have it.
        _WRITE,
        Doc("The candidate's link, as it is now", {200: LinkTold}),
    ),
    Endpoint(
        "POST",
        f"{INTERVIEW}/link/reissue",
        invitations.reissue_link,
        _WRITE,
        Doc("A new link; whoever holds an older one is shut out at once", {200: LinkTold}, errors=(InterviewOver,)),
        limit=Limit.INVITATIONS,
    ),
    Endpoint(
        "POST",
        f"{INTERVIEW}/link/revoke",
        invitations.revoke_link,
        _WRITE,
        Doc("Nothing opens the interview until a link is issued anew", {200: LinkTold}, errors=(InterviewOver,)),
        limit=Limit.INVITATIONS,
    ),
    Endpoint(
        "PATCH",
        f"{INTERVIEW}/deadline",
        invitations.change_deadline,
        _WRITE,
        Doc(
            "Until when the link is good; an interview that expired is open again",
            {200: LinkTold},
            errors=(InterviewOver,),
            body=NewDeadline,
        ),
        limit=Limit.INVITATIONS,
    ),
    Endpoint(
        "DELETE",
        INTERVIEW,
        invitations.delete_interview,
        Access(role=JobRole.OWNER, scope=Scope.INTERVIEWS_DELETE),
        Doc(
            "Delete everything of an interview for good",
            {204: NOTHING},
            errors=(HeldBack,),
            more="Also what its rows say of the candidate, when it was their last one. Not while it is held.",
        ),
    ),
)
