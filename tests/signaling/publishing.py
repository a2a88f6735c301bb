"""A page that publishes, as the tests of live interviews have it."""

from signaling.aio.live_interviews import Published
from signaling.protocol.offer import read_offer
from tests.signaling.conftest import House
from tests.signaling.offers import captured

OFFER = read_offer(captured("chromium"))
PAGE, PHONE = "page-0001", "phone-0002"


async def publish(house: House, client_id: str | None = PAGE, session_id: str = "one") -> Published:
    return await house.live.publish(session_id, client_id, OFFER, "Test/1")
