"""pip-audit in CI: a vulnerability fails, everything else that can go wrong is one plain line."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent.parent / "scripts" / "known_vulnerabilities.py"


class _Index(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"vulnerabilities": []}' if self.path == "/knows" else b"{}")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def index() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), _Index) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def run(url: str, program: Path | None = None) -> subprocess.CompletedProcess[str]:
    given = ["--url", url, *(["--program", str(program)] if program else [])]
    return subprocess.run(
        [sys.executable, str(SCRIPT), *given], capture_output=True, text=True, timeout=60, check=False
    )


def test_nobody_answers(index: str) -> None:
    for url in ("http://127.0.0.1:1/", f"{index}/packages-alone"):
        ended = run(url)
        assert (ended.returncode, ended.stderr) == (0, "")
        assert ended.stdout == "pip-audit: skipped, its database of vulnerabilities cannot be reached from here.\n"


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ("exit 0", 0, "no dependency has a known vulnerability.\n"),
        ("echo 'yarl: Dependency not found on PyPI and could not be audited'", 0, " 1 of them could not be looked up."),
        ("echo 'Found 1 known vulnerability in 1 package' >&2; echo aiohttp; exit 1", 1, "aiohttp"),
        ("echo 'connection reset' >&2; exit 1", 0, "skipped, it could not finish"),
    ],
)
def test_what_it_answers(index: str, tmp_path: Path, body: str, status: int, said: str) -> None:
    program = tmp_path / "pip-audit"
    program.write_text(f"#!/bin/sh\n{body}\n")
    program.chmod(0o755)
    ended = run(f"{index}/knows", program)
    assert ended.returncode == status, ended.stderr
    assert said in ended.stdout + ended.stderr


def test_one_that_is_not_there(index: str, tmp_path: Path) -> None:
    ended = run(f"{index}/knows", tmp_path / "nothing")
    assert (ended.returncode, ended.stdout) == (0, "pip-audit: skipped, it did not answer.\n")
