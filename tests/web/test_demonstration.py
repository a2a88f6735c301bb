"""What `make run` prints works, every time."""

from pathlib import Path

from aiohttp import ClientSession
from aiohttp import web as aioweb

from db import interviews, people
from db.clock import SystemClock
from db.engine import Database
from db.models import PartSource
from db.recordings import open_part
from tests.web.conftest import NOW
from web.app import create_app, open_services
from web.demonstration import QUESTIONS, DemonstrationLinks, prepare
from web.settings import Settings, load_settings


def settings_for(tmp_path: Path, port: int = 8080) -> Settings:
    return load_settings(None, {"data": tmp_path / "data", "web": {"port": port}})


async def prepared(settings: Settings) -> DemonstrationLinks:
    links = await prepare(settings, SystemClock())
    assert links is not None
    return links


async def test_the_printed_links_open_the_pages(tmp_path: Path, unused_tcp_port: int) -> None:
    settings = settings_for(tmp_path, unused_tcp_port)
    links = await prepared(settings)
    async with open_services(settings, SystemClock()) as services, ClientSession() as http:
        runner = aioweb.AppRunner(create_app(services))
        await runner.setup()
        await aioweb.TCPSite(runner, "localhost", unused_tcp_port).start()
        async with http.get(links.candidate_url) as response:
            assert response.status == 200
            assert 'data-session-id="demonstration-1"' in await response.text()
        async with http.get(links.sign_in_url) as response:
            assert "John Doe" in await response.text()
        await runner.cleanup()


async def test_a_second_start_keeps_the_interview_and_signs_in_anew(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    first, second = await prepared(settings), await prepared(settings)
    assert first.candidate_url == second.candidate_url
    assert first.sign_in_url != second.sign_in_url


async def test_after_a_finished_interview_comes_a_new_one(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    first = await prepared(settings)
    database = await Database.open(settings.data / "holdfast.db")
    async with database.writing() as db_session:
        await interviews.give_consent(db_session, "demonstration-1", "1", "", NOW)
        await open_part(db_session, "demonstration-1", PartSource.LIVE, lambda _: "x", NOW)
        await interviews.finish(db_session, "demonstration-1", NOW)
    assert (await prepared(settings)).candidate_url != first.candidate_url
    async with database.reading() as db_session:
        again = await interviews.get_interview(db_session, "demonstration-2")
    assert [question.text for question in again.questions] == list(QUESTIONS)
    assert {(each.think_ms, each.answer_ms, each.max_takes) for each in again.questions} == {(20_000, 90_000, 2)}
    await database.close()


async def test_somebodys_own_data_are_left_alone(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    settings.data.mkdir()
    database = await Database.open(settings.data / "holdfast.db")
    async with database.writing() as db_session:
        await people.add_user(db_session, "jane.smith@example.org", None, NOW)
    await database.close()
    assert await prepare(settings, SystemClock()) is None
