"""What `make` does on a machine that lacks something: one plain line with the remedy."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def program(folder: Path, name: str, body: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{body}\n")
    (folder / name).chmod(0o755)


def run(script: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    shell = shutil.which("sh")
    assert shell is not None
    return subprocess.run(
        [shell, str(ROOT / "scripts" / script), *arguments],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """All the programs that there are."""
    (tmp_path / "bin").mkdir()
    return tmp_path / "bin"


def test_no_venv_module(path: Path, tmp_path: Path) -> None:
    program(path, "python3", f'case "$*" in *ensurepip*) exit 1;; *) exec {sys.executable} "$@";; esac')
    done = run("install.sh", str(tmp_path / "venv"), ".", PATH=str(path))
    assert (done.returncode, done.stderr) == (
        1,
        "Python's venv module is missing. Install it: sudo apt install python3-venv\n",
    )


def test_an_old_python(path: Path, tmp_path: Path) -> None:
    program(path, "python3", "exit 1")
    done = run("install.sh", str(tmp_path / "venv"), ".", PATH=str(path))
    assert done.returncode == 1
    assert done.stderr.startswith("Python 3.11 or newer is needed. Install it")
    assert done.stderr.count("\n") == 1


def test_no_chromium_and_nobody_who_may_install_it(path: Path) -> None:
    program(path, "id", "echo 1000")
    program(path, "apt-get", "exit 1")
    program(path, "sudo", "exit 1")
    done = run("test-programs.sh", PATH=str(path))
    assert done.returncode == 1
    assert "Install one (Debian: sudo apt install chromium)" in done.stderr


@pytest.mark.parametrize("user", ["0", "1000"])
def test_chromium_is_installed_by_whoever_may(path: Path, tmp_path: Path, user: str) -> None:
    asked = tmp_path / "asked"
    program(path, "id", f"echo {user}")
    program(path, "sudo", 'shift; exec "$@"')
    program(path, "true", "exit 0")
    program(path, "systemctl", f'echo "systemctl $*" >> {asked}')
    chmod = shutil.which("chmod")
    program(
        path,
        "apt-get",
        f'echo "$*" >> {asked}; case "$*" in *chromium) echo > {path}/chromium; {chmod} 755 {path}/chromium;; esac',
    )
    done = run("test-programs.sh", PATH=str(path))
    assert done.returncode == 0, done.stderr
    commands = asked.read_text().splitlines()
    assert commands[0] == "update -qq"
    wanted = ["chromium", "mkvtoolnix", "firefox-esr", "coturn", "espeak-ng"]
    assert [command.split()[-1] for command in commands[1:-1]] == wanted
    assert commands[-1] == "systemctl disable --now coturn", "a relay that nobody asked for does not stay"


def test_what_is_there_is_left_alone(path: Path) -> None:
    for name in ("chromium", "mkvinfo", "firefox-esr", "turnserver", "espeak-ng"):
        program(path, name, "exit 0")
    done = run("test-programs.sh", PATH=str(path))
    assert (done.returncode, done.stderr) == (0, "")


def test_without_node_the_front_ends_types_are_not_checked(path: Path) -> None:
    done = run("front-end-types.sh", "tests/browser/node", PATH=str(path))
    assert done.returncode == 0
    assert done.stderr.startswith("node is not here")
