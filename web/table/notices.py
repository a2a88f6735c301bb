"""What a job's candidates are told, in every version."""

from typing import Final

from db.models import JobRole
from web.api import notices
from web.endpoint import Doc, Endpoint
from web.pages import notices as pages
from web.rights import Access, Scope
from web.schema.notices import NoticeVersions, NoticeWhole
from web.table.jobs import JOB

_READS: Final = Access(role=JobRole.REVIEWER, scope=Scope.JOBS_READ)

ENDPOINTS: Final = (
    Endpoint("GET", "/hr/jobs/{job_id}/notices", pages.show, Access(role=JobRole.REVIEWER)),
    Endpoint(
        "GET",
        f"{JOB}/notices",
        notices.list_notices,
        _READS,
        Doc("Every version of what candidates are told, and how many agreed with each", {200: NoticeVersions}),
    ),
    Endpoint(
        "GET",
        f"{JOB}/notices/{{version}}",
        notices.get_notice,
        _READS,
        Doc("One version, word for word", {200: NoticeWhole}),
    ),
)
