"""`holdfast interview link` and `extend`."""

import asyncio
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from db import interviews
from db.clock import SystemClock
from db.engine import Database
from db.states import InterviewEvent, InterviewState
from signaling.protocol.tokens import read_candidate_token
from tests.web.conftest import NOW, PASSWORD
from web.cli import app

runner = CliRunner()


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOLDFAST_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


def call(*arguments: str, stdin: str = "", status: int = 0) -> str:
    result = runner.invoke(app, list(arguments), input=stdin)
    assert result.exit_code == status, result.output
    return result.stdout if status == 0 else result.stderr


def told(*arguments: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(call(*arguments, "--json"))
    return answer


@pytest.fixture(autouse=True)
def first(data: Path) -> dict[str, Any]:
    del data
    call("user", "add", "hr@example.org", "--password-stdin", stdin=PASSWORD + "\n")
    job = told("job", "add", "Lighthouse keeper", "--owner", "hr@example.org")["job_id"]
    return told("interview", "add", "--job", str(job), "--candidate", "J", "--session-id", "one")


def stands(data: Path, *events: InterviewEvent) -> None:
    async def move() -> None:
        database = await Database.open(data / "holdfast.db")
        async with database.writing() as db_session:
            for event in events:
                await interviews.apply_event(db_session, "one", event, NOW)
        await database.close()

    asyncio.run(move())


def test_a_link_is_shown_again_and_issued_anew(first: dict[str, Any], data: Path) -> None:
    assert call("interview", "link", "one").strip() == first["candidate_url"]
    for version, flag in enumerate(("--reissue", "--renew"), start=2):
        anew = told("interview", "link", "one", flag)
        assert read_candidate_token((data / "server.key").read_bytes(), anew["token"]).link_version == version
        assert call("interview", "link", "one").strip() == anew["candidate_url"]


def test_a_revoked_link_is_not_shown_until_it_is_issued_anew(first: dict[str, Any]) -> None:
    revoked = told("interview", "link", "one", "--revoke")
    assert (revoked["candidate_url"], revoked["token"], revoked["whip_url"]) == (None, None, None)
    assert revoked["revoked_at"].endswith("Z")
    assert "--reissue" in call("interview", "link", "one", status=1)
    assert told("interview", "link", "one", "--reissue")["token"] not in {None, first["token"]}
    assert call("interview", "link", "one", "--reissue", "--revoke", status=1).startswith("Give --reissue or")


def test_a_deadline_is_set_from_now_on(data: Path) -> None:
    extended = told("interview", "extend", "one", "--days", "30")
    until = datetime.fromisoformat(extended["deadline_at"])
    assert abs(until - SystemClock().utc_now() - timedelta(days=30)) < timedelta(minutes=1)
    stands(data, InterviewEvent.EXPIRE)
    assert told("interview", "extend", "one", "--days", "1")["state"] == InterviewState.INVITED.value
    assert call("interview", "extend", "one", "--days", "1").startswith("Interview one can be taken until 20")
    call("interview", "extend", "one", "--days", "0", status=2)


def test_what_is_over_stays_as_it_is(data: Path) -> None:
    stands(data, InterviewEvent.CONSENT, InterviewEvent.WITHDRAW)
    for arguments in (("link", "one", "--reissue"), ("link", "one", "--revoke"), ("extend", "one", "--days", "1")):
        assert "is over" in call("interview", *arguments, status=1)
    call("interview", "delete", "one")
    assert "is deleted" in call("interview", "link", "one", "--reissue", status=1)
    assert call("interview", "extend", "nobody", "--days", "1", status=1)


def test_who_is_being_recorded_is_told_of(data: Path) -> None:
    stands(data, InterviewEvent.CONSENT, InterviewEvent.MEDIA_STARTED)
    result = runner.invoke(app, ["interview", "link", "one", "--reissue"])
    assert "goes on until the candidate leaves" in result.stderr
