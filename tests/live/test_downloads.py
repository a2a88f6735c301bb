"""Downloads from the real server, on the loop that it really has, alone and behind a real nginx."""

import hashlib
import os
from pathlib import Path

import aiohttp
import pytest

from tests.live import nginx
from tests.live.harness import running_server
from tests.live.stored import put_recording

MEDIA = os.urandom(1_000_000) * 12


@pytest.mark.skipif(nginx.PROGRAM is None, reason="nginx is not installed (Debian package nginx)")
async def test_nginx_sends_what_the_server_lets_it(tmp_path: Path) -> None:
    """With the configuration of docs/operate.md."""
    settings = {"HOLDFAST_WEB__ACCEL_REDIRECT": "/holdfast-files/", "HOLDFAST_WEB__TRUSTED_PROXIES": '["127.0.0.0/8"]'}
    async with running_server(tmp_path, settings=settings) as server:
        token = await server.add_user()
        interview = await server.add_interview(await server.add_job(), candidate="Zoë 100 % O'Neil", consented=True)
        file = await put_recording(server, interview, MEDIA)
        around, locations = nginx.documented()
        locations = locations.replace("/srv/holdfast", str(server.data)).replace(
            "http://127.0.0.1:8080", server.base_url
        )
        async with (
            nginx.running_nginx(tmp_path / "nginx", locations, around) as port,
            aiohttp.ClientSession(f"http://127.0.0.1:{port}") as http,
        ):
            url = f"/api/interviews/{interview.session_id}/video/download"
            hr = {"Authorization": f"Bearer {token}"}
            async with http.get(url, headers=hr) as response:
                assert (response.status, await response.read()) == (200, MEDIA)
            assert response.headers["Content-Type"] == "video/webm"
            name = f"interview_{interview.session_id}.webm"
            assert response.headers["Content-Disposition"] == f'attachment; filename="{name}"'
            assert response.headers["Cache-Control"] == "private, no-cache"
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            assert response.headers["ETag"]
            async with http.get(
                url, headers={**hr, "Range": "bytes=5-14", "If-Range": response.headers["ETag"]}
            ) as part:
                assert (part.status, await part.read()) == (206, MEDIA[5:15])
            async with http.get(url) as refused:
                assert refused.status == 401
            # The location is nginx's own: nobody asks for a file by its name.
            async with http.get(f"/holdfast-files/{file.relative_to(server.data)}", headers=hr) as hidden:
                assert hidden.status == 404


async def test_the_server_sends_itself_where_no_proxy_is_trusted(tmp_path: Path) -> None:
    settings = {"HOLDFAST_WEB__ACCEL_REDIRECT": "/holdfast-files/"}
    async with running_server(tmp_path, settings=settings) as server, aiohttp.ClientSession(server.base_url) as http:
        token = await server.add_user()
        interview = await server.add_interview(await server.add_job(), consented=True)
        await put_recording(server, interview, MEDIA)
        url = f"/api/interviews/{interview.session_id}/video/download"
        async with http.get(url, headers={"Authorization": f"Bearer {token}"}) as response:
            assert "X-Accel-Redirect" not in response.headers
            assert hashlib.sha256(await response.read()).digest() == hashlib.sha256(MEDIA).digest()
