"""An MP4 over HTTP: asked for, waited for, downloaded, refused to others."""

from typing import Any

import av
from aiohttp import ClientSession

from tests.live.harness import until
from tests.media_server.test_transcoded import media
from tests.web.conftest import Site, bearer

MP4 = "/api/interviews/one/exports/mp4"


async def told(http: ClientSession, site: Site) -> dict[str, Any]:
    async with http.get(MP4, headers=bearer(site.owner)) as response:
        assert response.status == 200
        document: dict[str, Any] = await response.json()
        return document


async def test_it_is_asked_for_waited_for_and_downloaded(site: Site, http: ClientSession, tmp_path: Any) -> None:
    await site.invite(consented=True)
    hr = bearer(site.owner)
    async with http.post(MP4, headers=hr) as response:
        assert (response.status, (await response.json())["type"]) == (409, "/problems/not-ready")
    await site.add_part(media=media("VP8"))
    await site.services.live_interviews.finish("one")
    assert await told(http, site) == {
        "kind": "mp4",
        "state": "none",
        "progress": 0.0,
        "asked_at": None,
        "made_at": None,
        "kept_until": None,
        "size_bytes": None,
        "url": None,
    }
    async with http.get(f"{MP4}/file", headers=hr) as response:
        assert response.status == 409
    async with http.post(MP4, headers=hr) as response:
        assert response.status == 202
        assert (await response.json())["state"] in {"waiting", "running"}

    async def ready() -> bool:
        return bool((await told(http, site))["state"] == "ready")

    await until(ready, within_s=60)
    document = await told(http, site)
    assert document["url"] == f"{MP4}/file"
    assert document["kept_until"] > document["made_at"] >= document["asked_at"]
    async with http.post(MP4, headers=hr) as response:
        assert (response.status, await response.json()) == (200, document)
    async with http.get(document["url"], headers=hr) as response:
        octets = await response.read()
    assert response.headers["Content-Type"] == "video/mp4"
    assert response.headers["Content-Disposition"] == 'attachment; filename="interview_one.mp4"'
    assert len(octets) == document["size_bytes"]
    (tmp_path / "one.mp4").write_bytes(octets)
    with av.open(str(tmp_path / "one.mp4")) as mp4:
        assert mp4.streams.video[0].codec_context.name == "h264"
    async with http.get(document["url"], headers={**hr, "Range": "bytes=4-7"}) as response:
        assert (response.status, await response.read()) == (206, b"ftyp")


async def test_it_is_for_members_of_the_job_alone(site: Site, http: ClientSession) -> None:
    await site.recorded()
    for method in ("GET", "POST"):
        async with http.request(method, MP4, headers=bearer(site.stranger)) as response:
            assert response.status == 404
