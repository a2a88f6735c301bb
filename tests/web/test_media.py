"""Playing and downloading over HTTP."""

import pytest
from aiohttp import ClientSession

from tests.media_server.webm.image import closed_part, talk
from tests.web.conftest import MEDIA, Site, bearer

PART = "/api/interviews/one/parts/1"
DOWNLOAD = "/api/interviews/one/video/download"


async def test_a_download_is_the_recording_under_its_name(site: Site, http: ClientSession) -> None:
    await site.recorded()
    async with http.get(DOWNLOAD, headers=bearer(site.owner)) as response:
        assert await response.read() == MEDIA
    assert response.status == 200
    assert response.headers["Content-Disposition"] == 'attachment; filename="interview_one.webm"'
    assert response.headers["Content-Type"] == "video/webm"
    assert response.headers["Accept-Ranges"] == "bytes"
    assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("url", [PART, DOWNLOAD])
async def test_a_stretch(site: Site, http: ClientSession, url: str) -> None:
    await site.recorded()
    for asked, first, last in (("0-0", 0, 0), ("1000-299999", 1_000, 299_999), ("-7", len(MEDIA) - 7, len(MEDIA) - 1)):
        headers = {**bearer(site.owner), "Range": f"bytes={asked}"}
        async with http.get(url, headers=headers) as response:
            assert await response.read() == MEDIA[first : last + 1]
        assert response.status == 206
        assert response.headers["Content-Range"] == f"bytes {first}-{last}/{len(MEDIA)}"
        assert response.headers["Content-Length"] == str(last + 1 - first)


async def test_beyond_its_end(site: Site, http: ClientSession) -> None:
    await site.recorded()
    headers = {**bearer(site.owner), "Range": f"bytes={len(MEDIA)}-"}
    async with http.get(PART, headers=headers) as response:
        document = await response.json()
    assert (response.status, document["type"]) == (416, "/problems/range-not-satisfiable")
    assert response.headers["Content-Range"] == f"bytes */{len(MEDIA)}"


async def test_head_says_the_same_and_sends_nothing(site: Site, http: ClientSession) -> None:
    await site.recorded()
    headers = bearer(site.owner)
    async with http.head(DOWNLOAD, headers=headers) as head, http.get(DOWNLOAD, headers=headers) as get:
        assert head.status == 200
        assert await head.read() == b""
        for name in ("Content-Length", "Content-Type", "ETag", "Last-Modified", "Content-Disposition"):
            assert head.headers[name] == get.headers[name]
    async with http.head(DOWNLOAD, headers={**headers, "Range": "bytes=0-9"}) as head:
        assert (head.status, head.headers["Content-Length"]) == (206, "10")


async def test_a_download_goes_on_only_with_the_same_content(site: Site, http: ClientSession) -> None:
    await site.recorded()
    headers = bearer(site.owner)
    async with http.get(DOWNLOAD, headers=headers) as response:
        tag = response.headers["ETag"]
    async with http.get(DOWNLOAD, headers={**headers, "If-None-Match": tag}) as response:
        assert (response.status, await response.read()) == (304, b"")
        assert response.headers["ETag"] == tag
    going_on = {**headers, "Range": "bytes=10-", "If-Range": tag}
    async with http.get(DOWNLOAD, headers=going_on) as response:
        assert response.status == 206
    async with http.get(DOWNLOAD, headers={**headers, "If-Match": '"other"'}) as response:
        assert response.status == 412
    (recording,) = site.services.data_folder.uploads_path.glob("*/*.webm")
    recording.write_bytes(MEDIA[::-1])
    async with http.get(DOWNLOAD, headers=going_on) as response:
        assert (response.status, await response.read()) == (200, MEDIA[::-1])


async def test_a_part_that_is_being_written_is_not_played(site: Site, http: ClientSession) -> None:
    await site.invite(consented=True)
    await site.add_part(closed=False)
    for url in (PART, DOWNLOAD):
        async with http.get(url, headers=bearer(site.owner)) as response:
            assert (response.status, (await response.json())["type"]) == (409, "/problems/not-ready")


@pytest.mark.parametrize("number", ["0", "2", "-1", "x", "1e3", "٣", "9" * 40])
async def test_parts_that_are_not_there(site: Site, http: ClientSession, number: str) -> None:
    await site.recorded()
    async with http.get(f"/api/interviews/one/parts/{number}", headers=bearer(site.owner)) as response:
        assert response.status == 404


async def test_parts_that_were_joined_are_played_from_the_recording(site: Site, http: ClientSession) -> None:
    await site.invite(consented=True)
    for _ in range(2):
        await site.add_part(media=closed_part(talk(1)))
    await site.services.live_interviews.finish("one")
    headers = bearer(site.owner)
    async with http.get("/api/interviews/one", headers=headers) as response:
        seen = await response.json()
    assert (seen["state"], seen["duration_ms"]) == ("ready", 2000)
    assert [(part["n"], part["url"], part["duration_ms"]) for part in seen["parts"]] == [
        (1, DOWNLOAD, 1000),
        (2, DOWNLOAD, 1000),
    ]
    async with http.get(DOWNLOAD, headers={**headers, "Range": "bytes=0-9"}) as response:
        assert response.status == 206
    async with http.get(PART, headers=headers) as response:
        assert (response.status, (await response.json())["type"]) == (410, "/problems/part-joined")


async def test_a_file_that_vanished_is_said_without_its_path(site: Site, http: ClientSession) -> None:
    await site.recorded()
    (recording,) = site.services.data_folder.uploads_path.glob("*/*.webm")
    recording.unlink()
    async with http.get(DOWNLOAD, headers=bearer(site.owner)) as response:
        text = await response.text()
    assert response.status == 410
    assert "uploads" not in text


async def test_a_link_is_never_followed(site: Site, http: ClientSession) -> None:
    await site.recorded()
    (recording,) = site.services.data_folder.uploads_path.glob("*/*.webm")
    recording.unlink()
    recording.symlink_to(site.services.data_folder.key_path)
    async with http.get(DOWNLOAD, headers=bearer(site.owner)) as response:
        assert response.status == 410
