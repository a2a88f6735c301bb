"""The pure modules of the front end, called as they are served, in the browser that runs them."""

import pytest
from playwright.async_api import Page

from tests.browser.pages.reducer import call

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

PARTS = [
    {"n": 1, "url": "", "durationMs": 4000, "gapsMs": []},
    {"n": 3, "url": "", "durationMs": 2500, "gapsMs": []},
]


@pytest.mark.parametrize(
    ("ms", "index", "offset"),
    [(-1, 0, 0), (0, 0, 0), (3999, 0, 3999), (4000, 1, 0), (6499, 1, 2499), (6500, 1, 2500), (9999, 1, 2500)],
)
async def test_a_time_is_a_place_in_a_part(modules: Page, ms: int, index: int, offset: int) -> None:
    assert await call(modules, "hr/playlist.js", "placeOf", PARTS, ms) == {"index": index, "offsetMs": offset}


async def test_parts_that_were_joined_are_one_file(modules: Page) -> None:
    joined = [{**part, "url": "/download"} for part in PARTS]
    alone = [{"url": "/parts/1", "durationMs": 4000}, {"url": "/parts/3", "durationMs": 2500}]
    assert await call(modules, "hr/playlist.js", "filesOf", joined) == [{"url": "/download", "durationMs": 6500}]
    assert await call(modules, "hr/playlist.js", "filesOf", alone) == alone
    assert await call(modules, "hr/playlist.js", "filesOf", []) == []


@pytest.mark.parametrize(("target", "ms"), [("1:0", 0), ("1:250", 250), ("3:0", 4000), ("3:100", 4100), ("2:0", 0)])
async def test_a_place_in_a_part_is_a_time(modules: Page, target: str, ms: int) -> None:
    assert await call(modules, "hr/playlist.js", "timeOf", PARTS, target) == ms


async def test_the_lines_that_the_request_looks_for_come_when_the_server_has_confirmed_them(modules: Page) -> None:
    module = "candidate/console_lines.js"
    new, begun = {"everRecorded": False}, {"everRecorded": True}
    assert await call(modules, module, "linesOf", new, begun) == ["Video recording started"]
    for before, after in ((new, new), (begun, begun)):
        assert await call(modules, module, "linesOf", before, after) == []
    over = ["Video recorded: 12.5 MB", "Video uploaded successfully"]
    for state, size, lines in (
        ("ready", 12_460_000, over),
        ("completed", 12_500_000, over),
        ("interrupted", 12_500_000, []),
        ("expired", 12_500_000, []),
        ("ready", 0, []),
    ):
        assert await call(modules, module, "linesOfTheEnd", {"state": state, "saved_bytes": size}) == lines


@pytest.mark.parametrize(("ms", "text"), [(0, "0:00"), (42_999, "0:42"), (197_000, "3:17"), (3_725_000, "1:02:05")])
async def test_clock_time(modules: Page, ms: int, text: str) -> None:
    assert await call(modules, "shared/format.js", "clockTime", ms) == text


async def test_back_off(modules: Page) -> None:
    waits = [await call(modules, "candidate/backoff.js", "backoff", tries) for tries in range(7)]
    assert waits == [500, 1000, 2000, 4000, 8000, 8000, 8000]


async def test_a_trickled_candidate_carries_its_credentials(modules: Page) -> None:
    offer = "v=0\r\na=ice-ufrag:abcd\r\na=ice-pwd:secret\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\n"
    candidate = {"candidate": "candidate:1 1 udp 2113937151 192.0.2.1 50000 typ host", "sdpMid": "0"}
    fragment = await call(modules, "candidate/sdp_fragment.js", "candidateFragment", offer, candidate)
    assert fragment.split("\r\n") == [
        "a=ice-ufrag:abcd",
        "a=ice-pwd:secret",
        "m=audio 9 UDP/TLS/RTP/SAVPF 111",
        "a=mid:0",
        "a=candidate:1 1 udp 2113937151 192.0.2.1 50000 typ host",
        "",
    ]


@pytest.mark.parametrize(
    ("key", "focus", "wish"),
    [
        (" ", "other", {"type": "toggle"}),
        (" ", "button", None),
        (" ", "field", None),
        (" ", "seek", {"type": "toggle"}),
        ("ArrowLeft", "seek", {"type": "move", "ms": -5000}),
        ("ArrowRight", "button", {"type": "move", "ms": 5000}),
        ("ArrowRight", "field", None),
        ("ArrowDown", "other", None),
        ("ArrowDown", "answer", {"type": "answer", "direction": 1}),
        ("J", "button", {"type": "move", "ms": -10000}),
        ("k", "field", None),
        ("<", "other", {"type": "speed", "direction": -1}),
        ("x", "other", None),
    ],
)
async def test_the_players_keys(modules: Page, key: str, focus: str, wish: object) -> None:
    event = {"key": key, "ctrlKey": False, "metaKey": False, "altKey": False}
    assert await call(modules, "hr/player_keys.js", "playerKey", event, focus) == wish


@pytest.mark.parametrize(
    ("problem", "sentence"),
    [
        ({"title": "Not found", "detail": "There is nothing here."}, "Not found. There is nothing here."),
        (
            {"title": "No", "detail": "x", "errors": [{"field": "url", "problem": "No address"}]},
            "No address. Nothing was changed.",
        ),
        ({"title": "Wait", "errors": []}, "Wait."),
        ({}, ""),
        (None, ""),
    ],
)
async def test_a_problem_becomes_a_sentence(modules: Page, problem: object, sentence: str) -> None:
    assert await call(modules, "hr/asking.js", "sentenceOf", problem) == sentence


ANSWERS = [
    {"startMs": 5000, "endMs": 9000, "nth": "1", "take": 1, "counts": False},
    {"startMs": 9000, "endMs": 20000, "nth": "1", "take": 2, "counts": True},
    {"startMs": 30000, "endMs": None, "nth": "2", "take": 1, "counts": True},
]


@pytest.mark.parametrize(
    ("now", "before", "after"),
    [
        (0, None, 5000),
        (2000, 0, 5000),
        (5000, 0, 9000),
        (8000, 5000, 9000),
        (10500, 5000, 30000),
        (11500, 9000, 30000),
        (60000, 30000, None),
    ],
)
async def test_the_answers_beside_a_moment(modules: Page, now: int, before: int | None, after: int | None) -> None:
    assert await call(modules, "hr/answers.js", "besideMs", ANSWERS, now, -1) == before
    assert await call(modules, "hr/answers.js", "besideMs", ANSWERS, now, 1) == after


@pytest.mark.parametrize(
    ("now", "name"),
    [(0, ""), (5000, "Question 1, answer 1"), (9000, "Question 1, answer 2"), (25000, ""), (99000, "Question 2")],
)
async def test_a_moment_has_the_name_of_its_answer(modules: Page, now: int, name: str) -> None:
    answer = await call(modules, "hr/answers.js", "answerAt", ANSWERS, now)
    assert await call(modules, "hr/answers.js", "nameOf", answer, ANSWERS) == name


@pytest.mark.parametrize(
    ("search", "ms"),
    [("", None), ("?t=134", 134_000), ("?a=1&t=0.25", 250), ("?t=-1", None), ("?t=1e9", None), ("?t=", None)],
)
async def test_a_link_names_a_moment(modules: Page, search: str, ms: int | None) -> None:
    assert await call(modules, "hr/answers.js", "linkedMs", search) == ms


@pytest.mark.parametrize(
    ("ms", "x", "y"), [(0, 0, 0), (17_999, 0, 0), (18_000, 160, 0), (180_000, 0, 120), (9e9, 320, 120)]
)
async def test_a_thumbnail_lies_in_its_sheet(modules: Page, ms: float, x: int, y: int) -> None:
    sheet = {"interval_ms": 18_000, "count": 13, "columns": 10, "width": 160, "height": 120}
    assert await call(modules, "hr/answers.js", "thumbnailAt", sheet, ms) == {"x": x, "y": y}


@pytest.mark.parametrize(
    ("state", "url", "looks", "ms"),
    [
        ("invited", None, 0, 10_000),
        ("in_progress", None, 0, 3000),
        ("completed", None, 0, 3000),
        ("ready", None, 5, 3000),
        ("ready", None, 60, None),
        ("ready", "/previews.json", 0, None),
        ("deleted", None, 0, None),
    ],
)
async def test_the_page_looks_for_news_only_while_some_may_come(
    modules: Page, state: str, url: str | None, looks: int, ms: int | None
) -> None:
    assert await call(modules, "hr/refresh.js", "nextLookMs", state, {"previews_url": url}, looks) == ms
