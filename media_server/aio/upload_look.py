"""Has the worker look at a recording that was made elsewhere, and write it anew as a part."""

import logging
import os
from datetime import datetime
from typing import Final

from db.recordings import PartOutcome
from media_server.aio.upload_job import Job, Outcome
from media_server.aio.worker_process import WAITED_FOR, WorkerFailed, WorkerKilled, run_worker
from media_server.recording.uploads import UploadRefusal, UploadRefused

logger = logging.getLogger(__name__)

WORKER: Final = "media_server.aio.upload_worker"
LOOK_WITHIN_S: Final = 300.0
"How long that may take; three hours take some ten seconds."
UPLOADED: Final = "uploaded"
"The `end_reason` of a part that was made elsewhere."


async def look_at(source: int, output: int, path: str, *, started_at: datetime, longest_ms: int) -> PartOutcome:
    """Make a part of what lies in one open file, in another that is empty; `path` names that one in errors.

    Whoever looks may be killed, for want of memory say: then it is done once more. Raises UploadRefused, OSError, and
    WorkerKilled the second time.
    """
    job = Job(source, output, int(started_at.timestamp() * 1_000_000) * 1_000, longest_ms).encode()
    try:
        told = await _told(job, source, output)
    except WorkerKilled as killed:
        logger.warning("%s; the upload is looked at once more", killed)
        os.ftruncate(output, 0)
        os.lseek(output, 0, os.SEEK_SET)
        told = await _told(job, source, output)
    outcome = Outcome.decode(told)
    outcome.check_disk(path)
    if outcome.refusal is not None:
        raise UploadRefused(UploadRefusal(outcome.refusal), outcome.why)
    return _holds(outcome)


async def _told(job: bytes, source: int, output: int) -> bytes:
    try:
        return await run_worker(WORKER, job, [source, output], priority=WAITED_FOR, within_s=LOOK_WITHIN_S)
    except WorkerKilled:
        raise
    except WorkerFailed as error:
        raise UploadRefused(UploadRefusal.BROKEN, str(error)) from error


def _holds(outcome: Outcome) -> PartOutcome:
    return PartOutcome(
        end_reason=UPLOADED,
        duration_ms=outcome.duration_ms,
        size_bytes=outcome.size_bytes,
        video_codec=outcome.video_codec,
        audio_codec=outcome.audio_codec,
        width=outcome.width,
        height=outcome.height,
        video_kbps=outcome.video_kbps,
        audio_kbps=outcome.audio_kbps,
        bitrate_windows=[
            {"start_ms": start_ms, "video_bps": video_bps, "audio_bps": audio_bps}
            for start_ms, video_bps, audio_bps in outcome.windows
        ],
    )
