"""The doctor finds what is wrong, says what to do, and changes nothing."""

import asyncio
import json
import socket
import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import Any

import av
import numpy as np
from typer.testing import CliRunner

from db import interviews
from db.clock import SystemClock
from db.states import InterviewState
from tests.live.harness import until
from tests.media_server.webm.image import closed_part, talk
from tests.web.conftest import NOW, Site
from web.cli import app
from web.doctor.finding import Finding, Level
from web.doctor.interview import examine_interview
from web.doctor.network import examine_addresses, examine_ports, examine_tls
from web.doctor.storage import examine_agreement, examine_database, examine_folder
from web.phone import certificate_for
from web.settings import Settings, load_settings


def levels(findings: list[Finding], what: str) -> set[Level]:
    return {finding.level for finding in findings if finding.what == what}


def settings_with(**sections: Any) -> Settings:
    return load_settings(None, sections)


def test_a_machine_without_data_yet_is_not_ill(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["doctor", "--data", str(tmp_path / "data"), "--json"])
    found = json.loads(result.stdout)
    assert result.exit_code == 0
    assert {finding["level"] for finding in found} <= {"ok", "warn"}
    assert not (tmp_path / "data").exists(), "the doctor changes nothing"
    for finding in found:
        assert bool(finding["remedy"]) == (finding["level"] != "ok"), "what is wrong says what to do"


async def test_a_running_server_in_good_order(site: Site) -> None:
    await site.recorded()
    folder, settings = site.services.data_folder, site.services.settings
    findings = [
        *examine_folder(folder),
        *examine_database(folder),
        *await examine_agreement(settings, folder, SystemClock()),
    ]
    assert {finding.level for finding in findings} == {Level.OK}
    assert "A server runs on this data folder" in {finding.said for finding in findings}
    folder.note_address("http://localhost:18080")
    assert "A server runs on this data folder, at http://localhost:18080" in {
        finding.said for finding in examine_folder(folder)
    }


async def test_disk_and_database_are_compared_both_ways(site: Site) -> None:
    await site.recorded()
    folder = site.services.data_folder
    (recording,) = folder.uploads_path.glob("*/*.webm")
    recording.rename(recording.with_name("moved.webm"))
    findings = await examine_agreement(site.services.settings, folder, SystemClock())
    assert levels(findings, "orphan files") == {Level.WARN}
    assert levels(findings, "rows without files") == {Level.FAIL}
    assert "moved.webm (1.3 MB)" in findings[0].said


async def test_what_others_can_read_is_told(site: Site) -> None:
    site.services.data_folder.key_path.chmod(0o644)
    findings = list(examine_folder(site.services.data_folder))
    assert levels(findings, "privacy") == {Level.WARN}


async def test_a_database_that_is_none(site: Site) -> None:
    await site.services.database.close()
    folder = site.services.data_folder
    folder.database_path.write_bytes(b"nothing of the kind" * 100)
    assert levels(list(examine_database(folder)), "database") == {Level.FAIL}


async def test_tables_of_a_newer_version(site: Site) -> None:
    folder = site.services.data_folder

    def upgrade() -> None:
        with sqlite3.connect(folder.database_path) as connection:
            connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.close()

    await asyncio.to_thread(upgrade)  # the server may be writing, and has to be let go on with it
    assert levels(list(examine_database(folder)), "tables") == {Level.FAIL}


# --- the network -----------------------------------------------------------------


def test_ports_in_use() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, socket.socket(type=socket.SOCK_DGRAM) as udp:
        udp.bind(("", 0))
        media = udp.getsockname()[1]
        settings = settings_with(web={"port": taken.getsockname()[1]}, media={"udp_ports": f"{media}-{media}"})
        findings = list(examine_ports(settings))
    assert levels(findings, "port") == {Level.WARN}
    assert levels(findings, "UDP ports") == {Level.FAIL}
    assert levels(list(examine_ports(settings_with(media={"udp_ports": "50000-50009"}))), "UDP ports") == {Level.WARN}


def test_addresses() -> None:
    (alone,) = examine_addresses(settings_with())
    (natted,) = examine_addresses(settings_with(web={"host": "0.0.0.0"}, media={"public_address": "198.51.100.7"}))
    private = {"bind_addresses": ("10.1.2.3",)}
    (private_only,) = examine_addresses(settings_with(web={"host": "0.0.0.0"}, media=private))
    (public,) = examine_addresses(settings_with(web={"host": "0.0.0.0"}, media={"bind_addresses": ("8.8.8.8",)}))
    (nothing,) = examine_addresses(settings_with(web={"host": "0.0.0.0"}, media={"bind_addresses": ("127.0.0.1",)}))
    found = [finding.level for finding in (alone, natted, private_only, public, nothing)]
    assert found == [Level.OK, Level.OK, Level.WARN, Level.OK, Level.FAIL]


def test_tls(tmp_path: Path) -> None:
    certificate, key = certificate_for("192.0.2.1", tmp_path / "tls", NOW)
    own: dict[str, Any] = {"tls_cert": certificate, "tls_key": key, "host": "0.0.0.0"}

    def level(days: int = 0, **web: Any) -> Level:
        return next(examine_tls(settings_with(web=web).web, NOW + timedelta(days=days))).level

    assert level() is Level.OK
    assert level(host="0.0.0.0") is Level.FAIL
    assert level(host="0.0.0.0", public_url="https://i.example.org") is Level.OK
    assert level(**own, public_url="https://192.0.2.1") is Level.OK
    assert level(**own, public_url="https://i.example.org") is Level.WARN
    assert level(**own, public_url="https://192.0.2.1", days=360) is Level.WARN
    assert level(**own, public_url="https://192.0.2.1", days=400) is Level.FAIL
    assert level(tls_cert=key, tls_key=key) is Level.FAIL


# --- one interview -----------------------------------------------------------------


def webm(path: Path, seconds: int) -> bytes:
    with av.open(path, "w", format="webm") as container:
        stream = container.add_stream("libvpx", rate=10)
        stream.width = stream.height = 64
        for index in range(seconds * 10):
            frame = av.VideoFrame.from_ndarray(np.full((64, 64, 3), index % 255, np.uint8), format="rgb24")
            frame.pts = index
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path.read_bytes()


async def test_a_healthy_interview(site: Site, tmp_path: Path) -> None:
    await site.invite(consented=True)
    await site.add_part(media=webm(tmp_path / "part.webm", 60))
    await site.services.live_interviews.finish("one")
    findings = await examine_interview(site.services.settings, site.services.data_folder, "one")
    assert {finding.level for finding in findings} == {Level.OK}, findings
    assert findings[-2].said.startswith("0:59, ")
    assert findings[-1].said == "1 part, 1:00, unchanged"


async def test_an_interview_with_trouble(site: Site, tmp_path: Path) -> None:
    await site.invite(consented=True)
    await site.add_part(media=webm(tmp_path / "part.webm", 3))
    await site.add_part(media=b"no WebM at all")
    gone = await site.add_part()
    (site.services.data_folder.path / gone).unlink()
    await site.add_part(closed=False)
    findings = await examine_interview(site.services.settings, site.services.data_folder, "one")
    assert [levels(findings, f"part {number}") for number in (1, 2, 3, 4)] == [
        {Level.WARN},
        {Level.FAIL},
        {Level.FAIL},
        {Level.OK},
    ]


async def test_a_recording_of_several_parts_is_what_was_stored(site: Site) -> None:
    await site.invite(consented=True)
    for _ in range(2):
        await site.add_part(media=closed_part(talk(1)))
    await site.services.live_interviews.finish("one")

    async def is_joined() -> bool:
        async with site.services.database.reading() as db_session:
            return (await interviews.get_interview(db_session, "one")).state is InterviewState.READY

    await until(is_joined, within_s=120)
    settings, folder = site.services.settings, site.services.data_folder
    findings = await examine_interview(settings, folder, "one")
    assert {finding.level for finding in findings} == {Level.OK}
    assert "2 parts, 0:02, unchanged" in {finding.said for finding in findings if finding.what == "recording"}
    (recording,) = folder.uploads_path.glob("*/*.webm")
    recording.write_bytes(recording.read_bytes()[:-1] + b"!")
    assert levels(await examine_interview(settings, folder, "one"), "recording") == {Level.FAIL}
    recording.unlink()
    assert levels(await examine_interview(settings, folder, "one"), "recording") == {Level.FAIL}


async def test_parts_that_cannot_be_joined_are_told(site: Site) -> None:
    await site.invite(consented=True)
    for _ in range(2):
        await site.add_part()
    await site.services.live_interviews.finish("one")
    findings = await examine_interview(site.services.settings, site.services.data_folder, "one")
    assert levels(findings, "interview") == {Level.WARN}


async def test_an_interview_that_is_none(site: Site) -> None:
    (finding,) = await examine_interview(site.services.settings, site.services.data_folder, "none")
    assert finding.level is Level.FAIL
