"""One whole interview in Firefox, through the same page."""

import asyncio
import json
import shutil
from pathlib import Path

import pytest

from tests.live.conftest import House
from tests.live.decode import covered_share, decode
from tests.live.harness import Interview

pytestmark = [pytest.mark.browser, pytest.mark.firefox, pytest.mark.slow]

SCRIPT = Path(__file__).parent / "firefox.mjs"
PACKAGES = Path(__file__).parents[1] / "browser" / "node" / "node_modules" / "puppeteer-core"
FIREFOX_NAMES = ("firefox-esr", "firefox")
WITHIN_S = 120


def firefox() -> str:
    """Where Firefox is; without it, or without node and its packages, the test says what it misses."""
    found = next(filter(None, map(shutil.which, FIREFOX_NAMES)), None)
    if found is None or shutil.which("node") is None or not PACKAGES.exists():
        pytest.skip("needs Firefox, node, and `npm ci` in tests/browser/node")
    return found


async def test_an_interview_is_recorded_in_firefox(house: House, interview: Interview, tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *("node", str(SCRIPT), house.server.candidate_url(interview), "8", firefox()),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, complained = await asyncio.wait_for(process.communicate(), WITHIN_S)
    assert process.returncode == 0, complained.decode() + house.server.tail()
    assert "Firefox" in json.loads(said)["userAgent"]

    seen = await house.server.api(interview, house.hr_token)
    assert seen["state"] == "ready"
    assert seen["parts"][0]["end_reason"] == "finished"
    decoded = decode(await house.server.download(interview, house.hr_token, tmp_path / "interview.webm"))
    assert decoded.errors == ()
    assert decoded.unreadable == 0
    assert decoded.end_s > 8
    assert covered_share(decoded) > 0.8, "Firefox encodes as many frames as this machine lets it"
    assert decoded.sound.end_s > 8
    assert decoded.sound.holes_s + decoded.sound.concealed_s < 0.1
