"""Where UDP is blocked: an interview goes through a real coturn, over TCP and over TLS."""

import socket
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect

from tests.live.browser import Source, chromium, context_with_source
from tests.live.coturn import HOST, RELAY_HOST, Coturn, running_coturn, server_settings
from tests.live.decode import covered_share, decode
from tests.live.harness import running_server
from tests.live.network import BadNetwork
from tests.live.scenarios import begin

pytestmark = [pytest.mark.browser, pytest.mark.slow]

RECORDED_S = 11
PUBLIC_ADDRESS = "198.51.100.7"  # RFC 5737: for documentation, belongs to nobody
CHECKED_WITHIN_MS = 40_000


TRANSLATED = {"relay", "prflx"}
"""Where the relay's packets are given another address on their way, the browser learns that one, and tells the way through
the relay by it."""

NO_UDP = "--webrtc-ip-handling-policy=disable_non_proxied_udp"
"What companies set by policy; Chromium then sends no UDP at all."


async def sends_through(source: Source) -> dict[str, Any]:
    """The browser's own end of the path that it sends through."""
    local: dict[str, Any] = await source.page.evaluate(
        """async () => {
            const stats = await holdfastSource.peerConnections.at(-1).getStats();
            const transport = [...stats.values()].find(({type}) => type === 'transport');
            return stats.get(stats.get(transport.selectedCandidatePairId).localCandidateId);
        }"""
    )
    return local


async def recorded_through(
    settings: dict[str, str], tmp_path: Path, *flags: str, network: BadNetwork | None = None
) -> dict[str, Any]:
    """Record, check the file, and return the browser's end of the path that it took."""
    async with running_server(tmp_path, settings=settings) as server, chromium(*flags) as browser:
        hr_token = await server.add_user()
        interview = await server.add_interview(await server.add_job())
        context = await context_with_source(browser)
        if network is not None:
            await network.between(context)
        candidate = await begin(server, context, interview)
        await candidate.source.runs_on(RECORDED_S)
        path = await sends_through(candidate.source)
        await candidate.finish()
        seen = await server.api(interview, hr_token)
        assert (seen["state"], len(seen["parts"])) == ("ready", 1)
        decoded = decode(await server.download(interview, hr_token, tmp_path / "interview.webm"))
    assert (decoded.errors, decoded.unreadable) == ((), 0)
    assert decoded.end_s > RECORDED_S
    assert covered_share(decoded) > 0.9
    assert decoded.sound.holes_s + decoded.sound.concealed_s < 0.1
    return path


async def test_a_firewall_that_drops_udp_is_passed_over_tcp(coturn: Coturn, tmp_path: Path) -> None:
    network = BadNetwork(udp_only_from=RELAY_HOST)
    try:
        path = await recorded_through(server_settings(coturn.tcp_url), tmp_path, network=network)
        refused = network.relay.up.counts.refused
    finally:
        network.close()
    assert refused > 0, "the browser tried UDP by itself and did not get through"
    assert path["relayProtocol"] == "tcp"
    assert path["candidateType"] in TRANSLATED


async def test_a_browser_without_udp_is_recorded_over_tls(coturn: Coturn, tmp_path: Path) -> None:
    path = await recorded_through(server_settings(coturn.tls_url), tmp_path, NO_UDP, coturn.chromium_flag)
    assert (path["candidateType"], path["relayProtocol"]) == ("relay", "tls")


@pytest.mark.usefixtures("coturn_is_here")
async def test_coturn_beside_holdfast_behind_a_nat(tmp_path: Path) -> None:
    # Nobody reaches the public address from inside; coturn has to know that it means this very machine.
    behind_nat = {"relay-ip": HOST, "external-ip": f"{PUBLIC_ADDRESS}/{HOST}"}
    async with running_coturn(tmp_path / "coturn", behind_nat) as coturn:
        settings = server_settings(coturn.tcp_url) | {"HOLDFAST_MEDIA__PUBLIC_ADDRESS": PUBLIC_ADDRESS}
        path = await recorded_through(settings, tmp_path, NO_UDP)
    assert path["relayProtocol"] == "tcp"
    assert path["candidateType"] in TRANSLATED


async def checked(coturn: Coturn, tmp_path: Path, settings: dict[str, str]) -> dict[str, str | None]:
    """What /check says of the connection: check → verdict."""
    async with running_server(tmp_path, settings=settings) as server, chromium(coturn.chromium_flag) as browser:
        page = await (await context_with_source(browser)).new_page()
        await page.goto(f"{server.base_url}/check")
        await page.get_by_role("button", name="Start check").click()
        await expect(page.locator("#summary")).to_be_visible(timeout=CHECKED_WITHIN_MS)
        return {
            name: await page.locator(f'[data-check="{name}"]').get_attribute("data-verdict") for name in ("udp", "turn")
        }


async def test_check_tells_a_network_without_udp(coturn: Coturn, tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind((HOST, 0))
        stun = f"stun:{HOST}:{silent.getsockname()[1]}"
        verdicts = await checked(coturn, tmp_path, server_settings(stun, coturn.tls_url))
    assert verdicts == {"udp": "warning", "turn": "good"}, "it goes through the relay"


async def test_check_tells_a_network_where_both_work(coturn: Coturn, tmp_path: Path) -> None:
    # No NAT lies between, so the answer of the STUN server brings the browser no candidate.
    stun = f"stun:{HOST}:{coturn.port}"
    assert await checked(coturn, tmp_path, server_settings(stun, coturn.tcp_url)) == {"udp": "good", "turn": "good"}


async def test_check_tells_a_server_whose_name_nobody_knows(coturn: Coturn, tmp_path: Path) -> None:
    verdicts = await checked(coturn, tmp_path, server_settings("stun:stun.invalid", coturn.tcp_url))
    assert verdicts == {"udp": "warning", "turn": "good"}, "it goes through the relay"


async def test_check_tells_a_relay_that_refuses_our_password(coturn: Coturn, tmp_path: Path) -> None:
    # Nothing is asked over UDP here, so nothing is known to be blocked.
    verdicts = await checked(coturn, tmp_path, server_settings(coturn.tls_url, secret="another"))
    assert verdicts == {"udp": "good", "turn": "warning"}
    assert "Cannot find credentials of user" in coturn.log.read_text()
