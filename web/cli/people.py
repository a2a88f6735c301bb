"""`holdfast user …` and `holdfast job …`."""

import sys
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from db import jobs as db_jobs
from db import people
from db.audit import AuditEvent
from db.jobs import JobSummary
from db.models import TokenKind
from media_server.aio.data_folder import DataFolder
from web import views
from web.cli.common import (
    ConfigOption,
    DataOption,
    JsonOption,
    fail,
    print_json,
    read_settings,
    run,
    workshop,
)
from web.cli.notices import (
    ContactOption,
    ControllerOption,
    LegalBasisOption,
    PurposeOption,
    RecipientsOption,
    RightsOption,
    Said,
    filled_lines,
    notice,
)
from web.link_base import link_base
from web.notice_versions import keep_current
from web.passwords import hash_password
from web.settings import Settings

users = typer.Typer(no_args_is_help=True, help="People of HR: they sign in, watch and download.")
jobs = typer.Typer(no_args_is_help=True, help="What people are interviewed for.")

EmailArgument = Annotated[str, typer.Argument(metavar="EMAIL", help="The user's e-mail; they sign in with it.")]
AnswersOnlyOption = Annotated[bool, typer.Option("--answers-only", help="Record answers alone, not the time to think.")]
MicrophoneOnlyOption = Annotated[
    bool, typer.Option("--microphone-only", help="Candidates without a camera may take part by voice.")
]
DeadlineOption = Annotated[
    int, typer.Option("--deadline-days", min=1, max=365, help="How many days a candidate's link is good.")
]
HelpContactOption = Annotated[
    str, typer.Option("--help-contact", help="Whom candidates ask when something does not work.")
]
PasswordStdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]


@users.command("add")
def add_user(
    email: EmailArgument,
    password_stdin: PasswordStdin = False,
    data: DataOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add somebody of HR."""
    settings = read_settings(config, data)
    _check_email(email)
    password_hash = _asked_password(password_stdin)
    user_id = run(_add_user(settings, email, password_hash))
    if as_json:
        print_json({"user_id": user_id})
    else:
        base_url = link_base(settings, DataFolder(settings.data))
        typer.echo(f"Added {people.normal_email(email)}. Sign in at {base_url}/hr.")


@users.command("password")
def set_password(
    email: EmailArgument, password_stdin: PasswordStdin = False, data: DataOption = None, config: ConfigOption = None
) -> None:
    """Give a user another password; every browser of theirs is signed out."""
    settings = read_settings(config, data)
    run(_set_password(settings, email, _asked_password(password_stdin)))
    typer.echo(f"Changed the password of {people.normal_email(email)}.")


@jobs.command("add")
def add_job(
    title: Annotated[str, typer.Argument(metavar="TITLE", help="What the job is called.")],
    owner: Annotated[str, typer.Option("--owner", metavar="EMAIL", help="The user who sees its interviews.")],
    retention_days: Annotated[
        int, typer.Option("--retention-days", min=1, max=3650, help="Recordings are deleted this long after the end.")
    ] = 90,
    microphone_only: MicrophoneOnlyOption = False,
    answers_only: AnswersOnlyOption = False,
    deadline_days: DeadlineOption = 7,
    help_contact: HelpContactOption = "",
    controller: ControllerOption = "",
    contact: ContactOption = "",
    purpose: PurposeOption = "",
    recipients: RecipientsOption = "",
    rights: RightsOption = "",
    legal_basis: LegalBasisOption = None,
    data: DataOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add a job. What its notice has to say and you do not is filled in, and told."""
    settings = read_settings(config, data)
    said = Said(controller, contact, purpose, recipients, rights, legal_basis)

    async def add() -> int:
        async with workshop(settings) as shop, shop.database.writing() as db_session:
            user = await people.get_user(db_session, owner)
            job = await people.add_job(
                db_session,
                title,
                user.id,
                shop.clock.utc_now(),
                retention_days=retention_days,
                microphone_only_allowed=microphone_only,
                answers_only=answers_only,
                deadline_days=deadline_days,
                help_contact=help_contact,
                **said.whole(settings.notice, user.email),
            )
            await keep_current(db_session, job, settings.notice, shop.clock.utc_now())
            await shop.record(db_session, AuditEvent.JOB_ADDED, job_id=job.id, details={"owner": user.email})
            return job.id

    job_id = run(add())
    if as_json:
        print_json({"job_id": job_id})
    else:
        typer.echo(f"Added job {job_id}, {title}.")
    for line in filled_lines(settings, job_id, said, owner):
        typer.echo(line, err=as_json)


jobs.command("notice")(notice)


@jobs.command("list")
def list_jobs(data: DataOption = None, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """List all jobs, newest first."""

    async def read(settings: Settings) -> list[JobSummary]:
        async with workshop(settings) as shop, shop.database.reading() as db_session:
            return await db_jobs.all_jobs(db_session)

    summaries = run(read(read_settings(config, data)))
    if as_json:
        typer.echo(views.as_json([_told(summary) for summary in summaries]))
    else:
        _print_table(summaries)


def _told(job: JobSummary) -> dict[str, object]:
    return {
        "job_id": job.id,
        "title": job.title,
        "questions": job.questions,
        "interviews": {state.value: count for state, count in job.interviews.items()},
        "created_at": job.created_at,
        "archived_at": job.archived_at,
        "last_activity_at": job.last_activity_at,
    }


def _print_table(summaries: Sequence[JobSummary]) -> None:
    table = Table(box=None, pad_edge=False)
    for column in ("Job", "Title", "Questions", "Interviews", "State"):
        table.add_column(column, no_wrap=True, justify="right" if column in {"Questions", "Interviews"} else "left")
    for job in summaries:
        state = "open" if job.archived_at is None else "archived"
        table.add_row(str(job.id), job.title, str(job.questions), str(sum(job.interviews.values())), state)
    # A pipe has no width; nothing may be cut off there.
    console = Console() if sys.stdout.isatty() else Console(width=1_000)
    console.print(table, markup=False)


async def _add_user(settings: Settings, email: str, password_hash: str) -> int:
    async with workshop(settings) as shop, shop.database.writing() as db_session:
        user = await people.add_user(db_session, email, password_hash, shop.clock.utc_now())
        await shop.record(db_session, AuditEvent.USER_ADDED, details={"user": user.email})
        return user.id


async def _set_password(settings: Settings, email: str, password_hash: str) -> None:
    async with workshop(settings) as shop, shop.database.writing() as db_session:
        user = await people.get_user(db_session, email)
        await people.set_password(db_session, user.id, password_hash)
        for kind in (TokenKind.LOGIN, TokenKind.SIGN_IN):
            await people.revoke_tokens(db_session, user.id, kind, shop.clock.utc_now())
        await shop.record(db_session, AuditEvent.PASSWORD_CHANGED, details={"user": user.email})


def _asked_password(from_stdin: bool) -> str:
    if from_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    else:
        password = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    try:
        return hash_password(password)
    except ValueError as error:
        fail(str(error))


def _check_email(email: str) -> None:
    name, at, host = email.strip().partition("@")
    if not (name and at and host) or any(character.isspace() for character in email.strip()):
        fail(f"{email!r} is no e-mail address.")
