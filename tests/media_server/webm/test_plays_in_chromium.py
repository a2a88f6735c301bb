"""Chromium plays what we write, by address and by MediaSource, in every state that a crash can leave."""

import base64
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import av
import pytest
import pytest_asyncio
from aiohttp import web as aioweb
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, Page

from media_server.webm.errors import WebmError
from media_server.webm.mend import mend
from media_server.webm.reader import Tail, blocks, scan
from tests.live.browser import chromium
from tests.media_server.webm.image import PICTURE, SOUND, FileImage, Given, live_part
from tests.media_server.webm.real_media import FRAME_MS, HEIGHT, WIDTH, interview, tracks

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

SECONDS = 5
LATE_MS = 70
"Pictures come after newer sound, so that almost each opens a cluster of its own."
NEAR_S = 0.1

PLAYER = Path(__file__).parent / "player.html"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: Browser, tmp_path: Path) -> AsyncIterator[Page]:
    """The player, from a server that also serves, with Range, whatever lies in `tmp_path`."""

    async def serve_player(_: aioweb.Request) -> aioweb.FileResponse:
        return aioweb.FileResponse(PLAYER)

    app = aioweb.Application()
    app.router.add_get("/player", serve_player)
    app.router.add_static("/parts", tmp_path)
    server = TestServer(app)
    await server.start_server()
    page = await browser.new_page()
    await page.goto(str(server.make_url("/player")))
    yield page
    await page.close()
    await server.close()


def part(state: str, codec: str, given: list[Given]) -> bytes:
    """A part as the recorder leaves it, as a crash does, or as mending does after the crash."""
    image, writer = live_part(given, tracks(codec))
    if any(block.track == PICTURE for block in given):
        image.apply(writer.set_picture_size(WIDTH, HEIGHT))
    match state:
        case "closed":
            image.apply(writer.close())
        case "reopened":
            image, writer = live_part(given[:100], tracks(codec))
            image.apply([*writer.close(), *writer.reopen()])
            for block in given[100:]:
                image.apply(writer.add_block(block.track, block.timestamp_ms, block.data, keyframe=block.keyframe))
            image.apply(writer.close())
        case "mended":
            image = FileImage(image.octets[:-5])
            image.apply(mend(image.octets).actions)
        case _:
            pass  # live: as it is
    return bytes(image.octets)


async def play_by_src(page: Page, path: Path) -> dict[str, Any]:
    played: dict[str, Any] = await page.evaluate("url => playBySrc(url)", f"/parts/{path.name}")
    return played


@pytest.mark.parametrize(
    ("state", "codec"), [("closed", "VP9"), ("closed", "VP8"), ("live", "VP9"), ("mended", "VP8"), ("reopened", "VP9")]
)
async def test_a_part_plays_to_its_end_by_its_address(page: Page, tmp_path: Path, state: str, codec: str) -> None:
    path = tmp_path / "0001.webm"
    path.write_bytes(part(state, codec, interview(codec, SECONDS, late_ms=LATE_MS)))
    played = await play_by_src(page, path)
    assert played["currentTime"] == pytest.approx(SECONDS, abs=NEAR_S)
    assert played["duration"] == pytest.approx(SECONDS, abs=NEAR_S)
    assert (played["width"], played["height"]) == (WIDTH, HEIGHT)
    assert played["frames"] > 0
    assert played["soundBytes"] > 0
    assert await page.evaluate("seek([4.5, 0.5, 2.2])") == [4.5, 0.5, 2.2]


async def test_a_part_whose_camera_never_sent_plays(page: Page, tmp_path: Path) -> None:
    given = [block for block in interview("VP8", SECONDS) if block.track == SOUND]
    path = tmp_path / "0001.webm"
    path.write_bytes(part("closed", "VP8", given))
    played = await play_by_src(page, path)
    assert played["currentTime"] == pytest.approx(SECONDS, abs=NEAR_S)
    assert (played["width"], played["frames"]) == (0, 0)
    assert played["soundBytes"] > 0


@pytest.mark.parametrize("state", ["closed", "live", "mended"])
async def test_media_source_takes_a_part_with_late_pictures_whole(page: Page, tmp_path: Path, state: str) -> None:
    path = tmp_path / "0001.webm"
    path.write_bytes(part(state, "VP9", interview("VP9", SECONDS, late_ms=LATE_MS)))
    played: dict[str, Any] = await page.evaluate(
        "url => playByMediaSource(url, 'video/webm; codecs=\"vp9,opus\"', 4096)", f"/parts/{path.name}"
    )
    ((start, end),) = played["buffered"]
    assert start == 0
    assert end == pytest.approx(SECONDS, abs=(LATE_MS + FRAME_MS) / 1000)
    assert played["currentTime"] == pytest.approx(SECONDS, abs=NEAR_S)


async def test_what_the_browser_records_itself_is_walked_but_not_touched(page: Page, tmp_path: Path) -> None:
    octets = base64.b64decode(await page.evaluate("recordHere(1500)"))
    found = scan(octets)
    assert found.tail is Tail.WHOLE
    assert found.end == len(octets)
    assert found.head.duration_ms is None
    path = tmp_path / "own.webm"
    path.write_bytes(octets)
    with av.open(str(path), "r") as container:
        packets = sorted(bytes(packet) for packet in container.demux() if packet.size)
    assert sorted(octets[block.data_start : block.data_end] for block in blocks(octets, found)) == packets
    assert {block.track for block in blocks(octets, found)} == {PICTURE, SOUND}
    with pytest.raises(WebmError, match="not by us"):
        mend(octets)
