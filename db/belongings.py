"""Every table and every column of an interview's row, and what deleting an interview does to it.

This is the one place that says so: `db.deletion` walks it, and a test fails for a table or a column that is not judged
here. `media_server/recording/belongings` says the same of files.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Fate(StrEnum):
    """What becomes of a table's rows when an interview is deleted."""

    GOES = "goes"
    EMPTIED = "emptied"
    STAYS = "stays"
    UNRELATED = "unrelated"


@dataclass(frozen=True, slots=True)
class Judged:
    """What is decided of a table."""

    fate: Fate
    "What becomes of the interview's rows."
    why: str
    "What they hold."


TABLES: Final = {
    "interview_sessions": Judged(Fate.EMPTIED, "what was recorded, and what was granted: see KEPT and EMPTIED"),
    "interview_questions": Judged(Fate.GOES, "what was asked"),
    "interview_flows": Judged(Fate.GOES, "where the candidate was"),
    "takes": Judged(Fate.GOES, "how often they answered"),
    "consents": Judged(Fate.GOES, "with what browser they agreed; that they did is in the audit"),
    "parts": Judged(Fate.GOES, "paths, which hold the name, and what was measured"),
    "gaps": Judged(Fate.GOES, "of a part"),
    "marks": Judged(Fate.GOES, "of a part"),
    "exports": Judged(Fate.GOES, "which copies were made"),
    "work": Judged(Fate.GOES, "what was done with it, and errors that may quote"),
    "own_codes": Judged(Fate.GOES, "a code that was e-mailed"),
    "own_visits": Judged(Fate.GOES, "a browser that was let in"),
    "candidates": Judged(Fate.EMPTIED, "name, e-mail, folder: with the last interview that is not deleted"),
    "webhook_deliveries": Judged(Fate.EMPTIED, "the host platform's id of the candidate; the rest are ids and states"),
    "legal_holds": Judged(Fate.GOES, "a reason that may name somebody; a held interview is not deleted"),
    "deletion_requests": Judged(Fate.STAYS, "an opaque id and dates: the candidate's receipt"),
    "erasures": Judged(Fate.STAYS, "an opaque id, dates, a hash: what comes back is known by it"),
    "audit_events": Judged(Fate.STAYS, "opaque ids and what happened; no candidate's name is ever in it"),
    "adopted_files": Judged(Fate.STAYS, "hashes of files that were imported, so that they are not imported again"),
    "notices": Judged(Fate.UNRELATED, "a job's texts"),
    "jobs": Judged(Fate.UNRELATED, "what people are interviewed for"),
    "job_questions": Judged(Fate.UNRELATED, "what whoever is invited next is asked"),
    "job_members": Judged(Fate.UNRELATED, "HR"),
    "users": Judged(Fate.UNRELATED, "HR"),
    "user_tokens": Judged(Fate.UNRELATED, "HR"),
    "webhooks": Judged(Fate.UNRELATED, "HR"),
    "sweep_clock": Judged(Fate.UNRELATED, "a moment"),
}
"What becomes of each table's rows."

KEPT: Final = frozenset(
    {
        "session_id",
        "job_id",
        "candidate_id",
        "state",
        "link_version",
        "link_revoked_at",
        "created_at",
        "deadline_at",
        "started_at",
        "ended_at",
        "end_reason",
        "deleted_at",
        "keep_until",
    }
)
"What an interview's row keeps: an opaque id, whose job, when, and why it ended."

EMPTIED: Final = {
    "duration_ms": None,
    "video_file_path": None,
    "video_size_mb": None,
    "video_uploaded_at": None,
    "video_sha256": None,
    # What somebody was granted may tell of their health.
    "time_factor": 1.0,
    "no_timer": False,
    "extra_takes": 0,
    "recorded_ms": 0,
    "recorded_bytes": 0,
    "preview_of": None,
    "own_released_at": None,
}
"What it loses, and what stands there instead."
