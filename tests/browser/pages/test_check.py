"""/check tells what works on this device, and the remedy for what does not."""

import pytest
from playwright.async_api import Route, expect

from tests.browser.pages.conftest import NOT_SECURE_HOST
from tests.browser.pages.devices import no_devices_open
from tests.browser.pages.place import Place
from tests.browser.pages.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def _run(visitor: Visitor, url: str) -> dict[str, str]:
    await visitor.page.goto(f"{url}/check")
    await visitor.page.get_by_role("button", name="Start check").click()
    await expect(visitor.page.locator("#summary")).to_be_visible(timeout=20_000)
    rows = await visitor.page.locator("[data-check]").all()
    return {str(await row.get_attribute("data-check")): str(await row.get_attribute("data-verdict")) for row in rows}


async def test_a_good_device(place: Place, visitor: Visitor) -> None:
    verdicts = await _run(visitor, place.url)
    assert verdicts.pop("turn") == "skipped"
    assert set(verdicts.values()) == {"good"}
    await expect(visitor.page.locator("#summary")).to_contain_text("Everything works.")
    await expect(visitor.page.locator('[data-check="formats"]')).to_contain_text("VP9, VP8, Opus")


async def test_a_busy_camera_has_a_remedy(place: Place, visitor: Visitor) -> None:
    await visitor.page.add_init_script(no_devices_open("NotReadableError", ("audioinput", "videoinput")))
    verdicts = await _run(visitor, place.url)
    assert verdicts["camera"] == verdicts["microphone"] == "bad"
    await expect(visitor.page.locator('[data-check="camera"]')).to_contain_text("Another program uses the camera.")
    await expect(visitor.page.locator("#summary")).to_contain_text("Something does not work yet.")


async def test_an_insecure_page_is_told_first(place: Place, visitor: Visitor) -> None:
    verdicts = await _run(visitor, place.url.replace("localhost", NOT_SECURE_HOST))
    assert verdicts["secure"] == "bad"
    await expect(visitor.page.locator('[data-check="secure"]')).to_contain_text("Open the same address with https.")


RELAY_ALONE = """
    const Real = window.RTCPeerConnection;
    window.RTCPeerConnection = class extends Real {
        constructor(configuration) {
            super({});
            const relays = configuration.iceTransportPolicy === "relay";
            Object.defineProperty(this, "onicecandidate", {set(hear) {
                const address = relays ? "203.0.113.1 50000 typ relay raddr 0.0.0.0 rport 0" : "192.0.2.1 50000 typ host";
                const candidate = new RTCIceCandidate({candidate: `candidate:1 1 udp 1 ${address}`, sdpMid: "0"});
                if (!relays) setTimeout(() => this.onicecandidateerror(new Event("icecandidateerror")), 5);
                for (const one of [candidate, null]) setTimeout(() => hear({candidate: one}), 10);
            }});
        }
    };
"""
"A network that lets nothing out but the way to the relay."


async def test_a_relay_makes_a_closed_network_good(place: Place, visitor: Visitor) -> None:
    await visitor.page.add_init_script(RELAY_ALONE)

    async def with_relay(route: Route) -> None:
        answer = await route.fetch()
        servers = '[{"urls": ["turn:127.0.0.1:9"], "username": "u", "credential": "c"}]'
        await route.fulfill(
            response=answer, body=(await answer.text()).replace('id="ice-servers">[]', f'id="ice-servers">{servers}')
        )

    await visitor.page.route("**/check", with_relay)
    verdicts = await _run(visitor, place.url)
    assert (verdicts["udp"], verdicts["turn"]) == ("warning", "good")
    await expect(visitor.page.locator('[data-check="udp"]')).to_contain_text("Your interview goes that way.")
    await expect(visitor.page.locator("#summary")).to_contain_text("You can do your interview on this device.")
