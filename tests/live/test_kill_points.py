"""A short form of `bench/kill_points`: whole lives of interviews, a server that is killed, and what agrees afterwards."""

from pathlib import Path

import pytest

from bench.agreement import disagreements
from bench.kill_points import measure
from bench.lives import Promises
from tests.live.harness import running_server

pytestmark = pytest.mark.slow

POINTS = 6


@pytest.mark.timeout(900)  # a busy machine starts a server in half a minute
async def test_database_and_disk_agree_after_every_kill(tmp_path: Path) -> None:
    found = await measure(POINTS, 20, tmp_path)
    assert found.wrong == []
    assert found.points == POINTS
    assert found.stages.total() == 3 * POINTS


async def test_what_does_not_agree_would_be_found(tmp_path: Path) -> None:
    async with running_server(tmp_path) as server:
        await server.add_user()
        interview = await server.add_interview(await server.add_job(), consented=True)
        session_id = interview.session_id
        assert await disagreements(server.data, {session_id: Promises()}) == []
        (server.data / "uploads" / "John_Doe").mkdir()
        (server.data / "uploads" / "John_Doe" / "left.webm").write_bytes(b"left")
        (server.data / "uploads" / "Nobody").mkdir()
        told = Promises(saved_ms=1, sha256="0" * 64, deleted=True)
        assert await disagreements(server.data, {session_id: told, "none": Promises()}) == [
            "uploads/John_Doe/left.webm is left over",
            "uploads/Nobody is empty",
            f"{session_id} was deleted, and is consented",
            f"{session_id}: 1 ms were announced as saved, 0 ms are there",
            f"{session_id}: its recording is another one than was told",
            "none is gone",
        ]
