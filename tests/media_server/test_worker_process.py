# ruff: noqa: ASYNC240  a test may write its files
"""Processes for heavy work, as they really run: their priority, their end, what they say."""

import asyncio
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from media_server.aio.worker_process import SPARE, Priority, WorkerFailed, run_program, run_worker

only_linux = pytest.mark.skipif(sys.platform != "linux", reason="the scheduling policies are Linux's")

# Each thread of the process: its policy (sched.h: 0 other, 1 FIFO, 2 RR, 3 batch, 5 idle) and how nice it is.
_POLICIES = """
import os
def threads():
    for task in os.listdir("/proc/self/task"):
        yield os.sched_getscheduler(int(task)), os.getpriority(os.PRIO_PROCESS, int(task))
"""

_ENCODES_AV1 = (
    _POLICIES
    + """
import av, json
encoder = av.CodecContext.create("libsvtav1", "w")
encoder.width, encoder.height, encoder.pix_fmt, encoder.framerate = 320, 240, "yuv420p", 25
encoder.options = {"preset": "12"}
frame = av.VideoFrame(320, 240, "yuv420p")
for plane in frame.planes:
    plane.update(bytes(plane.buffer_size))
for at in range(3):
    frame.pts = at
    encoder.encode(frame)
print(json.dumps([len(list(threads())), *map(list, sorted(set(threads())))]))
encoder.encode(None)
"""
)


def said(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


@only_linux
@pytest.mark.parametrize(("policy", "number"), [("BATCH", 3), ("IDLE", 5)])
def test_a_process_steps_back_and_what_it_starts_too(policy: str, number: int) -> None:
    script = _POLICIES + "print(*threads(), open('/proc/self/oom_score_adj').read())"
    ask = [sys.executable, "-c", script]
    expected = f"({number}, 19) 1000"
    assert said(Priority(19, policy).command(ask)).split("\n")[0] == expected
    grandchild = f"import subprocess, sys; sys.exit(subprocess.call([sys.executable, '-c', {script!r}]))"
    assert said(Priority(19, policy).command([sys.executable, "-c", grandchild])).split("\n")[0] == expected


@only_linux
def test_no_thread_gets_real_time_priority_not_even_as_root() -> None:
    """SVT-AV1 gives its threads FIFO priority when it runs as root, and took whole machines with it."""
    threads, *kinds = eval(said(SPARE.command([sys.executable, "-c", _ENCODES_AV1])))
    assert threads > 5
    assert kinds == [[5, 19]]
    asks = "import os; os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))"
    asked = subprocess.run(SPARE.command([sys.executable, "-c", asks]), capture_output=True, text=True, check=False)
    assert "PermissionError" in asked.stderr


def test_nobody_else_becomes_nicer() -> None:
    before = os.getpriority(os.PRIO_PROCESS, 0)
    said(SPARE.command(["true"]))
    assert os.getpriority(os.PRIO_PROCESS, 0) == before


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A worker to be written by the test; call it `a_worker`."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return tmp_path / "a_worker.py"


async def test_it_is_handed_a_job_and_files_and_says_how_far_it_is(module: Path) -> None:
    module.write_text(
        "import os, sys\njob = sys.stdin.read()\nprint(0.25)\nprint(0.5)\n"
        "print(job + os.pread(int(job), 9, 0).decode())"
    )
    heard: list[float] = []

    async def hear(progress: float) -> None:
        heard.append(progress)

    with tempfile.TemporaryFile() as file:
        file.write(b" and file")
        file.flush()
        descriptor = file.fileno()
        outcome = await run_worker("a_worker", str(descriptor).encode(), [descriptor], on_progress=hear)
    assert (outcome, heard) == (f"{descriptor} and file\n".encode(), [0.25, 0.5])


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("raise ValueError('no such luck')", "a_worker ended with 1: ValueError: no such luck"),
        ("import os; os.kill(os.getpid(), 9)", "a_worker was killed"),
        ("import sys; sys.stdin.close(); sys.exit(3)", "a_worker ended with 3"),
    ],
)
async def test_a_worker_that_fails_says_why(module: Path, code: str, reason: str) -> None:
    module.write_text(code)
    with pytest.raises(WorkerFailed) as failed:
        await run_worker("a_worker", b"x" * 1_000_000, [])
    assert str(failed.value) == reason


async def test_one_that_takes_too_long_is_ended(module: Path, tmp_path: Path) -> None:
    module.write_text(f"import os, time\nopen({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid()))\ntime.sleep(600)")
    with pytest.raises(WorkerFailed, match=r"it took longer than 2 s"):
        await run_worker("a_worker", b"", [], within_s=2)
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


async def test_one_that_nobody_waits_for_is_ended(module: Path, tmp_path: Path) -> None:
    module.write_text(f"import os, time\nopen({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid()))\ntime.sleep(600)")
    working = asyncio.create_task(run_worker("a_worker", b"", []))
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():  # noqa: ASYNC110  another process writes it
        await asyncio.sleep(0.01)
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


@only_linux
def test_a_worker_dies_with_the_server(tmp_path: Path) -> None:
    sleeps = f"import os, time; open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    starts = f"import subprocess; subprocess.run({SPARE.command([sys.executable, '-c', sleeps])!r})"
    with subprocess.Popen([sys.executable, "-c", starts]) as server:
        while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
            pass
        server.kill()
    worker = Path(f"/proc/{(tmp_path / 'pid').read_text()}/stat")
    while worker.exists() and worker.read_text().rpartition(")")[2].split()[0] != "Z":
        pass


async def test_somebody_elses_program_reads_and_writes() -> None:
    with tempfile.TemporaryFile() as file:
        await run_program(["tr", "a-z", "A-Z"], b"who?; $(id) `id`", file.fileno(), within_s=60)
        file.seek(0)
        assert file.read() == b"WHO?; $(ID) `ID`"


async def test_a_program_that_is_not_there_is_said() -> None:
    with tempfile.TemporaryFile() as file, pytest.raises(WorkerFailed, match="no-such-program ended with 1: File"):
        await run_program(["no-such-program"], b"", file.fileno(), within_s=60)
