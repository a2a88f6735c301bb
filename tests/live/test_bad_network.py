"""Loss and a stalled camera: what can be saved is saved, what is missing is written down."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from playwright.async_api import BrowserContext

from tests.fakes.relay import Conditions
from tests.live.browser import CandidatePage
from tests.live.conftest import House
from tests.live.decode import decode
from tests.live.harness import Interview
from tests.live.network import BadNetwork
from tests.live.scenarios import begin, losses, on_disk, part_closed, part_rows, sent_until_now

pytestmark = [pytest.mark.browser, pytest.mark.slow]

MOBILE = Conditions(loss=0.05, delay_s=0.05, jitter_s=0.02)
STALL_S = 8.0


@pytest.fixture
async def network(context: BrowserContext) -> AsyncIterator[BadNetwork]:
    network = BadNetwork(seed=5)
    await network.between(context)
    yield network
    network.close()


async def test_five_percent_loss_is_asked_back(
    house: House, interview: Interview, context: BrowserContext, network: BadNetwork
) -> None:
    network.conditions = MOBILE
    candidate = await begin(house.server, context, interview)
    since = await sent_until_now(candidate.source)
    await candidate.source.runs_on(20)
    sent = await sent_until_now(candidate.source)
    await candidate.source.runs_on(1)
    drawn = await candidate.source.drawn()
    await candidate.page.close()
    await part_closed(house.server, interview, 1)

    assert network.relay.up.counts.lost > 50, "the relay did lose packets"
    found = await losses(house.server, interview, house.server.part_files(interview)[0], drawn, since, sent)
    assert found.unreadable == 0
    assert found.decodable >= 0.99
    assert found.lost_sound < 0.01
    concealed_ms = found.decoded.sound.concealed_s * 1_000
    assert sum(gap["end_ms"] - gap["start_ms"] for gap in found.gaps if gap["track"] == "audio") >= concealed_ms


async def test_a_network_that_comes_back_goes_on_in_the_same_part(
    house: House, interview: Interview, context: BrowserContext, network: BadNetwork
) -> None:
    candidate = await begin(house.server, context, interview)
    network.cut()
    await candidate.source.runs_on(2)  # shorter than what counts as interrupted
    network.relay.resume()
    await candidate.is_recording()
    await candidate.source.runs_on(3)
    await candidate.finish()
    assert len(part_rows(house.server, interview)) == 1


async def freeze(candidate: CandidatePage) -> None:
    """The camera gives no frames any more."""
    await candidate.source.stall(stalled=True)


async def take_track_away(candidate: CandidatePage) -> None:
    """The page swaps its camera and has none for a while."""
    await candidate.source.replace_camera_track(with_nothing=True)


async def mute(candidate: CandidatePage) -> None:
    """The track is disabled: black frames, or none."""
    await candidate.source.mute_camera(muted=True)


@pytest.mark.parametrize("stall", [freeze, take_track_away, mute])
async def test_sound_does_not_wait_for_a_stalled_camera(
    house: House,
    interview: Interview,
    context: BrowserContext,
    stall: Callable[[CandidatePage], Awaitable[None]],
) -> None:
    candidate = await begin(house.server, context, interview)
    await candidate.source.runs_on(2)
    first = await on_disk(house.server, interview)
    before = await candidate.source.counter()
    await stall(candidate)
    await candidate.source.runs_on(STALL_S)

    stalled = await on_disk(house.server, interview)
    passed_s = (await candidate.source.counter() - before) / 24
    grown_s = stalled.sound.end_s - first.sound.end_s
    assert grown_s >= passed_s - 1.0, "sound is at most a second behind on disk"

    await candidate.finish()
    seen = await house.server.api(interview, house.hr_token)
    decoded = decode(house.server.data / seen["video_file_path"])
    assert decoded.sound.holes_s + decoded.sound.concealed_s < 0.1
