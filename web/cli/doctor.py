"""`holdfast doctor`."""

from typing import Annotated

import typer

from db.clock import Clock, SystemClock
from media_server.aio.data_folder import DataFolder
from web.cli.common import ConfigOption, DataOption, JsonOption, print_json, read_settings, run, workshop
from web.doctor.audit import examine_audit
from web.doctor.deep import examine_deeply
from web.doctor.finding import Finding, Level, fail, ok
from web.doctor.interview import examine_interview
from web.doctor.mail import examine_mail
from web.doctor.network import examine_addresses, examine_ports, examine_tls
from web.doctor.relays import examine_ice_servers
from web.doctor.repair import repair as put_right
from web.doctor.storage import examine_agreement, examine_database, examine_folder
from web.settings import Settings

_COLOURS = {Level.OK: "green", Level.WARN: "yellow", Level.FAIL: "red"}


def doctor(
    interview: Annotated[
        str | None, typer.Option("--interview", metavar="ID", help="Look at this interview and its files as well.")
    ] = None,
    deep: Annotated[
        bool, typer.Option("--deep", help="Read every recording and part through as well; that takes a while.")
    ] = False,
    repair: Annotated[
        bool, typer.Option("--repair", help="With --deep: put right what can be put right; nothing is deleted.")
    ] = False,
    data: DataOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Look at everything that has to be right, change nothing, say what to do. Ends with 1 when something fails."""
    settings = read_settings(config, data)
    repaired = run(_repair(settings)) if deep and repair else []
    findings = repaired + run(_examine(settings, SystemClock(), interview, deep=deep))
    if as_json:
        print_json([_told(finding) for finding in findings])
    else:
        _print(findings)
    worst = {Level.FAIL, Level.WARN} if deep else {Level.FAIL}
    if any(finding.level in worst and (finding.level is Level.FAIL or _is_deep(finding)) for finding in findings):
        raise typer.Exit(1)


def _is_deep(finding: Finding) -> bool:
    """Whether it tells of an interview's files: there every word counts."""
    return finding.what.startswith(("interview ", "orphan"))


async def _repair(settings: Settings) -> list[Finding]:
    if not settings.data.exists():
        return []
    async with workshop(settings) as shop:
        return await put_right(shop)


async def _examine(settings: Settings, clock: Clock, session_id: str | None, *, deep: bool) -> list[Finding]:
    data_folder = DataFolder(settings.data.resolve())
    findings = [
        *examine_folder(data_folder),
        *examine_database(data_folder),
        *await examine_agreement(settings, data_folder, clock),
        *await examine_audit(settings, data_folder),
        *examine_ports(settings),
        *examine_addresses(settings),
        *await examine_ice_servers(settings, clock.utc_now()),
        *examine_tls(settings.web, clock.utc_now()),
        await examine_mail(settings.mail, clock),
        _codecs(settings),
    ]
    if deep:
        findings += await examine_deeply(settings, data_folder)
    if session_id is not None:
        findings += await examine_interview(settings, data_folder, session_id)
    return findings


def _codecs(settings: Settings) -> Finding:
    try:
        import media_server.aio.publisher  # noqa: F401  it loads libsrtp and what else media needs
    except ImportError:
        return fail("media", "The media libraries cannot be loaded", "Install Holdfast again, as in the quickstart.")
    taken = ", ".join([*(codec.value for codec in settings.signaling.video_codecs), "Opus"])
    return ok("media", f"Browsers may send {taken}")


def _told(finding: Finding) -> dict[str, str]:
    return {
        "level": finding.level.value,
        "what": finding.what,
        "said": finding.said,
        "remedy": finding.remedy,
    }


def _print(findings: list[Finding]) -> None:
    for finding in findings:
        level = typer.style(f"{finding.level.value:<4}", fg=_COLOURS[finding.level])
        typer.echo(f"{level}  {finding.what}: {finding.said}.{f' {finding.remedy}' if finding.remedy else ''}")
