"""A whole server that may reach this machine, and is in a hurry."""

from typing import Any

import pytest
from aiohttp import ClientSession

from db import people
from db.models import TokenKind
from signaling.protocol.tokens import random_token, token_hash
from tests.web.conftest import NOW, OWNER, Site, bearer

HURRY = {
    "HOLDFAST_WEBHOOKS__PRIVATE_NETWORKS": '["127.0.0.0/8"]',
    "HOLDFAST_WEBHOOKS__RETRY_AFTER_S": "0.05",
    "HOLDFAST_WEBHOOKS__TIMEOUT_S": "1",
    "HOLDFAST_WEBHOOKS__ATTEMPTS": "4",
}


@pytest.fixture(autouse=True)
def in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in HURRY.items():
        monkeypatch.setenv(name, value)


async def made(site: Site, url: str, events: list[str] | None = None) -> dict[str, Any]:
    """A webhook of the job's owner, with its secret."""
    body: dict[str, Any] = {"url": url} | ({} if events is None else {"events": events})
    async with (
        ClientSession(site.url, headers=bearer(site.owner)) as http,
        http.post("/api/webhooks", json=body) as response,
    ):
        assert response.status == 201, await response.text()
        told: dict[str, Any] = await response.json()
        return told


async def scoped(site: Site, *scopes: str) -> str:
    """An API token of the owner's with these scopes alone."""
    token = random_token()
    async with site.services.database.writing() as db_session:
        user = await people.get_user(db_session, OWNER)
        await people.issue_token(db_session, user.id, TokenKind.API, token_hash(token), NOW, scopes=scopes)
    return token
