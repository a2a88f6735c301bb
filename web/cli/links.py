"""`holdfast interview link` and `extend`: what becomes of a candidate's link."""

from datetime import timedelta
from typing import Annotated

import typer

from db import interviews
from db.audit import AuditEvent, Details
from db.models import InterviewSession
from db.states import InterviewState
from web.cli.common import (
    ConfigOption,
    DataOption,
    IdArgument,
    JsonOption,
    PublicUrlOption,
    Workshop,
    fail,
    print_json,
    read_settings,
    run,
    workshop,
)
from web.invitations import OVER
from web.schema.invitations import LinkTold
from web.settings import Settings

MOST_DAYS = 365
"As long as a job may give its links."

app = typer.Typer()


@app.command("link")
def show_link(
    session_id: IdArgument,
    reissue: Annotated[
        bool, typer.Option("--reissue", "--renew", help="Make a new link; the old one opens nothing any more.")
    ] = False,
    revoke: Annotated[
        bool, typer.Option("--revoke", help="Let no link open the interview, until one is issued anew.")
    ] = False,
    public_url: PublicUrlOption = None,
    data: DataOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print the candidate's link again, make a new one, or revoke it."""
    if reissue and revoke:
        fail("Give --reissue or --revoke, not both.")
    settings = read_settings(config, data, public_url=public_url)
    told = run(_link(settings, session_id, reissue=reissue, revoke=revoke))
    if as_json:
        print_json({"session_id": session_id, **told.model_dump(mode="json")})
    elif revoke:
        typer.echo(f"Revoked the link of interview {session_id}. --reissue makes a new one.")
        _warn_if_recording(told)
    else:
        typer.echo(told.candidate_url)
        if reissue:
            _warn_if_recording(told)


@app.command("extend")
def extend(
    session_id: IdArgument,
    days: Annotated[
        int, typer.Option("--days", metavar="N", min=1, max=MOST_DAYS, help="How long the link is good from now on.")
    ],
    data: DataOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give a candidate more time to take the interview; one that expired is open again."""
    told = run(_extend(read_settings(config, data), session_id, timedelta(days=days)))
    if as_json:
        print_json({"session_id": session_id, **told.model_dump(mode="json")})
    else:
        until = told.deadline_at.strftime("%Y-%m-%d %H:%M UTC") if told.deadline_at else "any time"
        typer.echo(f"Interview {session_id} can be taken until {until}.")


async def _link(settings: Settings, session_id: str, *, reissue: bool, revoke: bool) -> LinkTold:
    async with workshop(settings) as shop:
        if reissue or revoke:
            async with shop.database.writing() as db_session:
                _check_not_over(await interviews.get_interview(db_session, session_id))
                if reissue:
                    await interviews.renew_link(db_session, session_id)
                    await shop.record(db_session, AuditEvent.LINK_ISSUED, session_id=session_id)
                else:
                    await interviews.revoke_link(db_session, session_id, shop.clock.utc_now())
                    await shop.record(db_session, AuditEvent.LINK_REVOKED, session_id=session_id)
        interview = await _interview(shop, session_id)
        if interview.link_revoked_at is not None and not revoke:
            fail(f"The link of interview {session_id} was revoked. --reissue makes a new one.")
        return shop.link_told(interview)


async def _extend(settings: Settings, session_id: str, longer: timedelta) -> LinkTold:
    async with workshop(settings) as shop:
        async with shop.database.writing() as db_session:
            _check_not_over(await interviews.get_interview(db_session, session_id))
            until = shop.clock.utc_now() + longer
            await interviews.extend(db_session, session_id, until)
            details: Details = {"until": until.isoformat()}
            await shop.record(db_session, AuditEvent.DEADLINE_CHANGED, session_id=session_id, details=details)
        return shop.link_told(await _interview(shop, session_id))


async def _interview(shop: Workshop, session_id: str) -> InterviewSession:
    async with shop.database.reading() as db_session:
        return await interviews.get_interview(db_session, session_id)


def _check_not_over(interview: InterviewSession) -> None:
    if interview.state is InterviewState.DELETED:
        fail(f"Interview {interview.session_id} is deleted.")
    if interview.state in OVER:
        fail(f"Interview {interview.session_id} is over; its link opens nothing that could be changed.")


def _warn_if_recording(told: LinkTold) -> None:
    if told.state is InterviewState.IN_PROGRESS:
        typer.echo("It is being recorded right now, and goes on until the candidate leaves.", err=True)
