"""What is deleted soon; legal holds."""

from typing import Final

from db.models import JobRole
from web.api import retention
from web.endpoint import Doc, Endpoint
from web.rights import Access, Scope
from web.schema.retention import Deletions, DeletionsQuery, HoldWanted, KeptTold
from web.table.interviews import INTERVIEW

ENDPOINTS: Final = (
    Endpoint(
        "GET",
        "/api/deletions",
        retention.list_deletions,
        Access(user=True, scope=Scope.INTERVIEWS_READ),
        Doc("What is deleted soon of one's jobs, and what is held", {200: Deletions}, query=DeletionsQuery),
    ),
    Endpoint(
        "PUT",
        f"{INTERVIEW}/hold",
        retention.hold,
        Access(role=JobRole.RECRUITER, scope=Scope.INTERVIEWS_WRITE),
        Doc(
            "Keep an interview: nobody deletes it, and no rule does, until it is released",
            {200: KeptTold},
            body=HoldWanted,
            more="Holding it again gives another reason.",
        ),
    ),
    Endpoint(
        "DELETE",
        f"{INTERVIEW}/hold",
        retention.release,
        Access(role=JobRole.RECRUITER, scope=Scope.INTERVIEWS_WRITE),
        Doc(
            "Release an interview: it is deleted when it is due, or when somebody does",
            {200: KeptTold},
            more="Repeating it is harmless.",
        ),
    ),
)
