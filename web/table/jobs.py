"""Jobs: what people are interviewed for, what they are asked, who works with it."""

from typing import Final

from db.models import JobRole
from signaling.aio.errors import PreconditionFailed, TooLarge, UnsupportedMediaType
from web.api import job_members, job_questions, jobs
from web.api.sounds import NoSound
from web.endpoint import NOTHING, Doc, Endpoint
from web.limits import Limit
from web.pages import jobs as pages
from web.problems import InConflict
from web.rights import Access, Scope
from web.schema.jobs import (
    JobAdded,
    JobChanged,
    JobCopied,
    JobListQuery,
    JobPage,
    JobSoundStored,
    JobWhole,
    Members,
    MemberSet,
    QuestionsReplaced,
)
from web.table.recordings import SENT, WAV

JOBS: Final = "/api/jobs"
JOB: Final = f"{JOBS}/{{job_id}}"
_SOUND: Final = f"{JOB}/questions/{{question_id}}/sound"

_READS: Final = Access(role=JobRole.REVIEWER, scope=Scope.JOBS_READ)
_EDITS: Final = Access(role=JobRole.RECRUITER, scope=Scope.JOBS_WRITE)
_OWNS: Final = Access(role=JobRole.OWNER, scope=Scope.JOBS_WRITE)
_KEPT: Final = "Interviews that were set up before keep the questions that they have."

ENDPOINTS: Final = (
    Endpoint("GET", "/hr/jobs", pages.show_list, Access(user=True)),
    Endpoint("GET", "/hr/jobs/new", pages.show_new, Access(user=True)),
    Endpoint("GET", "/hr/jobs/{job_id}", pages.show, Access(role=JobRole.REVIEWER)),
    Endpoint(
        "GET",
        JOBS,
        jobs.list_jobs,
        Access(user=True, scope=Scope.JOBS_READ),
        Doc("Your jobs, the newest first", {200: JobPage}, query=JobListQuery),
    ),
    Endpoint(
        "POST",
        JOBS,
        jobs.add_job,
        Access(user=True, scope=Scope.JOBS_WRITE),
        Doc("Add a job; you own it", {201: JobWhole}, body=JobAdded),
    ),
    Endpoint("GET", JOB, jobs.get_job, _READS, Doc("A job with its questions and members", {200: JobWhole})),
    Endpoint(
        "PATCH",
        JOB,
        jobs.change_job,
        _EDITS,
        Doc("Change settings, questions, or both", {200: JobWhole}, (PreconditionFailed,), JobChanged, more=_KEPT),
    ),
    Endpoint(
        "DELETE",
        JOB,
        jobs.delete_job,
        _OWNS,
        Doc(
            "Delete a job of which nothing was recorded",
            {204: NOTHING},
            (InConflict,),
            more="Invitations to it go too. A job with recordings is archived instead, or its interviews deleted first.",
        ),
    ),
    Endpoint(
        "POST",
        f"{JOB}/copy",
        jobs.copy_job,
        _EDITS,
        Doc(
            "Copy a job with its settings, questions, sounds and members; you own the copy",
            {201: JobWhole},
            (),
            JobCopied,
        ),
    ),
    Endpoint(
        "POST", f"{JOB}/archive", jobs.archive_job, _EDITS, Doc("Invite nobody any more; all stays", {200: JobWhole})
    ),
    Endpoint(
        "POST", f"{JOB}/unarchive", jobs.unarchive_job, _EDITS, Doc("Take a job out of the archive", {200: JobWhole})
    ),
    Endpoint(
        "PUT",
        f"{JOB}/questions",
        jobs.replace_questions,
        _EDITS,
        Doc(
            "Say all questions anew, in order",
            {200: JobWhole},
            (PreconditionFailed,),
            QuestionsReplaced,
            more=f"One that is named by its `id` keeps id and sound, one that is left out goes. {_KEPT}",
        ),
    ),
    Endpoint(
        "GET",
        _SOUND,
        job_questions.get_sound,
        _READS,
        Doc("A question as it is spoken, with Range", {200: WAV, 206: WAV}, SENT),
    ),
    Endpoint(
        "PUT",
        _SOUND,
        job_questions.put_sound,
        _EDITS,
        Doc(
            "Hand in a question as it is spoken",
            {200: JobSoundStored},
            (TooLarge, UnsupportedMediaType, NoSound),
            WAV,
            more=_KEPT,
        ),
        limit=Limit.UPLOADS,
    ),
    Endpoint("DELETE", _SOUND, job_questions.delete_sound, _EDITS, Doc("Let a question be silent", {204: NOTHING})),
    Endpoint("GET", f"{JOB}/members", job_members.list_members, _READS, Doc("Who is a member", {200: Members})),
    Endpoint(
        "PUT",
        f"{JOB}/members",
        job_members.set_member,
        _OWNS,
        Doc("Add somebody who has an account, or change a role", {200: Members}, (InConflict,), MemberSet),
    ),
    Endpoint(
        "DELETE",
        f"{JOB}/members/{{user_id}}",
        job_members.remove_member,
        _OWNS,
        Doc("Let somebody see the job no more", {200: Members}, (InConflict,)),
    ),
)
