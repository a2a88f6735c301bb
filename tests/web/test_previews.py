"""Previews and captions over HTTP."""

import asyncio
from typing import Any

import pytest
from aiohttp import ClientSession

from tests.media_server.test_previews import media
from tests.web.conftest import Site, bearer

API = "/api/interviews/one"
CAPTIONS = b"WEBVTT\n\n00:01.000 --> 00:02.000\nHello"
VTT = {"Content-Type": "text/vtt"}


async def recorded(site: Site, media: bytes) -> None:
    await site.invite(consented=True)
    await site.add_part(media=media)
    await site.services.live_interviews.finish("one")


async def until_drawn(site: Site, http: ClientSession) -> dict[str, Any]:
    async with asyncio.timeout(30):
        while True:
            async with http.get(API, headers=bearer(site.owner)) as response:
                told: dict[str, Any] = await response.json()
            if told["previews_url"] is not None:
                return told
            await asyncio.sleep(0.05)


async def status_of(http: ClientSession, path: str, token: str, **more: Any) -> int:
    async with http.get(f"{API}{path}", headers=bearer(token), **more) as response:
        return response.status


async def test_previews_are_drawn_by_themselves_and_sent_to_hr(site: Site, http: ClientSession) -> None:
    await recorded(site, media(3))
    told = await until_drawn(site, http)
    async with http.get(told["previews_url"], headers=bearer(site.owner)) as response:
        assert (response.status, response.content_type) == (200, "application/json")
        index = await response.json()
    assert index["sheet"]["columns"] == 10
    assert max(index["peaks"]) > 60
    for name in ("poster", "thumbnails"):
        async with http.get(f"{API}/{name}.jpg", headers=bearer(site.owner)) as response:
            assert (response.status, response.content_type) == (200, "image/jpeg")
            assert (await response.read()).startswith(b"\xff\xd8")
            tag = response.headers["ETag"]
        unchanged = {**bearer(site.owner), "If-None-Match": tag}
        async with http.get(f"{API}/{name}.jpg", headers=unchanged) as response:
            assert response.status == 304
        assert await status_of(http, f"/{name}.jpg", site.stranger) == 404


async def test_what_is_not_drawn_yet_says_so(site: Site, http: ClientSession) -> None:
    await site.invite(consented=True)
    assert [await status_of(http, path, site.owner) for path in ("/previews.json", "/poster.jpg")] == [409, 409]


async def test_captions_are_attached_shown_and_taken_away(site: Site, http: ClientSession) -> None:
    await site.recorded()
    assert await status_of(http, "/captions.vtt", site.owner) == 404
    for _ in range(2):
        async with http.put(f"{API}/captions.vtt", data=CAPTIONS, headers={**bearer(site.owner), **VTT}) as response:
            assert response.status == 204
    async with http.get(API, headers=bearer(site.owner)) as response:
        url = (await response.json())["captions_url"]
    async with http.get(url, headers=bearer(site.owner)) as response:
        assert (response.content_type, await response.read()) == ("text/vtt", CAPTIONS)
    assert await status_of(http, "/captions.vtt", site.stranger) == 404
    for _ in range(2):
        async with http.delete(f"{API}/captions.vtt", headers=bearer(site.owner)) as response:
            assert response.status == 204
    assert await status_of(http, "/captions.vtt", site.owner) == 404


@pytest.mark.parametrize(
    ("octets", "headers", "status", "problem"),
    [
        (b"1\n00:00:01,000 --> 00:00:02,000\nSubRip", VTT, 422, "no-captions"),
        (CAPTIONS, {"Content-Type": "video/webm"}, 415, "unsupported-media-type"),
        (CAPTIONS + b" " * 1_000_000, VTT, 413, "too-large"),
    ],
)
async def test_what_is_no_caption_is_refused(
    site: Site, http: ClientSession, octets: bytes, headers: dict[str, str], status: int, problem: str
) -> None:
    await site.recorded()
    async with http.put(f"{API}/captions.vtt", data=octets, headers={**bearer(site.owner), **headers}) as response:
        assert response.status == status
        assert (await response.json())["type"] == f"/problems/{problem}"
    assert await status_of(http, "/captions.vtt", site.owner) == 404


async def test_captions_without_a_recording_are_refused(site: Site, http: ClientSession) -> None:
    await site.invite(consented=True)
    async with http.put(f"{API}/captions.vtt", data=CAPTIONS, headers={**bearer(site.owner), **VTT}) as response:
        assert response.status == 409


async def test_captions_go_with_the_interview(site: Site, http: ClientSession) -> None:
    await site.recorded()
    async with http.put(f"{API}/captions.vtt", data=CAPTIONS, headers={**bearer(site.owner), **VTT}) as response:
        assert response.status == 204
    await site.services.recordings.delete("one")
    assert [path for path in site.services.data_folder.uploads_path.rglob("*") if path.is_file()] == []
