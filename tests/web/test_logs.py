"""The log: ids on lines, no secrets, and no flood of words."""

import asyncio
import io
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
import structlog
from aiohttp import ClientSession

from tests.web.conftest import Site, bearer
from web.logs import CHATTY, MOST_OF_STRANGERS, STRANGERS_WITHIN_S, Bounded, configure_logging, masked
from web.settings import WebSettings


@dataclass
class StandingClock:
    now: float = 0.0

    def monotonic(self) -> float:
        return self.now

    def utc_now(self) -> datetime:
        return datetime(2026, 11, 25, tzinfo=UTC)


@dataclass
class Log:
    """What the server would have written to standard error."""

    stream: io.StringIO

    def lines(self) -> list[dict[str, Any]]:
        """Since it was asked last."""
        written = self.stream.getvalue()
        self.stream.seek(0)
        self.stream.truncate()
        return [json.loads(line) for line in written.splitlines()]


@pytest.fixture
def log() -> Iterator[Log]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in CHATTY}
    configure_logging(WebSettings(log_format="json"))
    stream = io.StringIO()
    [handler] = root.handlers
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(stream)
    yield Log(stream)
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)
    structlog.reset_defaults()


async def test_every_line_of_an_interview_bears_its_id(site: Site, http: ClientSession, log: Log) -> None:
    logging.getLogger().setLevel(logging.INFO)
    for session_id in ("one", "two"):
        await site.invite(session_id, consented=True)
        await site.add_part(session_id)
    log.lines()

    async def finish(session_id: str) -> None:
        links = await site.invite(f"{session_id}-more", consented=True)
        for path in (f"/api/interviews/{session_id}-more", f"/api/interviews/{session_id}-more/parts/1"):
            async with http.get(path, headers=bearer(links.token)):
                pass
        await site.services.live_interviews.finish(session_id)

    await asyncio.gather(finish("one"), finish("two"))
    async with http.get("/check"):
        pass
    lines = log.lines()
    assert any(line["event"] == "Video uploaded successfully" for line in lines)
    for line in lines:
        for session_id in ("one", "two"):
            if f"/{session_id}-more" in line["event"] or f"interview {session_id}:" in line["event"]:
                assert line["session_id"].startswith(session_id), line
    [check] = [line for line in lines if line["event"] == "GET /check"]
    assert "session_id" not in check, "one task answers several requests"


def test_the_standard_librarys_and_structlogs_lines_look_the_same(log: Log) -> None:
    with structlog.contextvars.bound_contextvars(session_id="one"):
        logging.getLogger("media_server.aio.disk").warning("the disk refuses a file: %r", OSError(28, "No space"))
        structlog.get_logger("web.app").warning("as said")
    ours, structured = log.lines()
    assert ours.keys() == structured.keys() == {"event", "level", "logger", "timestamp", "session_id"}
    assert ours["logger"] == "media_server.aio.disk"


@pytest.mark.parametrize(
    "line",
    [
        "GET /i/abc.defghijkl failed",
        "GET /hr/sign-in/abcdefghijkl",
        'header "Authorization: Bearer abcdefghijkl"',
        "turn password=abcdefghijkl",
        "{'token': 'abcdefghijkl'}",
        "a=ice-pwd:abcdefghijkl",
    ],
)
def test_what_looks_like_a_secret_is_not_written(line: str) -> None:
    assert "defghijkl" not in masked(line)
    assert "…" in masked(line)


def test_an_exceptions_text_is_masked_too(log: Log) -> None:
    try:
        int("Bearer abcdefghijklmnop")
    except ValueError:
        logging.getLogger("web.app").exception("failed")
    [line] = log.lines()
    assert "ValueError" in line["exception"]
    assert "abcdefgh" not in json.dumps(line)


def test_everyday_words_stay() -> None:
    said = "interview 12: publishing ended (closed_by_page); the token was revoked, password changed"
    assert masked(said) == said


def record(name: str, said: str) -> logging.LogRecord:
    return logging.LogRecord(name, logging.WARNING, "", 0, said, (), None)


def test_strangers_cannot_fill_the_log() -> None:
    clock = StandingClock()
    bounded = Bounded("aioice", clock)
    passed = [bounded.filter(record("aioice.ice", "junk")) for _ in range(1_000)]
    assert passed.count(True) == MOST_OF_STRANGERS
    assert bounded.filter(record("web.app", "ours"))
    assert bounded.filter(record("aioicecream", "somebody else's"))
    clock.now = STRANGERS_WITHIN_S + 1
    after = record("aioice.ice", "junk again")
    assert bounded.filter(after)
    assert after.getMessage() == "junk again (980 lines before this one were left out)"
