"""An installation of the request's old layout, with real files: Chromium's own, and others made by PyAV."""

import io
import os
from datetime import UTC, datetime
from pathlib import Path

import av
import numpy as np

from tests.media_server.foreign import recorded
from tests.media_server.waves import tone

THEN = datetime(2024, 11, 28, 12, 5, 30, tzinfo=UTC)
JOHN = "John_Doe/interview_video_20241128_120530.webm"
JANE = "Jane_Smith/interview_video_20241128_143022.webm"


def encoded(codec: str = "libvpx", seconds: int = 1, container: str = "webm") -> bytes:
    """What an encoder and a muxer of others make: a picture and nothing else."""
    file = io.BytesIO()
    with av.open(file, "w", format=container) as output:
        stream = output.add_stream(codec, rate=10)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for at in range(seconds * 10):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), at * 8, np.uint8), format="rgb24")
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return file.getvalue()


def put(root: Path, path: str, octets: bytes, *, at: datetime = THEN) -> Path:
    """Lay a file into the old tree, written at a moment."""
    place = root / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(octets)
    os.utime(place, (at.timestamp(), at.timestamp()))
    return place


def old_tree(root: Path) -> Path:
    """Two people; one has what was asked and answered beside the video."""
    put(root, JOHN, recorded())
    put(root, "John_Doe/question_q1_abc123.wav", tone(0.2))
    put(root, "John_Doe/answer_q1_xyz789.wav", tone(0.3))
    put(root, "John_Doe/answer_q2_uvw012.wav", tone(0.4))
    put(root, JANE, encoded())
    return root


def lying_in(root: Path) -> dict[str, bytes]:
    """Everything in the old tree, octet by octet."""
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}
