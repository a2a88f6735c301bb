"""A real nginx for a while: a process of its own, with a folder and a port of its own."""

import asyncio
import contextlib
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from tests.live.harness import REPOSITORY, free_port, until

PROGRAM: Final = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
"Debian puts it where users do not look."
MAP_BEGINS: Final = "map $http_upgrade "
LOCATIONS_BEGIN: Final = "location / {"
SERVER_ENDS: Final = "\n    }\n\n"
"The brace that closes the documented server."
READY_WITHIN_S: Final = 10.0

_CONFIGURATION: Final = """
daemon off;
pid {folder}/nginx.pid;
error_log stderr error;
{user}
worker_processes auto;
events {{ worker_connections 1024; }}
http {{
{around}
    include /etc/nginx/mime.types;
    access_log off;
    sendfile on;
    tcp_nopush on;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
{locations}
    }}
}}
"""


def documented() -> tuple[str, str]:
    """The map and the locations of docs/operate.md. Raises ValueError when they are not there."""
    text = (REPOSITORY / "docs" / "operate.md").read_text()
    begins = text.index(MAP_BEGINS)
    map_ends = text.index("\n", begins)
    locations = text[text.index(LOCATIONS_BEGIN, begins) :].split(SERVER_ENDS, 1)[0]
    return text[begins:map_ends], locations


@contextlib.asynccontextmanager
async def running_nginx(folder: Path, locations: str, around: str = "") -> AsyncIterator[int]:
    """An nginx with these locations on 127.0.0.1, and what stands around the server; yields its port.

    It reads files as whoever runs the test.
    """
    assert PROGRAM is not None, "there is no nginx"
    await asyncio.to_thread(folder.mkdir)
    port = free_port()
    user = "user root;" if os.geteuid() == 0 else ""
    written = folder / "nginx.conf"
    text = _CONFIGURATION.format(folder=folder, port=port, user=user, locations=locations, around=around)
    await asyncio.to_thread(written.write_text, text)
    process = await asyncio.create_subprocess_exec(
        *(PROGRAM, "-p", str(folder), "-c", str(written)), stdin=asyncio.subprocess.DEVNULL
    )
    try:
        await until(lambda: _answers(port, process), within_s=READY_WITHIN_S)
        yield port
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _answers(port: int, process: asyncio.subprocess.Process) -> bool:
    assert process.returncode is None, "nginx ended by itself; standard error tells why"
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    await writer.wait_closed()
    return True
