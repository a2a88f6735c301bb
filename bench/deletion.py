"""Is anything left of a deleted interview? A marker is planted in everything that it has, and looked for afterwards.

The marker stands in the candidate's name, e-mail and id, in a question, and in the octets of sounds, pictures, captions, a
copy and a draft; the recording is really joined, and bears it in its chapters. Each interview is deleted in another way.
Then every octet below the data folder is searched, the database with its log among it, and a backup that is made then.
"""

import argparse
import asyncio
import secrets
import sys
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from aiohttp import ClientSession
from aiohttp import web as aioweb

from bench.report import print_table, print_verdict
from db import interviews
from db.clock import SystemClock
from db.models import InterviewSession
from db.states import InterviewState
from media_server.aio import recording_files
from media_server.recording import names
from tests.media_server.webm.image import closed_part, talk
from tests.web.conftest import NOW, Site, bearer, furnished
from web.app import create_app, open_services
from web.invitations import Links, NewInterview, links_for, set_up
from web.settings import load_settings

READY_WITHIN_S = 300.0
"How long joining may take on a machine that is busy."


@dataclass(frozen=True, slots=True)
class Searched:
    """What one way of deleting left."""

    way: str
    "Who deleted."
    planted: int
    "How often the marker was found before."
    left: int
    "How often in the data folder afterwards."
    in_backup: int
    "How often in a backup that was made afterwards."


async def measure(folder: Path, ways: list[str]) -> list[Searched]:
    """Plant, delete in each of these ways, search."""
    found = []
    async with AsyncExitStack() as stack:
        settings = load_settings(None, {"data": folder / "data"})
        services = await stack.enter_async_context(open_services(settings, SystemClock()))
        runner = aioweb.AppRunner(create_app(services), access_log=None)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await aioweb.TCPSite(runner, "127.0.0.1", 0).start()
        site = await furnished(services, f"http://127.0.0.1:{runner.addresses[0][1]}")
        http = await stack.enter_async_context(ClientSession(site.url))
        for number, way in enumerate(ways):
            session_id, marker = f"interview-{number}", f"mk{secrets.token_hex(12)}"
            links = await _planted(site, session_id, marker)
            planted = await _count(folder, marker)
            await WAYS[way](site, http, session_id, links)
            left = await _count(folder / "data", marker)
            await _holdfast("backup", str(folder / "backups"), "--data", str(folder / "data"))
            found.append(Searched(way, planted, left, await _count(folder / "backups", marker)))
    return found


# --- ways ---------------------------------------------------------------------------------


async def _by_hr(site: Site, http: ClientSession, session_id: str, _: Links) -> None:
    async with http.delete(f"/api/interviews/{session_id}", headers=bearer(site.owner)) as response:
        assert response.status == 204, await response.text()


async def _by_candidate(_: Site, http: ClientSession, session_id: str, links: Links) -> None:
    async with http.post(f"/api/interviews/{session_id}/withdraw", headers=bearer(links.token)) as response:
        assert (await response.json())["erased"]


async def _by_command(site: Site, _: ClientSession, session_id: str, __: Links) -> None:
    await _holdfast("interview", "delete", session_id, "--data", str(site.services.data_folder.path))


async def _by_sweep(site: Site, _: ClientSession, session_id: str, __: Links) -> None:
    async with site.services.database.writing() as db_session:
        interview = await db_session.get_one(InterviewSession, session_id)
        interview.ended_at = site.services.clock.utc_now() - timedelta(days=91)
    assert await site.services.recordings.sweep() == [session_id]


WAYS: dict[str, Callable[[Site, ClientSession, str, Links], Awaitable[None]]] = {
    "HR": _by_hr,
    "command line": _by_command,
    "sweep": _by_sweep,
    "candidate": _by_candidate,
}
"""How an interview is deleted."""


# --- planting and searching ---------------------------------------------------------------


async def _planted(site: Site, session_id: str, marker: str) -> Links:
    services = site.services
    async with services.database.writing() as db_session:
        new = NewInterview(
            session_id,
            site.job,
            f"Zoe {marker}",
            email=f"{marker}@example.org",
            candidate_id=f"host-{marker}",
            questions=(f"What is {marker}?", "Why?"),
        )
        await set_up(db_session, new, NOW)
        await interviews.give_consent(db_session, session_id, "1", f"Browser {marker}", NOW)
    for _ in range(2):
        await site.add_part(session_id, media=closed_part(talk(1)))
    await services.live_interviews.finish(session_id)
    whole = await _ready(site, session_id)
    folder = f"uploads/{whole.candidate.folder}"
    beside = [
        names.question_name(session_id, 1),
        names.answer_name(session_id, 1),
        names.captions_name(session_id),
        names.part_path(session_id, 9),
        names.upload_draft_path(session_id, "ab"),
        names.export_path(session_id, "mp4"),
        f"{names.previews_folder(session_id)}/{names.preview_name(whole.video_sha256 or '', 'poster.jpg')}",
    ]
    for name in beside:
        await asyncio.to_thread(
            recording_files.put_file, services.data_folder.files, f"{folder}/{name}", f"RIFF {marker} octets".encode()
        )
    return links_for(services.data_folder.server_key(), site.url, session_id, whole.link_version)


async def _ready(site: Site, session_id: str) -> InterviewSession:
    async with asyncio.timeout(READY_WITHIN_S):
        while True:
            async with site.services.database.reading() as db_session:
                interview = await interviews.get_interview(db_session, session_id)
            if interview.state is InterviewState.READY:
                return interview
            await asyncio.sleep(0.1)


async def _count(folder: Path, marker: str) -> int:
    """How often a marker stands in the names and the octets of everything below a folder."""
    # In a process of its own: whoever closes a database's file lets go of all locks that its process holds on it.
    command = [sys.executable, "-c", _COUNT, str(folder), marker]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    told, _ = await process.communicate()
    return int(told)


_COUNT: Final = """
import sys
from pathlib import Path
total, marker = 0, sys.argv[2]
for path in Path(sys.argv[1]).rglob("*"):
    total += path.name.lower().count(marker)
    if path.is_file():
        total += path.read_bytes().lower().count(marker.encode())
print(total)
"""


async def _holdfast(*arguments: str) -> None:
    command = [sys.executable, "-m", "web.cli", *arguments]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.DEVNULL)
    assert await process.wait() == 0, command


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(measure(Path(folder), list(WAYS)))
    print_table(
        "What is left of a deleted interview: places where the marker is found",
        ["deleted by", "before", "data folder", "backup made later"],
        [(each.way, each.planted, each.left, each.in_backup) for each in found],
    )
    met = all(each.planted and not each.left and not each.in_backup for each in found)
    print_verdict("no byte of the interview anywhere", met=met)


if __name__ == "__main__":
    main()
