"""The deep look finds what the rows and the files disagree on, down to the packet, and repairs what it can."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from db import interviews, people
from db.clock import SystemClock
from db.engine import Database
from db.states import InterviewState
from media_server.aio.data_folder import DataFolder
from tests.media_server.house import STARTED, FixedClock, House
from tests.media_server.webm.image import closed_part
from tests.media_server.webm.real_media import interview as talk
from tests.media_server.webm.real_media import tracks
from tests.web.conftest import Site
from web.cli import app
from web.cli.common import Workshop
from web.doctor.deep import examine_deeply
from web.doctor.finding import Finding, Level
from web.doctor.reading import read_through
from web.doctor.repair import repair
from web.settings import load_settings

REAL = closed_part(talk("VP8", 2), tracks("VP8"))


async def examined(site: Site) -> list[Finding]:
    return await examine_deeply(site.services.settings, site.services.data_folder)


def said(findings: list[Finding], what: str) -> str:
    return " | ".join(f"{each.level}: {each.said}" for each in findings if each.what == what)


def wrong(findings: list[Finding]) -> list[str]:
    return [each.what for each in findings if each.level is not Level.OK and each.what != "deep"]


def shop(site: Site) -> Workshop:
    services = site.services
    return Workshop(services.settings, services.data_folder, services.database, SystemClock())


async def stored(site: Site) -> Path:
    """A finished interview of one part, as it should be; returns its recording."""
    await site.invite(consented=True)
    await site.add_part(media=REAL)
    await site.services.live_interviews.finish("one")
    (recording,) = site.services.data_folder.uploads_path.glob("*/*.webm")
    return recording


async def test_what_is_as_it_was_written_is_in_order(site: Site) -> None:
    await stored(site)
    findings = await examined(site)
    assert wrong(findings) == []
    assert "packets" in said(findings, "interview one recording")
    assert "every packet is as it was written" in said(findings, "deep")


@pytest.mark.parametrize("at", [0.1, 0.5, 0.95])
async def test_octets_that_are_others_are_found(site: Site, at: float) -> None:
    recording = await stored(site)
    octets = bytearray(recording.read_bytes())
    place = int(len(octets) * at)
    octets[place : place + 8] = bytes(each ^ 0xFF for each in octets[place : place + 8])
    recording.write_bytes(octets)
    assert "its SHA-256 is another" in said(await examined(site), "interview one recording")


async def test_damage_is_found_where_no_sum_was_kept(site: Site) -> None:
    path = site.services.data_folder.path / "uploads" / "damaged.webm"
    octets = bytearray(REAL)
    octets[len(octets) - 400] ^= 0xFF
    path.write_bytes(octets)
    found = read_through(site.services.data_folder.files, "uploads/damaged.webm", is_sealed=True)
    assert any("are damaged, or not what was written" in trouble for trouble in found.troubles)
    path.write_bytes(REAL)
    assert read_through(site.services.data_folder.files, "uploads/damaged.webm", is_sealed=True).troubles == ()
    path.write_bytes(b"no WebM at all" * 100)
    found = read_through(site.services.data_folder.files, "uploads/damaged.webm", is_sealed=True)
    assert "its head is damaged" in found.troubles


async def test_a_recording_that_is_gone_and_a_part_that_is_gone(site: Site) -> None:
    recording = await stored(site)
    await site.invite("two", consented=True)
    part = await site.add_part("two", media=REAL)
    recording.unlink()
    (site.services.data_folder.path / part).unlink()
    findings = await examined(site)
    assert "is not there" in said(findings, "interview one recording")
    assert "is not there" in said(findings, "interview two part 1")


async def test_sums_are_corrected_parts_joined_and_nothing_deleted(site: Site) -> None:
    recording = await stored(site)
    await site.invite("two", consented=True)
    for _ in range(2):
        await site.add_part("two", media=REAL)
    async with site.services.database.writing() as db_session:
        one = await interviews.get_interview(db_session, "one")
        one.video_size_mb, one.video_sha256, one.preview_of = 99.0, None, "0" * 64
        two = await interviews.get_interview(db_session, "two")
        two.parts[1].size_bytes = 1
    before = {each: each.read_bytes() for each in site.services.data_folder.uploads_path.rglob("*.webm")}
    findings = await examined(site)
    assert {"interview one recording", "interview one previews", "interview two part 2"} <= set(wrong(findings))
    done = " ".join(finding.said for finding in await repair(shop(site)))
    assert "corrected sha256, size" in done
    assert "its previews are drawn again" in done
    assert "part 2" in done
    assert "A server runs" in done
    assert {each: each.read_bytes() for each in before} == before
    findings = await examined(site)
    assert "interview one recording" not in wrong(findings)
    assert all("bytes; the database says" not in finding.said for finding in findings)
    assert recording.exists()


async def test_a_sum_that_differs_is_never_made_right(site: Site) -> None:
    recording = await stored(site)
    recording.write_bytes(REAL + b"more")
    await repair(shop(site))
    assert "its SHA-256 is another" in said(await examined(site), "interview one recording")


async def test_without_a_server_the_repair_joins_what_lies_there(tmp_path: Path) -> None:
    clock, data_folder = FixedClock(), DataFolder.open(tmp_path / "data")
    database = await Database.open(data_folder.database_path)
    async with database.writing() as db_session:
        owner = await people.add_user(db_session, "hr@example.org", None, STARTED)
        job = await people.add_job(db_session, "Lighthouse keeper", owner.id, STARTED)
    house = House(database, data_folder, job.id, clock)
    await house.interview("one", media=[REAL, REAL])
    done = " ".join(each.said for each in await repair(Workshop(load_settings(None, {}), data_folder, database, clock)))
    assert "A server runs" not in done
    assert (await house.get("one")).state is InterviewState.READY
    await database.close()


def test_the_command_ends_with_1_when_something_is_wrong(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["doctor", "--deep", "--repair", "--data", str(tmp_path / "data"), "--json"])
    assert result.exit_code == 0
    assert {finding["what"] for finding in json.loads(result.stdout)} >= {"data folder", "deep"}
