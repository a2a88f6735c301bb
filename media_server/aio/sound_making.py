"""One sound file made in a process of its own, under a name that it keeps only while somebody takes it."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from media_server.aio import recording_files
from media_server.aio.data_folder import DataFolder
from media_server.aio.sound_job import Job, Outcome, SoundRefusal
from media_server.aio.worker_process import SOON, Priority, run_worker

WORKER: Final = "media_server.aio.sound_worker"
LOOK_WITHIN_S: Final = 60.0
"How long looking at an upload may take."


class SoundRefused(Exception):  # noqa: N818  it says what happened
    """What was handed in is no sound that we take; nothing was changed."""

    def __init__(self, refusal: SoundRefusal, why: str) -> None:
        super().__init__(why)
        self.refusal = refusal


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be made of a file; see the fields of :class:`Job`."""

    format: str
    "`matroska` or `wav`."
    start_ms: int = 0
    "Where to begin."
    end_ms: int | None = None
    "Where to end."
    rate: int | None = None
    "Samples per second."
    longest_ms: int | None = None
    "Longer than this is refused."

    def job(self, source: int, output: int) -> Job:
        """As the worker is asked."""
        return Job(source, output, self.format, self.start_ms, self.end_ms, self.rate, self.longest_ms)


@asynccontextmanager
async def sound_made(
    data_folder: DataFolder,
    partial: str,
    source: int,
    wanted: Wanted,
    *,
    priority: Priority = SOON,
    within_s: float | None = None,
) -> AsyncIterator[Outcome]:
    """A new sound file at `partial` while the block runs; unless the block gives it another name, it is gone afterwards.

    Raises SoundRefused, WorkerFailed, OSError.
    """
    files = data_folder.files
    output = await asyncio.to_thread(data_folder.create_draft, partial, 0)
    try:
        job = wanted.job(source, output).encode()
        told = await run_worker(WORKER, job, [source, output], priority=priority, within_s=within_s)
        outcome = Outcome.decode(told)
        outcome.check_disk(partial)
        if outcome.refusal is not None:
            raise SoundRefused(SoundRefusal(outcome.refusal), outcome.why)
        yield outcome
    finally:
        os.close(output)
        await asyncio.to_thread(recording_files.remove_part_name, files, partial)
