"""Whole interviews as a ZIP."""

from typing import Final

from db.models import JobRole
from web.api import archives
from web.bodies import Invalid
from web.endpoint import Content, Doc, Endpoint
from web.rights import Access, Scope
from web.schema.archives import ArchiveAsked
from web.table.interviews import INTERVIEW

ZIP: Final = Content(archives.ZIP)

ENDPOINTS: Final = (
    Endpoint(
        "GET",
        f"{INTERVIEW}/archive.zip",
        archives.download_one,
        Access(role=JobRole.REVIEWER, scope=Scope.RECORDINGS_READ),
        Doc(
            "Everything of an interview as a ZIP",
            {200: ZIP},
            more="A folder named after the candidate: the recording (or the parts there are so far), the sound of each answer, "
            "`chapters.vtt`, `interview.json`. A file that should be there and is not is told in `MISSING.txt`.",
        ),
    ),
    Endpoint(
        "GET",
        "/api/archive.zip",
        archives.download_several,
        Access(user=True, scope=Scope.RECORDINGS_READ),
        Doc(
            "Everything of several interviews as one ZIP",
            {200: ZIP},
            errors=(Invalid,),
            query=ArchiveAsked,
            more="Made while it is sent, a folder for each candidate. 404 when one of the interviews is not yours to see.",
        ),
    ),
)
