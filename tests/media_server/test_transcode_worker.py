"""The process that transcodes: real media in, the same pictures and the very same sound out."""

import os
from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np
import pytest

from media_server.aio import transcode_worker
from media_server.aio.transcode_job import Job, Outcome
from media_server.aio.transcode_worker import run
from media_server.aio.worker_main import NotVerified
from media_server.webm.track_entry import TrackEntry
from tests.media_server import flash_beep
from tests.media_server.test_assembly_worker import join, media, part
from tests.media_server.webm.image import PICTURE, SOUND, Given, read

OTHER = {"VP8": "VP9", "VP9": "VP8"}


def transcoded(
    source: Path, output: Path, codec: str, *, bps: int = 250_000, told: list[float] | None = None
) -> Outcome:
    reads = os.open(source, os.O_RDONLY)
    writes = os.open(output, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        return run(Job(reads, writes, codec, bps), (told if told is not None else []).append)
    finally:
        os.close(reads)
        os.close(writes)


def of(given: Sequence[Given], track: int) -> list[Given]:
    return [block for block in given if block.track == track]


def white(path: Path) -> list[tuple[int, bool]]:
    """When each picture is shown, and whether it is white."""
    with av.open(str(path), "r") as container:
        return [
            (frame.pts or 0, bool(np.asarray(frame.to_ndarray(format="gray")).mean() > 180))
            for frame in container.decode(container.streams.video[0])
        ]


@pytest.mark.parametrize("codec", ["VP8", "VP9"])
def test_pictures_keep_their_times_and_sound_stays_as_it_is(codec: str, tmp_path: Path) -> None:
    source = part(tmp_path / "1.webm", media(codec, begins_ms=37), codec)
    told: list[float] = []
    outcome = transcoded(source, tmp_path / "2.webm", OTHER[codec], told=told)
    before, after = read(source.read_bytes()), read((tmp_path / "2.webm").read_bytes())
    assert of(after, SOUND) == of(before, SOUND)
    assert [block.timestamp_ms for block in of(after, PICTURE)] == [block.timestamp_ms for block in of(before, PICTURE)]
    keyframes = {block.timestamp_ms for block in of(before, PICTURE) if block.keyframe}
    assert keyframes <= {block.timestamp_ms for block in of(after, PICTURE) if block.keyframe}
    assert white(tmp_path / "2.webm") == white(source)
    assert any(shown for _, shown in white(source))
    assert outcome.size_bytes == (tmp_path / "2.webm").stat().st_size
    assert (outcome.refusal, outcome.width, outcome.height, outcome.is_good_already) == ("", 320, 240, False)
    assert told == sorted(told)


def test_it_joins_with_its_neighbours(tmp_path: Path) -> None:
    first = part(tmp_path / "1.webm", media("VP9"))
    other = part(tmp_path / "2.webm", media("VP8", size=(160, 120)), "VP8", size=(160, 120))
    transcoded(other, tmp_path / "3.webm", "VP9")
    outcome = join([first, tmp_path / "3.webm"], tmp_path / "joined.webm")
    assert (outcome.refusal, [length for _, length in outcome.lengths]) == (None, [2000, 2000])
    with av.open(str(tmp_path / "joined.webm"), "r") as container:
        sizes = [(frame.width, frame.height) for frame in container.decode(container.streams.video[0])]
    assert sizes == [(320, 240)] * 50 + [(160, 120)] * 50


def test_a_picture_that_changes_its_size_goes_on_at_the_new_one(tmp_path: Path) -> None:
    small = [
        block._replace(timestamp_ms=block.timestamp_ms + 2000) for block in flash_beep.pictures("VP8", 2000, (160, 120))
    ]
    both = [*flash_beep.pictures("VP8", 2000, (320, 240)), *small]
    source = flash_beep.write_part(tmp_path / "1.webm", both, flash_beep.both("VP8"), (320, 240))
    outcome = transcoded(source, tmp_path / "2.webm", "VP9")
    assert (outcome.width, outcome.height) == (320, 240)
    with av.open(str(tmp_path / "2.webm"), "r") as container:
        sizes = [(frame.width, frame.height) for frame in container.decode(container.streams.video[0])]
    assert sizes == [(320, 240)] * 50 + [(160, 120)] * 50


def test_it_keeps_to_the_cap(tmp_path: Path) -> None:
    """Coarse noise, another at each picture: the source takes ten times as much."""
    encoder = av.CodecContext.create("libvpx", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt, encoder.bit_rate = 320, 240, "yuv420p", 3_000_000
    encoder.time_base = transcode_worker.TICK
    encoder.options = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"}
    random, packets = np.random.default_rng(1), []
    for at in range(0, 6000, 40):
        pixels = np.kron(random.integers(0, 255, (30, 40, 3), np.uint8), np.ones((8, 8, 1), np.uint8))
        frame = av.VideoFrame.from_ndarray(pixels).reformat(format="yuv420p")
        frame.pts, frame.time_base = at, transcode_worker.TICK
        packets += encoder.encode(frame)
    packets += encoder.encode(None)
    given = [Given(PICTURE, packet.pts or 0, bytes(packet), packet.is_keyframe) for packet in packets]
    source = flash_beep.write_part(tmp_path / "1.webm", given, flash_beep.both("VP8"), (320, 240))
    outcome = transcoded(source, tmp_path / "2.webm", "VP9", bps=250_000)
    # What is borne of a sender, `media.over_cap_ratio`; with more than six seconds it comes nearer to the cap.
    assert 100 < outcome.video_kbps < 250 * 1.2


def test_what_has_the_codec_already_is_left_alone(tmp_path: Path) -> None:
    source = part(tmp_path / "1.webm", media("VP9"))
    outcome = transcoded(source, tmp_path / "2.webm", "VP9")
    assert (outcome.is_good_already, outcome.size_bytes) == (True, source.stat().st_size)
    assert (tmp_path / "2.webm").read_bytes() == b""


def test_pictures_that_cannot_be_decoded_are_left_out(tmp_path: Path) -> None:
    given = [
        block._replace(data=b"\xff" * len(block.data))
        if block.track == PICTURE and 800 <= block.timestamp_ms < 1000
        else block
        for block in media("VP8")
    ]
    outcome = transcoded(part(tmp_path / "1.webm", given, "VP8"), tmp_path / "2.webm", "VP9")
    after = read((tmp_path / "2.webm").read_bytes())
    assert (outcome.refusal, of(after, SOUND)) == ("", of(given, SOUND))
    assert 40 < len(of(after, PICTURE)) <= 50


@pytest.mark.parametrize("kind", ["nothing", "no WebM", "no picture", "no decoder", "garbage"])
def test_what_can_never_be_transcoded_says_why(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "1.webm"
    match kind:
        case "nothing":
            path.write_bytes(b"")
        case "no WebM":
            path.write_bytes(b"no WebM" * 100)
        case "no picture":
            part(path, flash_beep.sound(1000), size=None)
        case "no decoder":
            part(path, media("VP8"), "VP8")
            path.write_bytes(path.read_bytes().replace(b"V_VP8", b"V_XYZ", 1))
        case _:
            given = [Given(PICTURE, at, b"\xff" * 500, at == 0) for at in range(0, 1000, 40)]
            flash_beep.write_part(path, given, [TrackEntry.picture(PICTURE, "VP8")], (320, 240))
    assert transcoded(path, tmp_path / "2.webm", "VP9").refusal


def test_a_full_disk_is_handed_on(tmp_path: Path) -> None:
    reads, full = os.open(part(tmp_path / "1.webm", media("VP8"), "VP8"), os.O_RDONLY), os.open("/dev/full", os.O_RDWR)
    assert os.strerror(run(Job(reads, full, "VP9", 250_000), lambda _: None).errno) == "No space left on device"
    os.close(reads)
    os.close(full)


def test_a_file_that_is_not_what_was_written_is_never_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = part(tmp_path / "1.webm", media("VP8"), "VP8")
    sound = of(read(source.read_bytes()), SOUND)[70].data

    def rot(descriptor: int) -> None:
        octets = os.pread(descriptor, 10_000_000, 0)
        at = octets.find(sound)
        if at > 0:
            os.pwrite(descriptor, bytes([sound[-1] ^ 1]), at + len(sound) - 1)

    monkeypatch.setattr(transcode_worker, "sync_to_disk", rot)
    with pytest.raises(NotVerified):
        transcoded(source, tmp_path / "2.webm", "VP9")
