"""`holdfast audit`: what the commands themselves left in it, listed, exported, verified; and a doctor that looks."""

import asyncio
import csv
import getpass
import hashlib
import io
import json
import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.web.conftest import PASSWORD
from tests.web.test_server import serving
from web.cli import app

runner = CliRunner()
HEAD = re.compile(r"the audit ends with row (\d+), hash ([0-9a-f]{64})")
DID = [
    "user_added",
    "job_added",
    "invited",
    "token_made",
    "sign_in_link_made",
    "link_issued",
    "deadline_changed",
    "password_changed",
    "token_revoked",
    "link_revoked",
]


def call(*arguments: str, stdin: str = "", status: int = 0) -> str:
    result = runner.invoke(app, list(arguments), input=stdin)
    assert result.exit_code == status, result.output
    return result.stdout if status == 0 else result.stderr


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder in which the operator has done something of everything."""
    monkeypatch.setenv("HOLDFAST_DATA", str(tmp_path / "data"))
    call("user", "add", "hr@example.org", "--password-stdin", stdin=PASSWORD + "\n")
    call("job", "add", "Lighthouse keeper", "--owner", "hr@example.org")
    call("interview", "add", "--job", "1", "--candidate", "Jane Roe", "--session-id", "one")
    call("user", "token", "hr@example.org", "--scope", "jobs:read")
    call("user", "link", "hr@example.org")
    call("interview", "link", "one", "--reissue")
    call("interview", "extend", "one", "--days", "3")
    call("user", "password", "hr@example.org", "--password-stdin", stdin=PASSWORD + "\n")
    call("user", "revoke-token", "hr@example.org", "1")
    call("interview", "link", "one", "--revoke")
    return tmp_path / "data"


def rows_of(*arguments: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(call("audit", "list", *arguments, "--json"))
    return found


def test_what_the_operator_did_is_listed_exported_and_verified(data: Path, tmp_path: Path) -> None:
    rows = [row for row in rows_of() if row["event"] in DID]
    assert [row["event"] for row in rows] == DID
    assert {(row["actor_kind"], row["actor_name"]) for row in rows} == {("operator", getpass.getuser())}
    assert [row["event"] for row in rows_of("--interview", "one", "--limit", "2")] == [
        "deadline_changed",
        "link_revoked",
    ]
    assert [row["event"] for row in rows_of("--event", "token_made")] == ["token_made"]
    assert rows_of("--person", "nobody@example.org") == []
    assert rows_of("--until", "2020-01-01") == []
    assert len(rows_of("--since", "2020-01-01")) == len(rows_of())
    assert "Nothing that fits" in call("audit", "list", "--until", "2020-01-01")
    assert "invited" in call("audit", "list")

    # What is exported is enough to check the chain with a few lines of one's own.
    previous, exported = "0" * 64, call("audit", "export").splitlines()
    for text in exported:
        row = json.loads(text)
        spelled = [1, row["number"], row["at"], row["event"], row["actor_kind"], row["actor_name"], row["session_id"]]
        spelled += [row["job_id"], row["details"], previous]
        previous = hashlib.sha256(json.dumps(spelled, separators=(",", ":")).encode()).hexdigest()
        assert row["hash"] == previous
    assert "jane" not in "".join(exported).lower()

    file = tmp_path / "audit.csv"
    assert call("audit", "export", "--format", "csv", "--output", str(file)).startswith("Wrote ")
    table = list(csv.DictReader(io.StringIO(file.read_text())))
    assert [row["event"] for row in table if row["event"] in DID] == DID
    assert table[-1]["event"] == "audit_exported"  # the export before
    assert "is there already" in call("audit", "export", "--output", str(file), status=1)

    told = json.loads(call("audit", "verify", "--json"))
    assert told["whole"]
    head = ("--number", str(told["head"]["number"]), "--head", told["head"]["hash"])
    assert f"the last is {told['head']['number']}" in call("audit", "verify", *head)
    assert "--head and --number together" in call("audit", "verify", "--number", "1", status=1)
    assert "64 characters" in call("audit", "verify", "--number", "1", "--head", "abc", status=1)

    with sqlite3.connect(data / "holdfast.db") as connection:  # somebody with the file
        connection.execute("DROP TRIGGER audit_events_no_delete")
        trigger = "SELECT sql FROM sqlite_master WHERE name = 'audit_events_no_update'"
        assert connection.execute(trigger).fetchone() is not None
        connection.execute("DELETE FROM audit_events WHERE number = (SELECT MAX(number) FROM audit_events)")
    connection.close()
    said = call("audit", "verify", *head, status=1)
    assert "is missing: the log says that row" in said
    findings = json.loads(runner.invoke(app, ["doctor", "--json"]).stdout)
    finding = next(each for each in findings if each["what"] == "audit")
    assert finding["level"] == "fail"
    assert "audit_events_no_delete" in finding["said"]


def test_an_audit_that_is_whole(data: Path) -> None:
    assert data.is_dir()
    assert "The audit is whole" in call("audit", "verify")
    findings = json.loads(runner.invoke(app, ["doctor", "--json"]).stdout)
    assert next(each for each in findings if each["what"] == "audit")["level"] == "ok"


async def test_the_log_of_a_server_names_the_end_and_verify_takes_it(tmp_path: Path, unused_tcp_port: int) -> None:
    data = tmp_path / "data"
    async with serving(data, "--port", str(unused_tcp_port)) as server:
        first = HEAD.search(await server.until("the audit ends with row"))
        await server.until("Holdfast serves")
        server.process.terminate()
        last = HEAD.search(await server.until("the audit ends with row"))
        assert await server.process.wait() == 0
    assert first is not None
    assert last is not None
    assert int(last[1]) > int(first[1])
    command = ["audit", "verify", "--data", str(data)]
    # A command runs a loop of its own, which this one's thread has already.
    for number, head in (last.groups(), first.groups()):
        if number != "0":
            said = await asyncio.to_thread(call, *command, "--number", number, "--head", head)
            assert "The audit is whole" in said
    other = "f" * 64
    said = await asyncio.to_thread(call, *command, "--number", last[1], "--head", other, status=1)
    assert f"Row {last[1]} is another one than the log says" in said
