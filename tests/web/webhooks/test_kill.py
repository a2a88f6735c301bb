"""`kill -9`, between the commit and the message, and while the message is on its way: it arrives, with the same id."""

import asyncio
import json
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from db import people, webhooks
from db.clock import SystemClock
from db.engine import Database
from media_server.aio.data_folder import DataFolder
from tests.fakes.receiver import HANG, Receiver, receiver
from tests.web.test_server import serving
from tests.web.webhooks.test_deliverer import is_genuine
from web.invitations import NewInterview, set_up
from web.notices import first_words
from web.settings import NoticeSettings
from web.webhooks.signing import new_secret
from web.webhooks.vault import Secrets, Vault

DELETE_AND_DIE = """
import asyncio, os, signal, sys
from db import deletion
from db.clock import SystemClock
from db.engine import Database
from pathlib import Path

async def main():
    database = await Database.open(Path(sys.argv[1]))
    async with database.writing() as db_session:
        await deletion.begin_deletion(db_session, "one", SystemClock().utc_now())
        if sys.argv[2] == "before":
            os.kill(os.getpid(), signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


async def prepared(data: Path, url: str) -> str:
    """A data folder with an interview and a webhook; returns its secret."""
    folder = DataFolder.open(data)
    database = await Database.open(folder.database_path)
    secret, now = new_secret(), SystemClock().utc_now()
    async with database.writing() as db_session:
        user = await people.add_user(db_session, "hr@example.org", None, now)
        words = first_words(NoticeSettings(), controller="Example Ltd", contact="hr@example.org")
        job = await people.add_job(db_session, "Lighthouse keeper", user.id, now, **words)
        await set_up(db_session, NewInterview("one", job.id, "John Doe"), now)
        sealed = Vault(folder.server_key()).seal(Secrets(secret))
        await webhooks.add(db_session, user.id, url, sealed, list(webhooks.WebhookEvent), now)
    await database.close()
    return secret


async def delete_and_die(data: Path, when: str) -> None:
    """A process that deletes the interview and is killed in the same moment."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", DELETE_AND_DIE, str(data / "holdfast.db"), when
    )
    assert await process.wait() == -signal.SIGKILL


async def test_killed_after_the_commit_it_is_told_and_before_it_nothing_is(
    tmp_path: Path, unused_tcp_port: int, unused_tcp_port_factory: Callable[[], int]
) -> None:
    data = tmp_path / "data"
    async with receiver(unused_tcp_port_factory()) as there:
        secret = await prepared(data, there.url)
        await delete_and_die(data, "before")
        await delete_and_die(data, "after")
        assert there.messages == []
        async with serving(data, "--port", str(unused_tcp_port)) as server:
            await server.until("Holdfast serves")
            [message] = await there.got(1)
            assert await server.end() == 0
    assert message.told["type"] == "interview.deleted"
    assert is_genuine(secret, message.headers, message.body)


async def test_killed_while_it_is_on_its_way_it_comes_again(
    tmp_path: Path, unused_tcp_port: int, unused_tcp_port_factory: Callable[[], int]
) -> None:
    data = tmp_path / "data"
    there = Receiver()
    there.answers.append(HANG)
    async with receiver(unused_tcp_port_factory(), receiver_=there):
        await prepared(data, there.url)
        async with serving(data, "--port", str(unused_tcp_port)) as server:
            await server.until("Holdfast serves")
            await delete_and_die(data, "after")
            await there.got(1)
            assert await server.end(signal.SIGKILL) == -signal.SIGKILL
        async with serving(data, "--port", str(unused_tcp_port)) as server:
            await server.until("Holdfast serves")
            first, second = await there.got(2)
            assert await server.end() == 0
    assert (first.id, json.loads(first.body)) == (second.id, json.loads(second.body))
