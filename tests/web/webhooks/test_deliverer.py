"""From a change of state to somebody's program: signed, in order, again until it is taken, and past whoever hangs."""

import asyncio
from collections.abc import Callable
from typing import Any

from db import deletion, webhooks
from db.models import Webhook, WebhookDelivery
from tests.fakes.receiver import HANG, receiver
from tests.web.conftest import Site
from tests.web.webhooks.conftest import made
from tests.web.webhooks.test_signing import snippet
from web.webhooks.deliverer import Deliverer


def is_genuine(secret: str, headers: dict[str, str], body: bytes) -> bool:
    """As the documentation tells receivers to check."""
    scope: dict[str, Any] = {}
    exec(snippet("python"), scope)
    return bool(scope["is_genuine"](secret, headers, body))


async def delete(site: Site, session_id: str) -> None:
    """Forget an interview, in one transaction."""
    async with site.services.database.writing() as db_session:
        await deletion.begin_deletion(db_session, session_id, site.services.clock.utc_now())


async def deliveries(site: Site, webhook_id: int) -> list[WebhookDelivery]:
    """What became of each, newest first."""
    async with site.services.database.reading() as db_session:
        return await webhooks.deliveries(db_session, webhook_id, 100)


async def until(site: Site, webhook_id: int, so: Callable[[list[WebhookDelivery]], bool]) -> list[WebhookDelivery]:
    """The same, once it is as it is wanted."""
    async with asyncio.timeout(15):
        while True:
            found = await deliveries(site, webhook_id)
            if so(found):
                return found
            await asyncio.sleep(0.02)


async def settled(site: Site, webhook_id: int, count: int) -> list[WebhookDelivery]:
    """The same, once none of so many waits any more."""

    def so(found: list[WebhookDelivery]) -> bool:
        return len(found) >= count and all(each.next_attempt_at is None for each in found)

    return await until(site, webhook_id, so)


async def test_an_interview_is_told_in_order_and_signed(site: Site) -> None:
    async with receiver() as there:
        hook = await made(site, there.url)
        await site.recorded()
        await delete(site, "one")
        messages = await there.got(4)
        assert [message.told["type"] for message in messages] == [
            "interview.interrupted",
            "interview.completed",
            "interview.ready",
            "interview.deleted",
        ]
        assert all(is_genuine(hook["secret"], each.headers, each.body) for each in messages)
        assert len({message.id for message in messages}) == 4
        assert {message.told["data"]["session_id"] for message in messages} == {"one"}
        found = await settled(site, hook["id"], 4)
    assert all(each.attempts == 1 and each.delivered_at for each in found)


async def test_what_is_not_taken_comes_again_with_the_same_id(site: Site) -> None:
    async with receiver() as there:
        there.answers.extend([500, HANG])
        hook = await made(site, there.url)
        await site.invite()
        await delete(site, "one")
        messages = await there.got(3)
        [found] = await settled(site, hook["id"], 1)
    assert len({(message.id, message.body) for message in messages}) == 1
    assert all(is_genuine(hook["secret"], each.headers, each.body) for each in messages), "each signed when it is sent"
    assert (found.attempts, found.last_status, found.last_error) == (3, 200, None)


async def test_a_receiver_that_comes_back_gets_it(site: Site, unused_tcp_port_factory: Callable[[], int]) -> None:
    port = unused_tcp_port_factory()
    hook = await made(site, f"http://127.0.0.1:{port}/hooks")
    await site.invite()
    await delete(site, "one")
    await until(site, hook["id"], lambda found: any(each.attempts for each in found))
    async with receiver(port) as there:
        await there.got(1)
        [found] = await settled(site, hook["id"], 1)
    assert found.delivered_at is not None


async def test_in_the_end_it_is_given_up_and_shown(site: Site) -> None:
    async with receiver() as there:
        there.answers.extend([500] * 4)
        hook = await made(site, there.url)
        await site.invite()
        await delete(site, "one")
        [found] = await settled(site, hook["id"], 1)
        assert (found.attempts, found.delivered_at, found.last_error) == (4, None, "It answered 500.")
        assert len(there.messages) == 4


async def test_one_that_hangs_holds_up_no_other(site: Site) -> None:
    async with receiver() as stuck, receiver() as quick:
        stuck.answers.extend([HANG] * 100)
        hanging = [await made(site, f"{stuck.url}/{number}", ["interview.deleted"]) for number in range(10)]
        await made(site, quick.url)
        for number in range(5):
            await site.invite(f"i-{number}")
            await delete(site, f"i-{number}")
        messages = await quick.got(5, within_s=5)
        assert [message.told["data"]["session_id"] for message in messages] == [f"i-{number}" for number in range(5)]
        assert stuck.messages
        assert any(each.next_attempt_at for each in await deliveries(site, hanging[-1]["id"])), (
            "it still waits for them"
        )


async def test_never_two_at_once_to_the_same(site: Site) -> None:
    async with receiver() as there:
        hook = await made(site, there.url)
        for number in range(12):
            await site.invite(f"i-{number}")
        await asyncio.gather(*(delete(site, f"i-{number}") for number in range(12)))
        await there.got(12)
        await settled(site, hook["id"], 12)
    assert there.most_at_once == 1


async def test_one_that_is_gone_is_left_alone(site: Site) -> None:
    async with receiver() as there:
        there.answers.append(410)
        hook = await made(site, there.url)
        for session_id in ("one", "two"):
            await site.invite(session_id)
            await delete(site, session_id)
            await settled(site, hook["id"], 1)
        assert len(await deliveries(site, hook["id"])) == 1
    assert len(there.messages) == 1


async def test_a_secret_of_another_server_key_is_told(site: Site) -> None:
    hook = await made(site, "https://example.org/hooks")
    async with site.services.database.writing() as db_session:
        (await db_session.get_one(Webhook, hook["id"])).secret = "AAAA"
    await site.invite()
    await delete(site, "one")
    [found] = await settled(site, hook["id"], 1)
    assert "server.key" in (found.last_error or "")


async def test_it_ends_in_time_while_somebody_hangs(site: Site) -> None:
    async with receiver() as there:
        there.answers.append(HANG)
        await made(site, there.url)
        await site.invite()
        await delete(site, "one")
        await there.got(1)
        deliverer: Deliverer = site.services.webhooks
        await asyncio.wait_for(deliverer.close(), 5)
        await deliverer.close()
