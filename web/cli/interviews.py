"""`holdfast interview …`."""

import secrets
import sys
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncSession

import db.notices
from db import interviews, listing, people
from db.audit import Actor, ActorKind, AuditEvent
from db.deletion import DeletionReason
from db.errors import Conflict, NoticeIncomplete
from db.interviews import Allowance
from db.listing import InterviewSummary
from db.states import InterviewState
from media_server.aio.recordings import Recordings
from signaling.protocol.tokens import MAX_TOKEN_LENGTH
from web import formats, notices, views
from web.cli.common import (
    ConfigOption,
    DataOption,
    IdArgument,
    JsonOption,
    PublicUrlOption,
    fail,
    operator,
    print_json,
    read_settings,
    run,
    workshop,
)
from web.invitations import NewInterview, set_up
from web.settings import Settings

app = typer.Typer(no_args_is_help=True, help="Interviews: one candidate answering one job's questions.")

MOST_SECONDS = 7200
"Two hours for one question; more is a slip of the hand."
MOST_TAKES = 20

ThinkOption = Annotated[
    str, typer.Option("--think", metavar="SECONDS", help="Time to think about each question; or none, unlimited.")
]
AnswerOption = Annotated[
    str, typer.Option("--answer", metavar="SECONDS", help="Time to answer each question; or unlimited.")
]
TakesOption = Annotated[
    int, typer.Option("--takes", metavar="N", min=1, max=MOST_TAKES, help="How often each may be answered.")
]


@app.command("add")
def add_interview(
    job: Annotated[int, typer.Option("--job", metavar="ID", help="The job's id.")],
    candidate: Annotated[str, typer.Option("--candidate", metavar="NAME", help="The candidate's name.")],
    email: Annotated[
        str | None, typer.Option("--email", metavar="E", help="Identifies the candidate over several interviews.")
    ] = None,
    candidate_id: Annotated[
        str | None, typer.Option("--candidate-id", metavar="ID", help="The same, by the host platform's id.")
    ] = None,
    question: Annotated[
        list[str] | None,
        typer.Option(
            "--question", metavar="TEXT", help="What is asked, once for each question; otherwise what the job asks."
        ),
    ] = None,
    think: ThinkOption = "none",
    answer: AnswerOption = "unlimited",
    takes: TakesOption = 1,
    session_id: Annotated[
        str | None, typer.Option("--session-id", metavar="ID", help="An id of your own; otherwise one is made.")
    ] = None,
    consented: Annotated[
        bool, typer.Option("--consented", help="Consent was given elsewhere; for senders that are no browser page.")
    ] = False,
    public_url: PublicUrlOption = None,
    data: DataOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add an interview and print the link for its candidate."""
    settings = read_settings(config, data, public_url=public_url)
    if not candidate.strip():
        fail("The candidate needs a name.")
    _check_session_id(session_id)
    allowance = Allowance(_think_ms(think), _answer_ms(answer), takes)
    new = NewInterview(
        session_id or secrets.token_hex(8),
        job,
        candidate.strip(),
        email,
        candidate_id,
        tuple(question) if question else None,
        allowance,
    )
    added = run(_add(settings, new, consented=consented))
    if as_json:
        print_json(added)
    else:
        typer.echo(f"Added interview {new.session_id}. The candidate's link:\n{added['candidate_url']}")


@app.command("list")
def list_interviews(data: DataOption = None, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """List all interviews, newest first."""
    summaries = run(_list(read_settings(config, data)))
    if as_json:
        typer.echo(views.as_json([views.list_row(summary) for summary in summaries]))
    else:
        _print_table(summaries)


@app.command("delete")
def delete_interview(
    session_id: IdArgument,
    data: DataOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Delete an interview's recording, parts and sound files for good."""
    run(_delete(read_settings(config, data), session_id))
    if as_json:
        print_json({"session_id": session_id, "state": "deleted"})
    else:
        typer.echo(f"Deleted interview {session_id} and its files.")


@app.command("withdraw")
def withdraw_interview(
    session_id: IdArgument,
    data: DataOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Withdraw an interview for a candidate who asks in another way: nothing more is recorded, what was is deleted."""
    settings = read_settings(config, data)
    erased = run(_withdraw(settings, session_id))
    if as_json:
        print_json({"session_id": session_id, "state": "withdrawn", "erased": erased})
    elif erased:
        typer.echo(f"Withdrew interview {session_id} and deleted what was recorded.")
    else:
        typer.echo(f"Withdrew interview {session_id}. What was recorded is deleted as soon as that can be done.")


async def _withdraw(settings: Settings, session_id: str) -> bool:
    async with workshop(settings) as shop:
        async with shop.database.writing() as db_session:
            was_running = (await interviews.get_interview(db_session, session_id)).state is InterviewState.IN_PROGRESS
            await interviews.withdraw(db_session, session_id, shop.clock.utc_now(), Actor(ActorKind.OPERATOR))
        if was_running:
            return False  # the server that records it ends that, and erases then
        try:
            await Recordings(shop.database, shop.data_folder, shop.clock).delete(session_id)
        except Conflict:
            return False
        return True


async def _add(settings: Settings, new: NewInterview, *, consented: bool) -> dict[str, Any]:
    async with workshop(settings) as shop:
        now = shop.clock.utc_now()
        async with shop.database.writing() as db_session:
            try:
                interview = await set_up(db_session, new, now, shop.data_folder.files)
            except NoticeIncomplete as error:
                _fail_incomplete(error)
            await shop.record(
                db_session, AuditEvent.INVITED, session_id=new.session_id, details={"consented": consented}
            )
            if consented:
                await _note_consent(db_session, settings, new, now)
        links = shop.link_told(interview).model_dump(include={"candidate_url", "token", "whip_url"})
        return {"session_id": new.session_id, "candidate_id": interview.candidate_id, **links}


def _fail_incomplete(error: NoticeIncomplete) -> NoReturn:
    lacking = notices.lacking_sentence(error.missing)
    fail(
        f"Nobody can be invited for job {error.job_id} yet: its notice does not say {lacking}.",
        f"Fill it in on the job's page, or with holdfast job notice {error.job_id} (--fill takes words of ours).",
    )


async def _note_consent(db_session: AsyncSession, settings: Settings, new: NewInterview, now: datetime) -> None:
    """What was said elsewhere nobody knows here; what we would have said is kept beside it."""
    job = await people.get_job(db_session, new.job_id)
    text = notices.build(job, settings.notice)
    kept = await db.notices.keep(db_session, job.id, text.kept, now)
    await interviews.give_consent(db_session, new.session_id, text.version, "command line", now, notice=kept)


async def _list(settings: Settings) -> list[InterviewSummary]:
    async with workshop(settings) as shop, shop.database.reading() as db_session:
        return await listing.all_interviews(db_session)


async def _delete(settings: Settings, session_id: str) -> None:
    async with workshop(settings) as shop:
        async with shop.database.reading() as db_session:
            interview = await interviews.get_interview(db_session, session_id)
        if interview.state is InterviewState.IN_PROGRESS:
            fail(
                f"Interview {session_id} is being recorded right now; delete it once it has stopped.",
                "If no server runs, its server crashed: run holdfast mend first.",
            )
        recordings = Recordings(shop.database, shop.data_folder, shop.clock)
        await recordings.delete(session_id, reason=DeletionReason.DELETED, actor=operator())


def _check_session_id(session_id: str | None) -> None:
    if session_id is not None and not 0 < len(session_id.encode()) <= MAX_TOKEN_LENGTH // 2:
        fail(f"A session id has 1 to {MAX_TOKEN_LENGTH // 2} bytes.")


def _think_ms(text: str) -> int | None:
    if text in {"none", "unlimited"}:
        return 0 if text == "none" else None
    return _milliseconds(text) or fail(f"--think takes whole seconds up to {MOST_SECONDS}, none or unlimited.")


def _answer_ms(text: str) -> int | None:
    if text == "unlimited":
        return None
    return _milliseconds(text) or fail(f"--answer takes whole seconds up to {MOST_SECONDS}, or unlimited.")


def _milliseconds(text: str) -> int | None:
    is_number = text.isascii() and text.isdigit() and len(text) <= len(str(MOST_SECONDS))
    return int(text) * 1000 if is_number and 0 < int(text) <= MOST_SECONDS else None


def _print_table(summaries: Sequence[InterviewSummary]) -> None:
    table = Table(box=None, pad_edge=False)
    for column in ("Interview", "Candidate", "Job", "State", "Length", "Size", "Created"):
        table.add_column(column, no_wrap=True, justify="right" if column in {"Length", "Size"} else "left")
    for row in summaries:
        created = row.created_at.strftime("%Y-%m-%d %H:%M UTC")
        length, size = formats.duration(row.duration_ms), formats.megabytes(row.size_bytes)
        table.add_row(row.session_id, row.candidate, row.job, row.state.value, length, size, created)
    # A pipe has no width; nothing may be cut off there.
    console = Console() if sys.stdout.isatty() else Console(width=1_000)
    console.print(table, markup=False)
