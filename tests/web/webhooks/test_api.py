"""`/api/webhooks`: made, changed, tried, looked at, removed, by their owner alone."""

from typing import Any

import pytest
from aiohttp import ClientSession

from db.models import Webhook
from db.webhooks import WebhookEvent
from tests.fakes.receiver import receiver
from tests.web.conftest import Site, bearer
from tests.web.webhooks.conftest import made, scoped
from tests.web.webhooks.test_deliverer import is_genuine, settled
from web.paging import cursor_of
from web.webhooks.vault import Secrets

URL = "https://example.org/hooks"
OTHER = "https://example.org/others"


async def call(site: Site, method: str, path: str, *, token: str | None = None, **more: Any) -> tuple[int, Any]:
    headers = bearer(token or site.owner)
    async with ClientSession(site.url, headers=headers) as http, http.request(method, path, **more) as response:
        return response.status, await response.json() if response.status != 204 else None


async def test_one_is_made_changed_and_removed(site: Site) -> None:
    hook = await made(site, URL)
    path = f"/api/webhooks/{hook['id']}"
    assert hook["secret"].startswith("whsec_")
    shown = {name: value for name, value in hook.items() if name != "secret"}
    assert len(shown["events"]) == len(WebhookEvent)
    assert await call(site, "GET", path) == (200, shown)
    assert await call(site, "GET", "/api/webhooks") == (200, {"items": [shown]})
    change = {"url": OTHER, "events": ["interview.ready", "interview.ready"], "enabled": False}
    expected = shown | change | {"events": ["interview.ready"]}
    assert await call(site, "PATCH", path, json=change) == (200, expected)
    assert await call(site, "PATCH", path, json={}) == (200, expected)
    assert await call(site, "PATCH", path, json={"enabled": True}) == (200, expected | {"enabled": True})
    assert await call(site, "DELETE", path) == (204, None)
    assert (await call(site, "GET", path))[0] == 404


async def test_the_database_alone_signs_nothing(site: Site) -> None:
    hook = await made(site, URL)
    async with site.services.database.reading() as db_session:
        row = await db_session.get_one(Webhook, hook["id"])
    assert hook["secret"].removeprefix("whsec_") not in row.secret
    assert site.services.webhooks.vault.open(row.secret) == Secrets(hook["secret"])


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("url", {"url": "ftp://example.org/"}),
        ("url", {"url": "example.org"}),
        ("url", {"url": "https://user:secret@example.org/"}),
        ("url", {"url": "https://example.org/#part"}),
        ("url", {"url": "https://example.org:99999/"}),
        ("url", {"url": "https://exämple.org/"}),
        ("url", {"url": "https://example.org/ x"}),
        ("url", {"url": "https://" + "x" * 2_000}),
        ("url", {"url": ""}),
        ("events", {"events": []}),
        ("events.0", {"events": ["webhook.test"]}),
        ("secret", {"secret": "whsec_mine"}),
    ],
)
async def test_what_is_wrong_is_named(site: Site, field: str, wrong: dict[str, Any]) -> None:
    hook = await made(site, URL)
    status, problem = await call(site, "POST", "/api/webhooks", json={"url": URL, **wrong})
    assert (status, [each["field"] for each in problem["errors"]]) == (400, [field])
    assert (await call(site, "PATCH", f"/api/webhooks/{hook['id']}", json=wrong))[0] == 400
    assert len((await call(site, "GET", "/api/webhooks"))[1]["items"]) == 1


async def test_they_are_their_owners_alone(site: Site) -> None:
    hook = await made(site, URL)
    path = f"/api/webhooks/{hook['id']}"
    for method, below in (
        ("GET", ""),
        ("PATCH", ""),
        ("DELETE", ""),
        ("POST", "/secret"),
        ("POST", "/test"),
        ("GET", "/deliveries"),
        ("POST", "/deliveries/1/retry"),
    ):
        assert (await call(site, method, path + below, token=site.stranger, json={}))[0] == 404, (method, below)
    assert (await call(site, "GET", "/api/webhooks", token=site.stranger))[1] == {"items": []}
    assert (await call(site, "GET", path, token=await scoped(site, "interviews:read")))[0] == 403
    assert (await call(site, "GET", path, token=await scoped(site, "webhooks:write")))[0] == 200


async def test_a_test_message_is_sent_and_seen(site: Site) -> None:
    async with receiver() as there:
        hook = await made(site, there.url, ["interview.deleted"])
        path = f"/api/webhooks/{hook['id']}"
        status, waiting = await call(site, "POST", f"{path}/test")
        assert (status, waiting["state"], waiting["type"], waiting["session_id"]) == (
            202,
            "waiting",
            "webhook.test",
            None,
        )
        [message] = await there.got(1)
        assert (message.id, message.body.decode()) == (waiting["message_id"], waiting["body"])
        await settled(site, hook["id"], 1)
        _, page = await call(site, "GET", f"{path}/deliveries")
        [seen] = page["items"]
        assert (seen["state"], seen["last_status"], seen["attempts"]) == ("delivered", 200, 1)


async def test_what_was_given_up_is_sent_again_by_hand(site: Site) -> None:
    async with receiver() as there:
        there.answers.extend([500] * 4)
        hook = await made(site, there.url)
        path = f"/api/webhooks/{hook['id']}"
        await call(site, "POST", f"{path}/test")
        await settled(site, hook["id"], 1)
        _, page = await call(site, "GET", f"{path}/deliveries")
        [given_up] = page["items"]
        assert (given_up["state"], given_up["last_error"]) == ("given_up", "It answered 500.")
        status, again = await call(site, "POST", f"{path}/deliveries/{given_up['id']}/retry")
        assert (status, again["state"]) == (202, "waiting")
        await there.got(5)
        await settled(site, hook["id"], 1)
        _, page = await call(site, "GET", f"{path}/deliveries")
        assert page["items"][0]["state"] == "delivered"
        assert len({message.id for message in there.messages}) == 1
        assert (await call(site, "POST", f"{path}/deliveries/999/retry"))[0] == 404


async def test_deliveries_are_paged(site: Site) -> None:
    async with receiver() as there:
        hook = await made(site, there.url)
        path = f"/api/webhooks/{hook['id']}"
        sent = [(await call(site, "POST", f"{path}/test"))[1]["id"] for _ in range(5)]
        await settled(site, hook["id"], 5)
        found, cursor = [], None
        for _ in range(3):
            _, page = await call(
                site, "GET", f"{path}/deliveries", params={"limit": 2, **({"cursor": cursor} if cursor else {})}
            )
            found += [each["id"] for each in page["items"]]
            cursor = page["next_cursor"]
        assert (found, cursor) == (sent[::-1], None)
        for none_of_ours in ("nothing", cursor_of((1, "one"), "deliveries")):
            assert (await call(site, "GET", f"{path}/deliveries", params={"cursor": none_of_ours}))[0] == 400


async def test_a_secret_is_changed_without_a_gap(site: Site) -> None:
    async with receiver() as there:
        hook = await made(site, there.url)
        path = f"/api/webhooks/{hook['id']}"
        _, new = await call(site, "POST", f"{path}/secret")
        assert new["secret"] != hook["secret"]
        await call(site, "POST", f"{path}/test")
        [message] = await there.got(1)
        for secret in (hook["secret"], new["secret"]):
            assert is_genuine(secret, message.headers, message.body)
        _, newer = await call(site, "POST", f"{path}/secret")
        await call(site, "POST", f"{path}/test")
        message = (await there.got(2))[1]
        genuine = [is_genuine(each["secret"], message.headers, message.body) for each in (hook, new, newer)]
        assert genuine == [False, True, True]
