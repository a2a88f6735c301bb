"""An interview: what it is, consent, finish, what a candidate is granted."""

from typing import Final

from db.models import JobRole
from signaling.aio.errors import InterviewOver, NothingRecorded, QuestionsAreOurs, StorageFull
from web.api import accommodations, interviews, listing, marks, withdrawals
from web.endpoint import Doc, Endpoint
from web.problems import UnknownNotice
from web.rights import Access, Scope
from web.schema.interviews import (
    AccommodationsGranted,
    ConsentGiven,
    InterviewForCandidate,
    InterviewForHr,
    Withdrawn,
)
from web.schema.listing import InterviewCounts, InterviewPage, ListQuery
from web.schema.marks import MarkTaken, NewMark

INTERVIEW: Final = "/api/interviews/{session_id}"

ENDPOINTS: Final = (
    Endpoint(
        "GET",
        "/api/interviews",
        listing.list_interviews,
        Access(user=True, scope=Scope.INTERVIEWS_READ),
        Doc("The interviews of one's jobs, a page at a time", {200: InterviewPage}, query=ListQuery),
    ),
    Endpoint(
        "GET",
        "/api/interview-counts",
        listing.count_interviews,
        Access(user=True, scope=Scope.INTERVIEWS_READ),
        Doc(
            "How many there are in each state, of those that the other filters leave",
            {200: InterviewCounts},
            query=ListQuery,
        ),
    ),
    Endpoint(
        "GET",
        INTERVIEW,
        interviews.get_interview,
        Access(candidate=True, role=JobRole.REVIEWER, scope=Scope.INTERVIEWS_READ),
        Doc(
            "An interview: state, questions, marks, what is saved",
            {200: InterviewForHr | InterviewForCandidate},
            more="HR gets all of it, a candidate their own part of it.",
        ),
    ),
    Endpoint(
        "POST",
        f"{INTERVIEW}/consent",
        interviews.give_consent,
        Access(candidate=True),
        Doc(
            "The candidate agrees to be recorded",
            {200: InterviewForCandidate},
            errors=(UnknownNotice, InterviewOver),
            body=ConsentGiven,
        ),
    ),
    Endpoint(
        "POST",
        f"{INTERVIEW}/finish",
        interviews.finish,
        Access(candidate=True),
        Doc(
            "The candidate is done; repeating it is harmless",
            {200: InterviewForCandidate},
            errors=(NothingRecorded, InterviewOver, StorageFull),
        ),
    ),
    Endpoint(
        "POST",
        f"{INTERVIEW}/withdraw",
        withdrawals.withdraw,
        Access(candidate=True),
        Doc(
            "The candidate declines, or withdraws at any later moment; repeating it is harmless",
            {200: Withdrawn},
            errors=(InterviewOver,),
            more="Whatever runs is ended at once, and what was recorded is erased before the answer comes, unless it says otherwise.",
        ),
    ),
    Endpoint(
        "POST",
        f"{INTERVIEW}/marks",
        marks.add_mark,
        Access(candidate=True, role=JobRole.RECRUITER, scope=Scope.INTERVIEWS_WRITE),
        Doc(
            "Mark a question or an answer, where a host platform asks the questions",
            {202: MarkTaken},
            errors=(InterviewOver, QuestionsAreOurs),
            body=NewMark,
        ),
    ),
    Endpoint(
        "PATCH",
        f"{INTERVIEW}/accommodations",
        accommodations.grant,
        Access(role=JobRole.RECRUITER, scope=Scope.INTERVIEWS_WRITE),
        Doc(
            "Grant a candidate more time, no timer, or more takes",
            {200: InterviewForHr},
            errors=(InterviewOver,),
            body=AccommodationsGranted,
            more="It counts at once, for a running answer too.",
        ),
    ),
)
