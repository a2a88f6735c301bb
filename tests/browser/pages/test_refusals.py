"""What a refused WHIP POST means to the candidate's page, read from answers as they come over the wire."""

import pytest
from playwright.async_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

WHY = """async ([status, type]) => {
    const {publishRefusal} = await import("/static/candidate/refusals.js");
    const {ApiProblem} = await import("/static/candidate/api.js");
    return publishRefusal(new ApiProblem(type, status)).why;
}"""


@pytest.mark.parametrize(
    ("status", "kind", "why"),
    [
        (403, "consent-missing", "consent_missing"),
        (403, "cross-site", "server_failed"),
        (403, "unknown", "server_failed"),
        (409, "superseded", "superseded"),
        (409, "finished", "finished"),
        (429, "too-often", "busy"),
        (503, "over-capacity", "busy"),
        (507, "disk-full", "disk_full"),
        (0, "unreachable", "unreachable"),
        (502, "unknown", "server_failed"),
    ],
)
async def test_only_a_missing_consent_brings_the_notice_back(modules: Page, status: int, kind: str, why: str) -> None:
    assert await modules.evaluate(WHY, [status, kind]) == why
