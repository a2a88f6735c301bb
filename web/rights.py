"""Who may do what. A route says it once, in the table (`web/table`); `web/gate` holds everybody to it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from db.models import JobRole


class Scope(StrEnum):
    """What an API token is good for."""

    INTERVIEWS_READ = "interviews:read"
    INTERVIEWS_WRITE = "interviews:write"
    INTERVIEWS_DELETE = "interviews:delete"
    RECORDINGS_READ = "recordings:read"
    RECORDINGS_WRITE = "recordings:write"
    JOBS_READ = "jobs:read"
    JOBS_WRITE = "jobs:write"
    WEBHOOKS_WRITE = "webhooks:write"
    AUDIT_READ = "audit:read"


_RANKS: Final = {JobRole.REVIEWER: 1, JobRole.RECRUITER: 2, JobRole.OWNER: 3}


def is_at_least(role: JobRole, least: JobRole) -> bool:
    """Whether a role may what another one may: an owner all of it, a recruiter what a reviewer may."""
    return _RANKS[role] >= _RANKS[least]


@dataclass(frozen=True, slots=True)
class Access:
    """Who may use a route; with nothing said, everybody."""

    candidate: bool = False
    "The candidate whose interview the path names."
    own: bool = False
    "A browser that was let in to the recording of the interview that the path names: by a code or HR's release, never by the link alone."
    role: JobRole | None = None
    "Members of the job that the path's `{session_id}` or `{job_id}` names, with this role or a higher one."
    user: bool = False
    "Anybody of HR."
    scope: Scope | None = None
    "What an API token needs besides; None: API tokens are not taken here, a signed-in browser is."
    checked_by_handler: str = ""
    "Why the handler itself checks all this; empty: the gate does."

    @property
    def is_public(self) -> bool:
        """Whether nobody is asked who they are."""
        return not (self.candidate or self.own or self.user or self.role)

    @property
    def takes_hr(self) -> bool:
        """Whether somebody of HR may use it."""
        return self.user or self.role is not None
