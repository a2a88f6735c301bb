"""Backups of a real server that records meanwhile, restored, and looked at by the doctor and by FFmpeg."""

import asyncio
import json
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import aiohttp
import pytest

from bench.capture_rtp import know_vp9
from bench.publisher import Dump, Publisher
from tests.live.decode import decode
from tests.live.harness import Interview, Server, ServerError, free_port, running_server, until
from tests.live.scenarios import part_closed, part_rows

pytestmark = pytest.mark.slow

MARKER = b"planted-marker-8c1f0e5d"


async def record(server: Server, http: aiohttp.ClientSession, interview: Interview, octets: int) -> Publisher:
    """Begin to record, and return once so much of it is on the disk."""
    know_vp9()
    publisher = Publisher(Dump.load("VP9"), "VP9")
    await asyncio.wait_for(publisher.connect(http, server.whip_url(interview), interview.token), 30)
    sending.append(asyncio.ensure_future(publisher.send_until_ended()))

    async def writes() -> bool:
        return any(path.stat().st_size > octets for path in server.part_files(interview))

    await until(writes, within_s=60)
    return publisher


sending: "list[asyncio.Future[None]]" = []


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with running_server(tmp_path) as server:
        await server.add_user()
        yield server
    for task in sending:
        task.cancel()
        with suppress(asyncio.CancelledError, ConnectionError):
            await task
    sending.clear()


async def finished(server: Server, http: aiohttp.ClientSession, job: str, candidate: str, email: str) -> Interview:
    """An interview that is over and stored."""
    interview = await server.add_interview(job, candidate=candidate, email=email, consented=True)
    publisher = await record(server, http, interview, 40_000)
    await publisher.close(http, interview.token)
    await part_closed(server, interview, 1)
    headers = {"Authorization": f"Bearer {interview.token}"}
    async with http.post(
        f"{server.base_url}/api/interviews/{interview.session_id}/finish", headers=headers
    ) as response:
        assert response.status == 200
    return interview


async def run(server: Server, *words: str) -> dict[str, object]:
    printed: dict[str, object] = json.loads(await server.command(*words, "--json"))
    return printed


def restored(server: Server, folder: Path) -> Server:
    """The server that a backup is restored for."""
    return Server(folder / "data", free_port(), settings=server.settings)


async def backed_up(server: Server, folder: Path, *more: str) -> Path:
    return Path(str((await run(server, "backup", str(folder), *more))["backup"]))


def holders(folder: Path) -> list[Path]:
    """Files that hold the marker."""
    return [path for path in folder.rglob("*") if path.is_file() and MARKER in path.read_bytes()]


async def test_a_backup_made_while_recording_restores_to_something_whole(server: Server, tmp_path: Path) -> None:
    async with aiohttp.ClientSession() as http:
        job = await server.add_job()
        stored = await finished(server, http, job, "Ada Stored", "ada@example.org")
        running = await server.add_interview(job, candidate="Rob Running", email="rob@example.org", consented=True)
        publisher = await record(server, http, running, 40_000)
        made = await run(server, "backup", str(tmp_path / "backups"))
        assert (made["missing"], made["damaged"]) == ([], [])
        assert part_rows(server, running)[0]["state"] == "open", "it went on recording"
        await publisher.close(http, running.token)
    await server.kill()

    again = restored(server, tmp_path / "new")
    told = await run(again, "restore", str(tmp_path / "backups"))
    assert (told["mended"], told["damaged"], told["missing"], told["deleted"]) == (1, [], [], [])
    said = json.loads(await again.command("doctor", "--interview", running.session_id, "--json"))
    failed = [one for one in said if one["level"] == "fail"]
    assert failed == []
    assert {one["level"] for one in said if one["what"] in {"orphan files", "rows without files", "database"}} == {"ok"}
    assert decode(again.part_files(running)[0]).pictures
    [recording] = again.rows(
        "SELECT video_file_path AS path FROM interview_sessions WHERE session_id = ?", stored.session_id
    )
    original = server.data / recording["path"]
    assert (again.data / recording["path"]).read_bytes() == original.read_bytes()
    assert (again.data / "server.key").read_bytes() == (server.data / "server.key").read_bytes()
    assert (again.data / recording["path"]).stat().st_mode & 0o077 == 0
    await again.start()
    assert (await again.api(running, running.token))["state"] == "interrupted", "the same link resumes it"
    await again.kill()


async def test_what_has_not_changed_is_not_copied_again_and_old_ones_go(server: Server, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    async with aiohttp.ClientSession() as http:
        job = await server.add_job()
        await finished(server, http, job, "Ada Stored", "ada@example.org")
        first = await run(server, "backup", str(folder), "--keep", "2")
        await finished(server, http, job, "Bob Later", "bob@example.org")
        second = await run(server, "backup", str(folder), "--keep", "2")
        third = await run(server, "backup", str(folder), "--keep", "2")
    assert isinstance(third["copied"], int)
    recording = next((Path(str(second["backup"])) / "uploads" / "Ada_Stored").glob("*.webm"))
    assert recording.stat().st_nlink == 2, "the second and the third share it; the first has gone"
    assert third["removed"] == [Path(str(first["backup"])).name]
    assert Path(str(first["backup"])).name not in {path.name for path in folder.iterdir()}
    assert sorted(path.name for path in folder.iterdir() if path.name[0] != ".") == [
        Path(str(made["backup"])).name for made in (second, third)
    ]


async def test_deleted_interviews_are_in_no_later_backup_and_do_not_come_back(server: Server, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    async with aiohttp.ClientSession() as http:
        job = await server.add_job()
        kept = await finished(server, http, job, "Ada Kept", "ada@example.org")
        gone = await finished(server, http, job, "Zebulon Quartermain", "zq@example.org")
    (server.data / "uploads" / "Zebulon_Quartermain" / "question_q9_somebody.wav").write_bytes(MARKER)
    before = await backed_up(server, folder)
    assert holders(before), "what is there is backed up, also what a host platform put there"
    await server.command("interview", "delete", gone.session_id)
    after = await backed_up(server, folder)
    assert holders(after) == []
    assert not list(after.glob("uploads/Zebulon_Quartermain"))

    again = restored(server, tmp_path / "new")
    told = await run(again, "restore", str(folder), "--backup", before.name)
    assert told["deleted"] == [gone.session_id]
    assert not list(again.data.glob("uploads/Zebulon_Quartermain/*.webm"))
    assert list(again.data.glob("uploads/Ada_Kept/*.webm"))

    third = restored(server, tmp_path / "third")
    listed = tmp_path / "deleted.txt"
    listed.write_text(f'nobody-knows-this\n{{"session_id": "{kept.session_id}", "begun_at": "2026-11-25"}}\n{{"cut')
    told = await run(third, "restore", str(after), "--deleted", str(listed))
    assert told["deleted"] == [kept.session_id]
    assert not list(third.data.glob("uploads/*/*.webm"))
    assert third.rows("SELECT count(*) AS n FROM audit_events WHERE event = 'restored'") == [{"n": 1}]


async def test_nothing_is_restored_over_what_lies_there(server: Server, tmp_path: Path) -> None:
    await run(server, "backup", str(tmp_path / "backups"))
    before = {path: path.read_bytes() for path in server.data.rglob("*") if path.is_file() and path.suffix != ".db-shm"}
    with pytest.raises(ServerError, match="is not empty, and nothing is restored over what lies there"):
        await server.command("restore", str(tmp_path / "backups"))
    assert {path: path.read_bytes() for path in before} == before


async def test_a_damaged_file_is_told_and_the_rest_restored(server: Server, tmp_path: Path) -> None:
    async with aiohttp.ClientSession() as http:
        job = await server.add_job()
        await finished(server, http, job, "Ada Stored", "ada@example.org")
        await finished(server, http, job, "Bob Damaged", "bob@example.org")
    # The disk has changed a byte of it since it was stored: what is backed up is not what was recorded.
    original = next(server.data.glob("uploads/Bob_Damaged/*.webm"))
    spoil(original)
    with pytest.raises(ServerError, match="ended with 1"):
        await server.command("backup", str(tmp_path / "backups"))
    backup = next((tmp_path / "backups").glob("2*"))
    spoil(next(backup.glob("uploads/Ada_Stored/*.webm")))
    again = restored(server, tmp_path / "new")
    with pytest.raises(ServerError, match="ended with 1"):
        await again.command("restore", str(tmp_path / "backups"))
    assert not list(again.data.glob("uploads/Ada_Stored/*.webm"))
    assert list(again.data.glob("uploads/Bob_Damaged/*.webm"))
    assert not (again.data / "restoring").exists()


def spoil(path: Path) -> None:
    """Change one byte in the middle, as a failing disk does."""
    state = path.stat()
    octets = bytearray(path.read_bytes())
    octets[len(octets) // 2] ^= 0xFF
    path.write_bytes(octets)
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))


async def test_a_restore_that_was_cut_is_not_served_and_begun_anew(server: Server, tmp_path: Path) -> None:
    async with aiohttp.ClientSession() as http:
        await finished(server, http, await server.add_job(), "Ada Stored", "ada@example.org")
    await run(server, "backup", str(tmp_path / "backups"))
    again = restored(server, tmp_path / "new")
    again.data.mkdir(parents=True)
    (again.data / "restoring").write_text("as a restore leaves it that was cut\n")
    (again.data / "uploads").mkdir()
    (again.data / "uploads" / "half").write_text("half")
    with pytest.raises(ServerError, match="Run the same holdfast restore again"):
        await again.start()
    await run(again, "restore", str(tmp_path / "backups"))
    assert not (again.data / "uploads" / "half").exists()
    await again.start()
    await again.kill()


async def test_where_no_backup_belongs(server: Server, tmp_path: Path) -> None:
    for folder in (server.data, server.data / "backups", tmp_path):
        with pytest.raises(ServerError, match="lie in each other"):
            await server.command("backup", str(folder))
    (tmp_path / "nothing").mkdir()
    with pytest.raises(ServerError, match="holds no backup that is whole"):
        await restored(server, tmp_path / "new").command("restore", str(tmp_path / "nothing"))
    made = Path(str((await run(server, "backup", str(tmp_path / "backups")))["backup"]))
    manifest = json.loads((made / "manifest.json").read_text())
    (made / "manifest.json").write_text(json.dumps(manifest | {"revision": "9999", "holdfast": "7.0"}))
    with pytest.raises(ServerError, match=r"made by a newer Holdfast \(7.0"):
        await restored(server, tmp_path / "newer").command("restore", str(made))
    assert not (tmp_path / "newer").exists()
    shutil.rmtree(made)
