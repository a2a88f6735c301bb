"""CPU of one recorded session: our server against aiortc's own MediaRecorder, from the same Chromium, in the same run.

Both are sent 640x480 at 24 frames per second by the same plain page, one after the other, over real ICE, DTLS and
SRTP on this machine. The reference runs in an environment of its own (aiortc 1.16 with PyAV 17.1), made on first use.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import venv
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from playwright.async_api import Browser

from bench.process import ProcessMeter, Usage
from bench.report import print_table, print_verdict
from tests.live.browser import Source, chromium, context_with_source, open_sender, publish
from tests.live.decode import Decoded, decode
from tests.live.harness import REPOSITORY, Server, free_port, running_server, until

REFERENCE = REPOSITORY / "bench" / "results" / "aiortc-recorder"
REFERENCE_PACKAGES = ("aiortc==1.16.0", "av==17.1.0", "aiohttp")
REFERENCE_SERVER = REPOSITORY / "bench" / "reference_server.py"
AIM = 20.0
ROOMS = ("media_server.", "signaling.", "web.", "db.", "aiortc.", "aioice.", "pylibsrtp", "asyncio.", "uvloop")


@dataclass(frozen=True, slots=True)
class Cost:
    """What sessions cost a server."""

    server: str
    "Which one, and the codec."
    sessions: int
    "At once."
    usage: Usage
    "Of the server's process."
    packets: int
    "That the page sent meanwhile, both tracks."
    kbps: float
    "Picture that the page sent meanwhile."
    decoded: Decoded | None
    "What a file holds, to see that it was really recorded."

    @property
    def cores_per_session(self) -> float:
        """Cores of one session."""
        return self.usage.cores / self.sessions

    @property
    def microseconds_per_packet(self) -> float:
        """CPU time of one packet."""
        return self.usage.cpu_s * 1e6 / self.packets if self.packets else float("nan")


async def reference_python() -> Path:
    """The Python of the reference's environment; makes it on first use."""
    python = REFERENCE / "bin" / "python"
    if not python.exists():
        print("making the reference's environment …", flush=True)
        await asyncio.to_thread(venv.create, REFERENCE, with_pip=True)
        install = await asyncio.create_subprocess_exec(python, "-m", "pip", "install", "-q", *REFERENCE_PACKAGES)
        if await install.wait() != 0:
            raise RuntimeError(f"{', '.join(REFERENCE_PACKAGES)} could not be installed into {REFERENCE}")
    return python


@asynccontextmanager
async def reference_server(folder: Path) -> AsyncIterator[tuple[str, int]]:
    """Aiortc's MediaRecorder behind WHIP: (base URL, pid)."""
    port = free_port()
    python = await reference_python()
    with (folder / "reference.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *(python, REFERENCE_SERVER, "--folder", folder, "--port", str(port)), stdout=log, stderr=log
        )
    base_url = f"http://127.0.0.1:{port}"

    async def ready() -> bool:
        try:
            async with aiohttp.ClientSession() as http, http.get(f"{base_url}/healthz") as response:
                return response.ok
        except aiohttp.ClientError:
            return False

    try:
        await until(ready, within_s=20)
        yield base_url, process.pid
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def sent(sources: list[Source]) -> tuple[int, int]:
    """Packets of both tracks and bytes of picture that all pages sent so far."""
    statistics = [await source.outbound() for source in sources]
    packets = sum(int(each[kind]["packetsSent"]) for each in statistics for kind in ("audio", "video"))
    return packets, sum(int(each["video"]["bytesSent"]) for each in statistics)


async def measure(
    browser: Browser, base_url: str, pid: int, targets: list[tuple[str, str | None]], codec: str, seconds: float
) -> tuple[Usage, int, float]:
    """Publish to each target (URL, token) and measure; (usage, packets, kbps of one picture)."""
    context = await context_with_source(browser)
    pages = []
    for url, token in targets:
        page = await open_sender(context, base_url)
        await publish(page, url, token=token, codec=codec)
        pages.append(page)
    sources = [Source(page) for page in pages]
    await sources[-1].runs_on(10)  # the sender's rate has settled
    packets, octets = await sent(sources)
    meter = ProcessMeter(pid)
    await sources[-1].runs_on(seconds)
    usage = meter.read()
    packets_after, octets_after = await sent(sources)
    for page in pages:
        await page.evaluate("stop()")
    await context.close()
    kbps = (octets_after - octets) * 8 / usage.seconds / len(targets) / 1_000
    return usage, packets_after - packets, kbps


async def measure_reference(browser: Browser, sessions: int, seconds: float) -> Cost:
    """Aiortc's MediaRecorder."""
    with tempfile.TemporaryDirectory(prefix="holdfast-bench-") as name:
        folder = Path(name)
        async with reference_server(folder) as (base_url, pid):
            targets: list[tuple[str, str | None]] = [(f"{base_url}/whip/{n}", None) for n in range(sessions)]
            usage, packets, kbps = await measure(browser, base_url, pid, targets, "VP8", seconds)
        decoded = await asyncio.to_thread(lambda: decode(min(folder.glob("*.webm"))))
        return Cost("aiortc MediaRecorder, VP8", sessions, usage, packets, kbps, decoded)


async def publish_to_ours(
    browser: Browser, server: Server, codec: str, sessions: int, seconds: float
) -> tuple[Usage, int, float, Decoded]:
    """Interviews without a page of ours, so that both servers get the same sender."""
    await server.add_user()
    job = await server.add_job()
    interviews = [
        await server.add_interview(job, email=f"john.doe.{n}@example.org", consented=True) for n in range(sessions)
    ]
    targets: list[tuple[str, str | None]] = [(server.whip_url(one), one.token) for one in interviews]
    usage, packets, kbps = await measure(browser, server.base_url, server.pid, targets, codec, seconds)
    decoded = await asyncio.to_thread(decode, server.part_files(interviews[0])[0])
    return usage, packets, kbps, decoded


async def measure_ours(browser: Browser, codec: str, sessions: int, seconds: float) -> Cost:
    """Our server, as it is shipped."""
    with tempfile.TemporaryDirectory(prefix="holdfast-bench-") as name:
        async with running_server(Path(name)) as server:
            usage, packets, kbps, decoded = await publish_to_ours(browser, server, codec, sessions, seconds)
            return Cost(f"Holdfast, {codec}", sessions, usage, packets, kbps, decoded)


async def sample_ours(browser: Browser, codec: str, sessions: int, seconds: float) -> list[tuple[list[str], int]]:
    """Where our server's CPU time goes: stacks, innermost first, with their counts."""
    with tempfile.TemporaryDirectory(prefix="holdfast-bench-") as name:
        samples = Path(name) / "samples.json"
        launcher = ("-m", "bench.sampled", str(samples), "-m", "web.cli")
        async with running_server(Path(name), launcher=launcher) as server:
            await publish_to_ours(browser, server, codec, sessions, seconds)
            await server.stop()
        taken: list[tuple[list[str], int]] = json.loads(samples.read_text())
        return [(stack, count) for stack, count in taken if is_serving(stack)]


def is_serving(stack: list[str]) -> bool:
    """Whether the event loop runs: imports and migrations at start are no packet's cost."""
    return not any(frame.startswith(("importlib.", "alembic.", "_frozen_importlib")) for frame in stack)


def room_of(stack: list[str]) -> str:
    """The innermost frame that belongs to a room we know: its module."""
    for frame in stack:
        if frame.startswith(ROOMS):
            return frame.rpartition(".")[0]
    return "elsewhere"


def print_samples(samples: list[tuple[list[str], int]], microseconds: float) -> None:
    """Where each packet's microseconds go, by module and by function."""
    total = sum(count for _, count in samples)
    rooms: Counter[str] = Counter()
    functions: Counter[str] = Counter()
    for stack, count in samples:
        rooms[room_of(stack)] += count
        functions[stack[0] if stack else "?"] += count
    for title, counter in (("module", rooms), ("function, without what it calls", functions)):
        print_table(
            f"where the microseconds go, by {title} ({total} samples)",
            (title, "%", "µs per packet"),
            [(name, count * 100 / total, count * microseconds / total) for name, count in counter.most_common(18)],
        )


async def run(sessions: int, seconds: float) -> tuple[list[Cost], list[tuple[list[str], int]]]:
    """Everything, one after the other."""
    async with chromium() as browser:
        costs = [await measure_reference(browser, 1, seconds)]
        costs += [await measure_ours(browser, codec, 1, seconds) for codec in ("VP8", "VP9")]
        if sessions > 1:
            costs.append(await measure_ours(browser, "VP9", sessions, seconds))
        return costs, await sample_ours(browser, "VP9", sessions, seconds)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, default=1, help="at once, for our server; the reference gets one")
    parser.add_argument("--seconds", type=float, default=40.0, help="measured, after 10 s to settle")
    arguments = parser.parse_args()
    costs, samples = asyncio.run(run(arguments.sessions, arguments.seconds))
    reference = costs[0]
    print_table(
        f"server CPU per session, Chromium 640x480 at 24 fps (Python {sys.version.split()[0]})",
        ("server", "sessions", "cores/session", "times less", "packets/s", "µs/packet", "video kbps", "frames in file"),
        [
            (
                cost.server,
                cost.sessions,
                f"{cost.cores_per_session:.4f}",
                reference.cores_per_session / cost.cores_per_session if cost.usage.cpu_s else None,
                cost.packets / cost.usage.seconds / cost.sessions,
                cost.microseconds_per_packet,
                cost.kbps,
                len(cost.decoded.pictures) if cost.decoded else None,
            )
            for cost in costs
        ],
    )
    ours = costs[1]
    ratio = reference.cores_per_session / ours.cores_per_session if ours.usage.cpu_s else float("inf")
    print_verdict(f"{AIM:g} times less than aiortc's MediaRecorder (VP8: {ratio:.1f})", met=ratio >= AIM)
    print_samples(samples, costs[-1].microseconds_per_packet)


if __name__ == "__main__":
    main()
