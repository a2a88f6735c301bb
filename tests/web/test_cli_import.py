"""`holdfast import` as an operator calls it."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from media_server.aio.adoption_files import adopting
from media_server.aio.data_folder import DataFolder
from tests.media_server.old_tree import JANE, JOHN, lying_in, old_tree, put
from tests.web.conftest import PASSWORD
from web.cli import app

runner = CliRunner()


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOLDFAST_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("COLUMNS", "300")
    return tmp_path / "data"


@pytest.fixture
def old(tmp_path: Path) -> str:
    call("user", "add", "hr@example.org", "--password-stdin", stdin=PASSWORD + "\n")
    put(old_tree(tmp_path / "backend" / "uploads"), "notes.txt", b"somebody's own")
    return str(tmp_path / "backend")


def call(*arguments: str, stdin: str = "", status: int = 0) -> Result:
    result = runner.invoke(app, list(arguments), input=stdin)
    assert result.exit_code == status, result.output
    assert "Traceback" not in result.output
    return result


def told(*arguments: str) -> Any:
    return json.loads(call(*arguments, "--json").stdout)


def test_a_rehearsal_tells_the_plan(old: str) -> None:
    before = lying_in(Path(old))
    said = call("import", old, "--dry-run").stdout
    for line in (
        "John Doe: John_Doe/interview_video_20241128_120530.webm",
        "with 1 question and 2 answers to be heard",
        "uploaded 2024-11-28 12:05 UTC",
        "notes.txt: it lies in no candidate's folder",
        "In all: 2 interviews of 2 candidates",
        "Nothing was changed.",
    ):
        assert line in said
    assert lying_in(Path(old)) == before
    assert told("interview", "list") == []


def test_all_of_it_from_the_plan_to_the_old_files_gone(old: str, data: Path) -> None:
    into = ["import", old, "--owner", "hr@example.org", "--retention-days", "3650"]
    done = told(*into)
    assert [(each["source"], each["result"]) for each in done["interviews"]] == [(JANE, "adopted"), (JOHN, "adopted")]
    john = done["interviews"][1]
    assert (john["video_file_path"], john["questions"], john["answers"]) == (f"uploads/{JOHN}", [1], [1, 2])
    assert done["totals"] == {
        "interviews": 2,
        "candidates": 2,
        "sounds": 3,
        "doubtful": 0,
        "left": 1,
        "rows_without_file": 0,
        "by_result": {"adopted": 2},
    }
    assert {each["state"] for each in told("interview", "list")} == {"ready"}
    again = told(*into, "--remove-originals")
    assert again["totals"]["by_result"] == {"adopted before": 2}
    assert set(lying_in(Path(old))) == {"uploads/notes.txt"}
    assert (data / "uploads" / JOHN).exists()
    (job,) = told("job", "list")
    assert (job["title"], job["interviews"]) == ("Imported interviews", {"ready": 2})
    listed = runner.invoke(app, ["doctor"]).stdout
    assert "Every media file belongs to an interview" in listed
    assert "Every file that the database names is there" in listed


def test_the_table_may_be_a_csv_file(old: str, tmp_path: Path) -> None:
    table = tmp_path / "old.csv"
    table.write_text(
        f"session_id,video_file_path,candidate_email\n7,backend/uploads/{JOHN},j@x.org\n8,uploads/no.webm,\n"
    )
    done = told("import", old, "--csv", str(table), "--dry-run", "--timezone", "Europe/Berlin")
    assert [(each["session_id"], each["video_uploaded_at"]) for each in done["interviews"]] == [
        ("7", "2024-11-28T11:05:30Z")
    ]
    assert done["rows_without_file"] == [{"session_id": "8", "video_file_path": "uploads/no.webm"}]
    assert {each["path"] for each in done["left"]} == {JANE, "notes.txt"}
    assert "8: uploads/no.webm" in call("import", old, "--csv", str(table), "--dry-run").stdout


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ([], "Say where the interviews go"),
        (["--job", "1", "--owner", "hr@example.org"], "Say where the interviews go"),
        (["--job", "99"], "There is no job 99."),
        (["--owner", "no@example.org"], "There is no user"),
        (["--dry-run", "--remove-originals"], "--dry-run changes nothing"),
        (["--dry-run", "--timezone", "Nowhere/Else"], "There is no timezone Nowhere/Else."),
        (["--dry-run", "--csv", "x", "--database", "sqlite:///x"], "Give --database or --csv, not both."),
        (["--dry-run", "--csv", "none.csv"], "none.csv: No such file or directory."),
        (["--dry-run", "--database", "sqlite:///none.db"], "There is no SQLite database none.db."),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_done(old: str, flags: list[str], said: str) -> None:
    assert said in call("import", old, *flags, status=1).stderr
    assert told("interview", "list") == []


def test_our_own_uploads_are_nobodys_old_ones(old: str, data: Path) -> None:
    assert "lie in each other" in call("import", str(data), "--dry-run", status=1).stderr
    assert "is no folder" in call("import", f"{old}/none", "--dry-run", status=1).stderr
    with adopting(DataFolder(data)):
        assert "Another import runs" in call("import", old, "--dry-run", status=1).stderr
