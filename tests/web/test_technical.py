"""What is technically known of a recording."""

import pytest

from db.models import PartSource
from db.states import PartState
from tests.web.conftest import NOW
from web.browsers import with_version
from web.schema.interviews import PartTold
from web.technical import technical

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
)


@pytest.mark.parametrize(
    ("user_agent", "told"),
    [
        (CHROME, "Chrome 140, Windows"),
        (f"{CHROME} Edg/141.0.1", "Edge 141, Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox 140, Linux"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
            "Safari 18, iPhone",
        ),
        (
            "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 Chrome/139.0 Mobile Safari/537.36",
            "Chrome 139, Android",
        ),
        ("GStreamer/1.26", "GStreamer/1.26"),
    ],
)
def test_a_browser_is_told_by_its_name(user_agent: str, told: str) -> None:
    assert with_version(user_agent) == told


def part(n: int, duration_ms: int | None, video_kbps: float | None, user_agent: str = CHROME) -> PartTold:
    return PartTold(
        n=n,
        state=PartState.CLOSED,
        source=PartSource.LIVE,
        started_at=NOW,
        ended_at=NOW,
        duration_ms=duration_ms,
        size_bytes=1,
        url=None,
        video_codec=None,
        audio_codec=None,
        width=None,
        height=None,
        video_kbps=video_kbps,
        audio_kbps=None,
        end_reason=None,
        user_agent=user_agent,
        gaps=[],
    )


def test_bitrates_are_weighed_by_length() -> None:
    told = technical([part(1, 30_000, 200), part(2, 10_000, 100), part(3, None, 9_999), part(4, 5_000, None, "")])
    assert told.video_kbps == 175
    assert told.audio_kbps is None
    assert told.browsers == ("Chrome 140, Windows",)
    assert technical([]).browsers == ()
