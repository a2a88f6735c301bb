"""Chromium plays a joined file through its joints, by address and by MediaSource, and sound stays with the picture."""

from collections.abc import AsyncIterator
from pathlib import Path
from statistics import median

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.live.browser import chromium
from tests.live.playback import player
from tests.media_server import flash_beep
from tests.media_server.flash_beep import both, pictures, sound, write_part
from tests.media_server.test_assembly_worker import join

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

MEDIA_SOURCE_PLAYER = Path(__file__).parent / "webm" / "player.html"

IN_STEP_MS = 50
"""How far flashes may be from the others: a screen shows one up to two refreshes early or late. The least that any
joint below would shift the sound by, if nothing were made up for, is 130 ms; that samples and times agree to the
sample, test_assembly_worker.py holds."""


def assert_in_step(late_ms: list[float]) -> None:
    """A joint that shifts the sound shifts everything behind it; one flash alone was shown late by a busy machine."""
    by_threes = [median(three) for three in zip(late_ms, late_ms[1:], late_ms[2:], strict=False)]
    assert all(abs(each - median(late_ms)) < IN_STEP_MS for each in by_threes), late_ms


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as running:
        yield running


def parts(folder: Path, codec: str) -> list[Path]:
    """Everything that a joint can be between: each would shift what follows if it were not made up for."""
    small = (320, 240)
    return [
        write_part(folder / "1.webm", [*pictures(codec, 4000), *sound(3870)], both(codec), (640, 480)),
        write_part(folder / "2.webm", [*pictures(codec, 4000), *sound(4000, 237)], both(codec), (640, 480)),
        write_part(folder / "3.webm", pictures(codec, 2000), both(codec), (640, 480)),
        write_part(folder / "4.webm", sound(2000), both(codec), None),
        write_part(folder / "5.webm", [*pictures(codec, 4000, small), *sound(4000)], both(codec), small),
    ]


@pytest.mark.parametrize("codec", ["VP8", "VP9"])
async def test_sound_stays_with_the_picture_through_every_joint(browser: Browser, tmp_path: Path, codec: str) -> None:
    outcome = join(parts(tmp_path, codec), tmp_path / "joined.webm")
    duration_s = sum(length for _, length in outcome.lengths) / 1000
    async with player(browser) as chromium_player:
        played = await chromium_player.check(tmp_path / "joined.webm")
        late = await chromium_player.sound_late_ms(tmp_path / "joined.webm", 0, duration_s)
    assert played.plays_to_its_end
    assert played.seeks
    assert played.duration_s == pytest.approx(duration_s, abs=0.01)
    assert len(late) >= 11  # four of three parts; the first may come before anybody listens
    assert_in_step(late)


async def test_pictures_first_and_sound_later(browser: Browser, tmp_path: Path) -> None:
    first = write_part(tmp_path / "1.webm", pictures("VP9", 3000), both("VP9"), (640, 480))
    then = write_part(tmp_path / "2.webm", [*pictures("VP9", 4000), *sound(4000)], both("VP9"), (640, 480))
    outcome = join([first, then, then], tmp_path / "joined.webm")
    duration_s = sum(length for _, length in outcome.lengths) / 1000
    async with player(browser) as chromium_player:
        late = await chromium_player.sound_late_ms(tmp_path / "joined.webm", 0, duration_s)
    assert len(late) >= 8
    assert_in_step(late)


async def test_media_source_takes_it_whole(browser: Browser, tmp_path: Path) -> None:
    small = (320, 240)
    one = write_part(tmp_path / "1.webm", [*pictures("VP9", 4000), *sound(3870)], both("VP9"), (640, 480))
    two = write_part(tmp_path / "2.webm", [*pictures("VP9", 4000, small), *sound(4000, 237)], both("VP9"), small)
    outcome = join([one, two], tmp_path / "joined.webm")
    page = await browser.new_page()
    await page.route("http://127.0.0.1:9/player", lambda route: route.fulfill(path=MEDIA_SOURCE_PLAYER))
    await page.route("http://127.0.0.1:9/joined.webm", lambda route: route.fulfill(path=tmp_path / "joined.webm"))
    await page.goto("http://127.0.0.1:9/player")
    played = await page.evaluate("() => playByMediaSource('/joined.webm', 'video/webm; codecs=\"vp9,opus\"', 4096)")
    await page.close()
    ((start, end),) = played["buffered"]
    duration_s = sum(length for _, length in outcome.lengths) / 1000
    assert start == 0
    assert end == pytest.approx(duration_s, abs=flash_beep.FRAME_MS / 1000)
    assert played["currentTime"] == pytest.approx(duration_s, abs=0.1)
