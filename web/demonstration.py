"""`make run`: a server with an example interview in it, and the links to try it with.

Demonstration data and one-time sign-in links come from here alone, never from `holdfast serve`.
"""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db import interviews, jobs, people
from db.clock import Clock, SystemClock
from db.engine import Database
from db.errors import DatabaseError
from db.interviews import Allowance
from db.models import InterviewSession, Job, JobMember, TokenKind, User
from db.states import InterviewState
from media_server.aio.data_folder import DataFolder, DataFolderUnusable
from signaling.protocol.tokens import random_token, token_hash
from web.auth import SIGN_IN_LINK_LASTS
from web.invitations import NewInterview, links_for, set_up
from web.notice_versions import keep_current
from web.notices import filled_in, first_words, missing
from web.phone import NoNetwork, certificate_for, lan_address, qr_code
from web.server import CannotServe, Greeting, serve_until_stopped
from web.settings import Settings, SettingsError, load_settings

EMAIL = "hr@example.org"
JOB = "Lighthouse keeper (demonstration)"
CANDIDATE = "John Doe"
CONTROLLER = "Example Ltd, 1 Example Street, Exampletown"
QUESTIONS = (
    "Tell us about a piece of work that you are proud of.",
    "Something went wrong once. What did you do about it?",
    "What would you like to learn in your first year here?",
)
ALLOWANCE = Allowance(think_ms=20_000, answer_ms=90_000, max_takes=2)
_OPEN = (
    InterviewState.INVITED,
    InterviewState.CONSENTED,
    InterviewState.IN_PROGRESS,
    InterviewState.INTERRUPTED,
)


@dataclass(frozen=True, slots=True)
class DemonstrationLinks:
    """What a start prints."""

    candidate_url: str
    "Always one that still works."
    sign_in_url: str
    "Good once."


async def prepare(settings: Settings, clock: Clock) -> DemonstrationLinks | None:
    """Seed an empty database, replace a finished demonstration interview; None on a database of somebody's own.

    Raises DataFolderUnusable (DataFolderHeld while a server serves it) and DatabaseError.
    """
    data_folder = await asyncio.to_thread(DataFolder.open, settings.data)
    with data_folder.held():
        database = await Database.open(data_folder.database_path, settings.database)
        try:
            async with database.writing() as db_session:
                return await _prepare(db_session, data_folder.server_key(), settings, clock)
        finally:
            await database.close()


async def _prepare(
    db_session: AsyncSession, server_key: bytes, settings: Settings, clock: Clock
) -> DemonstrationLinks | None:
    now, base_url = clock.utc_now(), settings.web.base_url
    words = first_words(settings.notice, controller=CONTROLLER, contact=EMAIL)
    if await db_session.scalar(select(User.id).limit(1)) is None:
        user = await people.add_user(db_session, EMAIL, None, now)
        job = await people.add_job(db_session, JOB, user.id, now, **words)
        await keep_current(db_session, job, settings.notice, now)
    demonstration = await _demonstration(db_session)
    if demonstration is None:
        return None
    user, job = demonstration
    if missing(job):  # it is from before notices had to be complete
        await jobs.edit_notice(db_session, job.id, filled_in(job, words))
    interview = await _open_interview(db_session, job.id) or await _new_interview(db_session, job.id, clock)
    token = random_token()
    expires_at = now + SIGN_IN_LINK_LASTS
    await people.issue_token(db_session, user.id, TokenKind.SIGN_IN, token_hash(token), now, expires_at=expires_at)
    links = links_for(server_key, base_url, interview.session_id, interview.link_version)
    return DemonstrationLinks(links.candidate_url, f"{base_url}/hr/sign-in/{token}")


async def _demonstration(db_session: AsyncSession) -> tuple[User, Job] | None:
    query = (
        select(User, Job)
        .join(JobMember, JobMember.user_id == User.id)
        .join(Job, Job.id == JobMember.job_id)
        .where(User.email == EMAIL, Job.title == JOB)
    )
    found = (await db_session.execute(query)).first()
    return None if found is None else (found[0], found[1])


async def _open_interview(db_session: AsyncSession, job_id: int) -> InterviewSession | None:
    query = select(InterviewSession).where(InterviewSession.job_id == job_id, InterviewSession.state.in_(_OPEN))
    return await db_session.scalar(query.order_by(InterviewSession.created_at.desc()).limit(1))


async def _new_interview(db_session: AsyncSession, job_id: int, clock: Clock) -> InterviewSession:
    number = 1
    while await db_session.get(InterviewSession, f"demonstration-{number}") is not None:
        number += 1
    new = NewInterview(
        f"demonstration-{number}",
        job_id,
        CANDIDATE,
        email="john.doe@example.org",
        questions=QUESTIONS,
        allowance=ALLOWANCE,
    )
    await set_up(db_session, new, clock.utc_now())
    return await interviews.get_interview(db_session, new.session_id)


# --- the command ---------------------------------------------------------------


def demonstrate(
    phone: Annotated[bool, typer.Option("--phone", help="Serve this network with a certificate of our own.")] = False,
    port: Annotated[int | None, typer.Option("--port", metavar="PORT", help="8080 unless you choose another.")] = None,
    data: Annotated[Path | None, typer.Option("--data", metavar="DIR", help="The data folder.")] = None,
) -> None:
    """Serve the demonstration until Ctrl-C."""
    clock = SystemClock()
    try:
        settings = _settings(port, data, clock, phone=phone)
        links = asyncio.run(prepare(settings, clock))
        serve_until_stopped(settings, _greeting(links, phone=phone))
    except (SettingsError, CannotServe) as error:
        _fail(*error.lines)
    except (DatabaseError, DataFolderUnusable) as error:
        _fail(str(error))
    except NoNetwork:
        _fail("This machine is in no network that a phone could reach it by. Connect it, then try again.")


def _settings(port: int | None, data: Path | None, clock: Clock, *, phone: bool) -> Settings:
    web: dict[str, Any] = {} if port is None else {"port": port}
    flags: dict[str, Any] = {"web": web} | ({} if data is None else {"data": data})
    settings = load_settings(None, flags)
    if not phone:
        return settings
    DataFolder.open(settings.data)  # made by it, the folder is ours alone
    address = lan_address()
    certificate, key = certificate_for(address, settings.data / "phone", clock.utc_now())
    web |= {"host": "0.0.0.0", "tls_cert": certificate, "tls_key": key}  # noqa: S104  the phone has to reach it
    web["public_url"] = f"https://{address}:{settings.web.port}"
    return load_settings(None, flags)


def _greeting(links: DemonstrationLinks | None, *, phone: bool) -> Greeting:
    def greeting(settings: Settings) -> list[str]:
        base_url = settings.web.base_url
        lines = [
            "",
            f"Holdfast runs at {base_url}. Ctrl-C stops it; everything is kept in {settings.data.resolve()}.",
            "",
        ]
        if links is None:
            return [*lines, "  This data folder has users of its own, so there are no demonstration links."]
        lines += [
            "  Be the candidate:  " + links.candidate_url,
            "  Be HR:             " + links.sign_in_url + "   (works once, for an hour)",
            "",
        ]
        if phone:
            lines += [
                qr_code(links.candidate_url),
                "Scan it with a phone in the same network. Its browser warns of a certificate that it does not know,",
                "because this machine made it itself: choose the details, and go on to the page.",
                "",
            ]
        return lines

    return greeting


def _fail(*lines: str) -> None:
    for line in lines:
        typer.echo(line, err=True)
    raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(demonstrate)
