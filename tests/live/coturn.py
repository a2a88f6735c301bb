"""A real coturn as a child process, with the configuration that docs/operate.md tells people to write.

Only what belongs to the place is put in otherwise: addresses, ports, files, and that peers on loopback are allowed. What it
relays comes from `RELAY_HOST`, an address of its own, so that a test tells its packets from the browser's.
"""

import asyncio
import base64
import contextlib
import hashlib
import json
import os
import shutil
import signal
import socket
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from db.clock import SystemClock
from tests.live.harness import READY_WITHIN_S, REPOSITORY, ServerError, free_port, until
from web.phone import certificate_for

HOST = "127.0.0.1"
RELAY_HOST = "127.0.0.2"
SECRET = "only for tests"
CONFIGURATION_BEGINS = "    # /etc/turnserver.conf\n"
STOPPED_WITHIN_S = 10.0
OF_NO_MANUAL = ("allow-loopback-peers", "simple-log", "log-file=stdout")


@dataclass(frozen=True, slots=True)
class Coturn:
    """A TURN server that runs."""

    port: int
    "TURN over UDP and TCP, on `HOST`."
    tls_port: int
    "TURN over TLS."
    certificate: Path
    "Its certificate, made by itself (PEM)."
    log: Path
    "What it wrote."

    @property
    def tcp_url(self) -> str:
        """TURN over TCP."""
        return f"turn:{HOST}:{self.port}?transport=tcp"

    @property
    def tls_url(self) -> str:
        """TURN over TLS."""
        return f"turns:{HOST}:{self.tls_port}?transport=tcp"

    @property
    def chromium_flag(self) -> str:
        """Makes Chromium take this one certificate, on TURN connections too; it checks every other as always."""
        key = x509.load_pem_x509_certificate(self.certificate.read_bytes()).public_key()
        digest = hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()
        return f"--ignore-certificate-errors-spki-list={base64.b64encode(digest).decode()}"


def what_is_missing() -> str | None:
    """Why no coturn can run here, in plain words; None when it can."""
    if shutil.which("turnserver") is None:
        return "needs coturn (Debian: apt install coturn)"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, contextlib.suppress(OSError):
        probe.bind((RELAY_HOST, 0))
        return None
    return f"needs the address {RELAY_HOST}, which every Linux has"


def server_settings(*urls: str, secret: str = SECRET) -> dict[str, str]:
    """The environment of a Holdfast that tells browsers of these servers."""
    return {"HOLDFAST_SIGNALING__ICE_SERVERS": json.dumps(urls), "HOLDFAST_SIGNALING__TURN_SECRET": secret}


def documented_configuration() -> dict[str, list[str]]:
    """The turnserver.conf of docs/operate.md: name → its values, in order. Raises ValueError when it is not there."""
    text = (REPOSITORY / "docs" / "operate.md").read_text()
    block = text[text.index(CONFIGURATION_BEGINS) :].split("\n\n", 1)[0]
    configuration: dict[str, list[str]] = {}
    for line in filter(None, (line.strip() for line in block.splitlines())):
        if not line.startswith("#"):
            name, _, value = line.partition("=")
            configuration.setdefault(name, []).append(value)
    return configuration


@contextlib.asynccontextmanager
async def running_coturn(folder: Path, otherwise: Mapping[str, str] | None = None) -> AsyncIterator[Coturn]:
    """A coturn with all its files below `folder`; killed at the end. Raises ServerError when it does not start.

    `otherwise`: name → value of what its configuration has beside, or instead of, the usual.
    """
    folder.mkdir()  # noqa: ASYNC240  one folder, nothing else waits
    certificate, key = certificate_for(HOST, folder / "tls", SystemClock().utc_now())
    coturn = Coturn(free_port(), free_port(), certificate, folder / "coturn.log")
    here = {
        "listening-ip": HOST,
        "relay-ip": RELAY_HOST,
        "listening-port": str(coturn.port),
        "tls-listening-port": str(coturn.tls_port),
        "static-auth-secret": SECRET,
        "cert": str(certificate),
        "pkey": str(key),
        "allowed-peer-ip": HOST,
    }
    file = folder / "turnserver.conf"
    file.write_text(
        _configuration(here, {"userdb": str(folder / "turndb"), "pidfile": str(folder / "pid"), **(otherwise or {})})
    )
    with coturn.log.open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *("turnserver", "-c", str(file)),
            cwd=folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        await _until_ready(process, coturn)
        yield coturn
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await asyncio.wait_for(process.wait(), STOPPED_WITHIN_S)


def _configuration(here: Mapping[str, str], otherwise: Mapping[str, str]) -> str:
    documented = documented_configuration()
    unknown = here.keys() - documented.keys()
    if unknown:
        raise ServerError(f"docs/operate.md does not set {', '.join(sorted(unknown))} for coturn")
    documented.update({name: [value] for name, value in (*here.items(), *otherwise.items())})
    lines = [f"{name}={value}" if value else name for name, values in documented.items() for value in values]
    return "\n".join([*lines, *OF_NO_MANUAL]) + "\n"


async def _until_ready(process: asyncio.subprocess.Process, coturn: Coturn) -> None:
    async def listens() -> bool:
        if process.returncode is not None:
            raise ServerError(f"coturn ended with {process.returncode}:\n{coturn.log.read_text(errors='replace')}")
        try:
            for port in (coturn.port, coturn.tls_port):
                _, writer = await asyncio.open_connection(HOST, port)
                writer.close()
                await writer.wait_closed()
        except OSError:
            return False
        return True

    await until(listens, within_s=READY_WITHIN_S, every_s=0.05)
