"""The commands as a program, or a person, calls them."""

import asyncio
import json
import os
import re
import sqlite3
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from db import interviews, work
from db.engine import Database
from db.models import InterviewSession
from media_server.aio.data_folder import DataFolder
from signaling.protocol.tokens import read_candidate_token
from tests.web.conftest import NOW, PASSWORD
from web.cli import app

runner = CliRunner()


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOLDFAST_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("COLUMNS", "300")
    return tmp_path / "data"


def call(*arguments: str, stdin: str = "", status: int = 0) -> Result:
    result = runner.invoke(app, list(arguments), input=stdin)
    assert result.exit_code == status, result.output
    assert "Traceback" not in result.output
    return result


def told(*arguments: str) -> Any:
    return json.loads(call(*arguments, "--json").stdout)


@pytest.fixture
def job() -> str:
    call("user", "add", "hr@example.org", "--password-stdin", stdin=PASSWORD + "\n")
    return str(told("job", "add", "Lighthouse keeper", "--owner", "hr@example.org")["job_id"])


def test_an_interview_is_added_as_the_contract_says(job: str, data: Path) -> None:
    added = told(
        "interview", "add", "--job", job, "--candidate", "John Doe", "--question", "Who?", "--question", "Why?"
    )
    assert set(added) == {"session_id", "candidate_id", "candidate_url", "token", "whip_url"}
    claim = read_candidate_token((data / "server.key").read_bytes(), added["token"])
    assert (claim.session_id, claim.link_version) == (added["session_id"], 1)
    assert added["candidate_url"] == f"http://localhost:8080/i/{added['token']}"
    assert added["whip_url"] == f"http://localhost:8080/whip/{added['session_id']}"
    (listed,) = told("interview", "list")
    assert (listed["session_id"], listed["state"]) == (added["session_id"], "invited")
    assert added["session_id"] in call("interview", "list").stdout


def test_links_reach_the_server_that_runs_beside_the_command(job: str, data: Path) -> None:
    DataFolder(data).note_address("http://localhost:18080")
    added = told("interview", "add", "--job", job, "--candidate", "John Doe")
    assert added["candidate_url"] == f"http://localhost:18080/i/{added['token']}"
    assert told("interview", "link", added["session_id"])["whip_url"].startswith("http://localhost:18080/whip/")
    elsewhere = told("interview", "link", added["session_id"], "--public-url", "https://example.org")
    assert elsewhere["candidate_url"].startswith("https://example.org/i/")


def test_jobs_are_listed_with_what_is_in_them(job: str) -> None:
    told("interview", "add", "--job", job, "--candidate", "John Doe")
    (listed,) = told("job", "list")
    assert (listed["job_id"], listed["title"], listed["questions"]) == (int(job), "Lighthouse keeper", 0)
    assert (listed["interviews"], listed["archived_at"]) == ({"invited": 1}, None)
    assert re.search(r"1 +Lighthouse keeper +0 +1 +open", call("job", "list").stdout)


@pytest.mark.parametrize(
    ("flags", "allowed"),
    [
        ([], (0, None, 1)),
        (["--think", "20", "--answer", "90", "--takes", "2"], (20_000, 90_000, 2)),
        (["--think", "unlimited", "--answer", "unlimited"], (None, None, 1)),
        (["--think", "none", "--answer", "7200"], (0, 7_200_000, 1)),
    ],
)
async def test_questions_get_their_time_and_takes(
    job: str, data: Path, flags: list[str], allowed: tuple[int | None, int | None, int]
) -> None:
    base = ["interview", "add", "--job", job, "--candidate", "J", "--question", "Who?", "--question", "Why?"]
    await asyncio.to_thread(told, *base, "--session-id", "one", *flags)
    interview = await _interview(data, "one")
    assert [(each.think_ms, each.answer_ms, each.max_takes) for each in interview.questions] == [allowed, allowed]


async def test_a_job_says_how_long_a_link_is_good_and_what_is_recorded(job: str, data: Path) -> None:
    add = ("job", "add", "Keeper", "--owner", "hr@example.org", "--answers-only", "--deadline-days", "3")
    added = await asyncio.to_thread(told, *add, "--help-contact", "0123 456")
    base = ("interview", "add", "--job", str(added["job_id"]), "--candidate", "J", "--session-id", "one")
    await asyncio.to_thread(told, *base)
    interview = await _interview(data, "one")
    assert interview.deadline_at is not None
    assert interview.deadline_at - interview.created_at == timedelta(days=3)
    assert (interview.job.answers_only, interview.job.help_contact) == (True, "0123 456")


async def _interview(data: Path, session_id: str) -> InterviewSession:
    database = await Database.open(data / "holdfast.db")
    try:
        async with database.reading() as db_session:
            return await interviews.get_interview(db_session, session_id)
    finally:
        await database.close()


def test_links_begin_with_the_public_url(job: str) -> None:
    arguments = ("interview", "add", "--job", job, "--candidate", "J", "--public-url", "https://i.example.org")
    assert told(*arguments)["candidate_url"].startswith("https://i.example.org/i/")


def test_a_host_platforms_ids_are_taken(job: str) -> None:
    arguments = (
        "interview",
        "add",
        "--job",
        job,
        "--candidate",
        "Jane Smith",
        "--session-id",
        "Ä/1",
        "--candidate-id",
        "77",
    )
    added = told(*arguments)
    assert added["session_id"] == "Ä/1"
    assert added["whip_url"].endswith("/whip/%C3%84%2F1")
    result = call(*arguments, status=1)
    assert "already" in result.stderr


def test_the_same_email_is_the_same_candidate(job: str) -> None:
    add = ("interview", "add", "--job", job, "--candidate", "John Doe")
    first, second = (told(*add, "--email", "john.doe@example.org") for _ in range(2))
    other = told(*add)
    assert first["candidate_id"] == second["candidate_id"] != other["candidate_id"]


def test_consent_given_elsewhere(job: str) -> None:
    told("interview", "add", "--job", job, "--candidate", "J", "--session-id", "one", "--consented")
    (listed,) = told("interview", "list")
    assert listed["state"] == "consented"


def test_an_interview_is_deleted(job: str) -> None:
    told("interview", "add", "--job", job, "--candidate", "J", "--session-id", "one")
    call("interview", "delete", "one")
    assert told("interview", "list") == []
    call("interview", "delete", "one")


def test_a_users_token_alone_is_printed(job: str) -> None:
    token = call("user", "token", "hr@example.org").stdout
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}\n", token)
    assert told("user", "token", "hr@example.org")["token"] != token.strip()
    call("user", "password", "hr@example.org", "--password-stdin", stdin="another good password\n")


def test_a_users_tokens_are_listed_and_revoked(job: str) -> None:
    scopes = ("--scope", "recordings:read", "--scope", "interviews:read")
    call("user", "token", "hr@example.org", "--name", "Export", *scopes, "--days", "30")
    [token] = told("user", "tokens", "hr@example.org")
    assert (token["name"], token["scopes"]) == ("Export", ["interviews:read", "recordings:read"])
    line = call("user", "tokens", "hr@example.org").stdout
    assert "Export  interviews:read recordings:read, until 20" in line
    assert "never used" in line
    call("user", "revoke-token", "hr@example.org", str(token["id"]))
    call("user", "revoke-token", "hr@example.org", str(token["id"]), status=1)
    assert "has no API tokens" in call("user", "tokens", "hr@example.org").stdout


def test_a_sign_in_link_is_printed(job: str) -> None:
    url = told("user", "link", "hr@example.org", "--public-url", "https://interviews.example.org")["url"]
    assert url.startswith("https://interviews.example.org/hr/sign-in/")
    assert call("user", "link", "hr@example.org").stdout.strip() != url


async def test_heavy_work_is_listed_and_given_another_chance(job: str, data: Path) -> None:
    add = ("interview", "add", "--job", job, "--candidate", "J", "--session-id", "one")
    await asyncio.to_thread(told, *add)
    assert await asyncio.to_thread(told, "jobs") == []
    task = work.Task(work.WorkKind.ANSWER_SOUND, "one", "1/2")
    database = await Database.open(data / "holdfast.db")
    async with database.writing() as db_session:
        await work.begin(db_session, task, NOW)
        await work.fail(db_session, task, NOW, "there is\nnothing in it", None)
    await database.close()
    (listed,) = await asyncio.to_thread(told, "jobs")
    assert listed == {
        "kind": "answer_sound",
        "session_id": "one",
        "subject": "1/2",
        "state": "failed",
        "progress": 0.0,
        "attempts": 1,
        "error": "there is\nnothing in it",
        "started_at": "2026-11-24T09:00:00Z",
        "ended_at": "2026-11-24T09:00:00Z",
        "retry_at": None,
    }
    printed = (await asyncio.to_thread(call, "jobs")).stdout
    assert re.search(r"answer_sound 1/2 +one +failed +1 +there is nothing in it", printed)
    (listed,) = await asyncio.to_thread(told, "jobs", "--retry")
    assert (listed["state"], listed["attempts"]) == ("waiting", 0)


def test_nothing_to_mend_and_nothing_to_sweep(job: str) -> None:
    assert told("mend") == {"parts": []}
    assert told("sweep") == {"deleted": [], "deleted_again": [], "copies": 0}


def test_a_platforms_own_table_gets_the_columns_of_the_request(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "platform.db")
    connection.execute("CREATE TABLE interview_sessions (session_id TEXT)")
    connection.close()
    url = f"sqlite:///{tmp_path}/platform.db"
    names = ["video_file_path", "video_size_mb", "video_uploaded_at"]
    rehearsed = told("migrate-add-video", "--database", url, "--dry-run")
    assert rehearsed == {"table": "interview_sessions", "added": names, "present": [], "dry_run": True}
    said = call("migrate-add-video", "--database", url, "--dry-run").stdout
    assert said == f"Would add to interview_sessions: {', '.join(names)}.\n"
    assert call("migrate-add-video", "--database", url).stdout.startswith(
        "Added to interview_sessions: video_file_path"
    )
    assert call("migrate-add-video", "--database", url).stdout.startswith("interview_sessions has all three columns")
    assert told("migrate-add-video", "--database", url)["present"] == names


@pytest.mark.parametrize(
    ("arguments", "stdin", "line"),
    [
        (["migrate-add-video", "--database", "sqlite:///none.db"], "", "There is no SQLite database none.db."),
        (["user", "add", "hr@example.org", "--password-stdin"], "short\n", "A password has 10 to 1024 characters."),
        (["user", "add", "hr@example.org", "--password-stdin"], PASSWORD, "There is a user hr@example.org already."),
        (["user", "add", "nobody", "--password-stdin"], PASSWORD, "'nobody' is no e-mail address."),
        (["user", "token", "none@example.org"], "", "There is no user none@example.org."),
        (["job", "add", "X", "--owner", "none@example.org"], "", "There is no user none@example.org."),
        (["interview", "add", "--job", "9", "--candidate", "J"], "", "There is no job 9."),
        (["interview", "add", "--job", "1", "--candidate", " "], "", "The candidate needs a name."),
        (
            ["interview", "add", "--job", "1", "--candidate", "J", "--session-id", "x" * 600],
            "",
            "A session id has 1 to",
        ),
        (["interview", "add", "--job", "1", "--candidate", "J", "--think", "soon"], "", "--think takes whole seconds"),
        (
            ["interview", "add", "--job", "1", "--candidate", "J", "--answer", "none"],
            "",
            "--answer takes whole seconds",
        ),
        (["interview", "add", "--job", "1", "--candidate", "J", "--answer", "0"], "", "--answer takes whole seconds"),
        (["interview", "link", "none"], "", "There is no interview none."),
        (["interview", "delete", "none"], "", "There is no interview none."),
        (["interview", "list", "--config", "/none.toml"], "", "The settings file /none.toml cannot be read"),
        (["interview", "list", "--data", "/dev/null/data"], "", "/dev/null/data cannot be used"),
    ],
)
def test_what_is_wrong_is_one_plain_line(job: str, arguments: list[str], stdin: str, line: str) -> None:
    result = call(*arguments, stdin=stdin, status=1)
    assert result.stdout == ""
    assert result.stderr.startswith(line)
    assert result.stderr.count("\n") == 1


def test_a_wrong_environment_is_one_plain_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOLDFAST_WEB__PORT", "many")
    assert call("interview", "list", status=1).stderr.startswith("web.port: ")


def test_a_damaged_key_says_what_to_do(job: str, data: Path) -> None:
    (data / "server.key").write_bytes(b"short")
    assert "Restore it from a backup" in call("interview", "add", "--job", job, "--candidate", "J", status=1).stderr


async def test_it_is_installed_as_holdfast() -> None:
    import asyncio

    program = Path(sys.executable).with_name("holdfast")
    process = await asyncio.create_subprocess_exec(
        program, "--help", stdout=asyncio.subprocess.PIPE, env={**os.environ, "TERM": "dumb"}
    )
    printed, _ = await process.communicate()
    assert process.returncode == 0
    assert b"Records interviews in the browser" in printed


def test_a_job_is_complete_at_once_and_says_whose_words_those_are(job: str, data: Path) -> None:
    added = call("job", "add", "Nurse", "--owner", "hr@example.org", "--purpose", "To decide.").stdout
    assert "in words of ours, or with the owner's address (hr@example.org): who is responsible, whom to ask" in added
    assert "why it is recorded" not in added
    assert "/hr/jobs/2#notice" in added
    notice = told("job", "notice", "2")
    assert notice["missing"] == []
    assert {(each["language"], each["purpose"]) for each in notice["notices"]} == {
        ("en", "To decide."),
        ("de", "To decide."),
    }
    assert "Responsible is hr@example.org. Ask hr@example.org." in call("job", "notice", "2").stdout
    call("interview", "add", "--job", "2", "--candidate", "Jane")


def test_a_notice_is_changed_for_one_language_or_all(job: str) -> None:
    before = told("job", "notice", "1")["notices"]
    call("job", "notice", "1", "--language", "de", "--rights", "Alle.", "--legal-basis", "pre_contract")
    after = told("job", "notice", "1")["notices"]
    assert [notice["rights"] for notice in after] == [before[0]["rights"], "Alle."]
    assert {notice["legal_basis"] for notice in after} == {"pre_contract"}
    assert not {notice["version"] for notice in before} & {notice["version"] for notice in after}


def test_an_older_jobs_notice_is_filled_in_before_somebody_is_invited(job: str, data: Path) -> None:
    with sqlite3.connect(data / "holdfast.db") as database:
        database.execute("UPDATE jobs SET notice_controller = '', notice_texts = '{}'")
    refused = call("interview", "add", "--job", "1", "--candidate", "Jane", status=1)
    assert "its notice does not say who is responsible" in refused.stderr
    assert "holdfast job notice 1 (--fill takes words of ours)" in refused.stderr
    assert "Nobody can be invited yet" in call("job", "notice", "1").stdout
    assert told("job", "notice", "1", "--fill")["missing"] == []
    call("interview", "add", "--job", "1", "--candidate", "Jane")


def test_an_interview_is_withdrawn_for_a_candidate(job: str) -> None:
    added = told("interview", "add", "--job", job, "--candidate", "Jane", "--consented")
    told_of = told("interview", "withdraw", added["session_id"])
    assert told_of == {"session_id": added["session_id"], "state": "withdrawn", "erased": True}
    assert "no interview nobody" in call("interview", "withdraw", "nobody", status=1).stderr
