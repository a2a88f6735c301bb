"""Legal holds, what is due, and that nothing is left: over the API, by the command line, and in every octet."""

from datetime import timedelta
from pathlib import Path

from aiohttp import ClientSession
from typer.testing import CliRunner

from bench.deletion import measure
from db.models import InterviewSession
from tests.web.conftest import Site, bearer
from tests.web.test_pages import sign_in
from web.cli.root import app

REASON = "Court case 12/26"


async def _end_long_ago(site: Site, session_id: str) -> None:
    async with site.services.database.writing() as db_session:
        interview = await db_session.get_one(InterviewSession, session_id)
        interview.ended_at = site.services.clock.utc_now() - timedelta(days=88)


async def test_a_held_interview_stays_and_says_why(site: Site, http: ClientSession) -> None:
    await site.recorded()
    await _end_long_ago(site, "one")
    owner, url = bearer(site.owner), "/api/interviews/one"
    async with http.get("/api/deletions?days=1", headers=owner) as response:
        assert (await response.json())["due"] == []
    async with http.get("/api/deletions", headers=owner) as response:
        (due,) = (await response.json())["due"]
        assert (due["session_id"], due["candidate_name"], due["reason"]) == ("one", "John Doe", "retention")
    async with http.put(f"{url}/hold", json={"reason": f"  {REASON} "}, headers=owner) as response:
        told = await response.json()
        assert (told["delete_at"], told["hold"]["reason"]) == (None, REASON)
    async with http.get("/api/deletions", headers=owner) as response:
        told = await response.json()
        assert told["due"] == []
        assert [(one["session_id"], one["hold"]["reason"]) for one in told["held"]] == [("one", REASON)]
    async with http.delete(url, headers=owner) as response:
        problem = await response.json()
        assert (response.status, problem["type"].rpartition("/")[2]) == (409, "on-hold")
        assert REASON in problem["detail"]
    async with http.get("/api/deletions", headers=bearer(site.stranger)) as response:
        assert (await response.json())["held"] == []
    async with http.delete(f"{url}/hold", headers=owner) as response:
        assert (await response.json())["delete_at"] == due["delete_at"]
    async with http.get(url, headers=owner) as response:
        assert (await response.json())["kept"] == {"delete_at": due["delete_at"], "hold": None}
    async with http.delete(url, headers=owner) as response:
        assert response.status == 204


async def test_hr_has_a_page_of_what_goes_and_what_is_held(site: Site, http: ClientSession) -> None:
    await sign_in(http)
    await site.recorded()
    await _end_long_ago(site, "one")
    async with http.get("/hr/deletions?days=1") as response:
        assert "Nothing is deleted by" in await response.text()
    async with http.get("/hr/deletions") as response:
        page = await response.text()
    assert "This one interview is deleted by" in page
    assert "John Doe" in page
    async with http.put("/api/interviews/one/hold", json={"reason": REASON}, headers=bearer(site.owner)):
        pass
    async with http.get("/hr/deletions") as response:
        page = await response.text()
    assert "Nothing is deleted by" in page
    assert REASON in page


async def test_a_reason_is_needed(site: Site, http: ClientSession) -> None:
    await site.invite()
    for reason in ("", "   ", "x" * 501):
        async with http.put(
            "/api/interviews/one/hold", json={"reason": reason}, headers=bearer(site.owner)
        ) as response:
            assert response.status == 400


async def test_no_byte_is_left(tmp_path: Path) -> None:
    """The shortest of `bench.deletion`: HR deletes an interview with everything."""
    (searched,) = await measure(tmp_path, ["HR"])
    assert searched.planted >= 10
    assert (searched.left, searched.in_backup) == (0, 0)


def test_the_command_line_holds_looks_ahead_and_releases(tmp_path: Path) -> None:
    def holdfast(*arguments: str, code: int = 0) -> str:
        result = CliRunner().invoke(app, [*arguments, "--data", str(tmp_path)], input="a long enough password\n")
        assert result.exit_code == code, result.output
        return result.output

    holdfast("user", "add", "hr@example.org", "--password-stdin")
    holdfast("job", "add", "Lighthouse keeper", "--owner", "hr@example.org")
    holdfast("interview", "add", "--job", "1", "--candidate", "Jane Roe", "--session-id", "one")
    assert "is held" in holdfast("interview", "hold", "one", "--reason", REASON)
    assert REASON in holdfast("interview", "delete", "one", code=1)
    assert "not held" in holdfast("interview", "release", "one")
    assert "Nothing is due" in holdfast("sweep", "--dry-run", "--days", "30")
    holdfast("interview", "delete", "one")
    assert "Nothing was due" in holdfast("sweep")
    journal = (tmp_path / "erasures.jsonl").read_text()
    assert '"one"' in journal
    assert "Roe" not in journal
