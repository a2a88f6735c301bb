"""FFmpeg (inside PyAV) and mkvinfo read what we write: live, closed, cut and mended."""

import io
import shutil
import subprocess
from pathlib import Path

import av
import pytest

from media_server.webm.mend import mend
from tests.media_server.webm.image import PICTURE, SOUND, FileImage, Given, closed_part, live_part
from tests.media_server.webm.real_media import HEIGHT, PACKET_MS, WIDTH, interview, tracks

SECONDS = 5
LATE_MS = 70


def parts(codec: str) -> dict[str, tuple[bytes, list[Given]]]:
    """A part in every state that a player can meet it in, and the blocks that it holds."""
    given = interview(codec, SECONDS, late_ms=LATE_MS)
    live, writer = live_part(given, tracks(codec))
    live.apply(writer.set_picture_size(WIDTH, HEIGHT))
    cut = FileImage(live.octets[:-5])
    cut.apply(mend(cut.octets).actions)
    states = {"live": (bytes(live.octets), given), "mended": (bytes(cut.octets), given[:-1])}
    live.apply(writer.close())
    return states | {"closed": (bytes(live.octets), given)}


@pytest.mark.parametrize("codec", ["VP8", "VP9"])
def test_ffmpeg_demuxes_the_same_packets_and_decodes_every_one(codec: str) -> None:
    for octets, given in parts(codec).values():
        with av.open(io.BytesIO(octets), "r") as container:
            demuxed = {PICTURE: list[Given](), SOUND: list[Given]()}
            decoded = {PICTURE: 0, SOUND: 0}
            for packet in container.demux():
                track = PICTURE if packet.stream.type == "video" else SOUND
                if packet.size:
                    demuxed[track].append(Given(track, packet.pts or 0, bytes(packet), packet.is_keyframe))
                decoded[track] += len(packet.decode())
        for track in (PICTURE, SOUND):
            expected = [block for block in given if block.track == track]
            assert demuxed[track] == expected
            assert decoded[track] == len(expected)


@pytest.mark.parametrize("codec", ["VP8", "VP9"])
def test_ffmpeg_reads_length_and_size_and_seeks(codec: str) -> None:
    states = parts(codec)
    for name in ("closed", "mended"):
        with av.open(io.BytesIO(states[name][0]), "r") as container:
            picture = container.streams.video[0]
            assert abs((container.duration or 0) / 1000 - SECONDS * 1000) <= PACKET_MS
            assert (picture.width, picture.height) == (WIDTH, HEIGHT)
            for wanted, keyframe in ((4500, 4000), (2100, 2000), (3999, 2000), (100, 0)):
                container.seek(wanted, stream=picture)
                frame = next(container.decode(picture))
                assert frame.pts == keyframe


@pytest.mark.parametrize("kept", [PICTURE, SOUND])
def test_ffmpeg_reads_a_part_of_one_track(kept: int) -> None:
    given = [block for block in interview("VP8", SECONDS) if block.track == kept]
    with av.open(io.BytesIO(closed_part(given, tracks("VP8"))), "r") as container:
        assert len(container.streams) == 1
        assert sum(1 for packet in container.demux() if packet.size) == len(given)


@pytest.mark.skipif(shutil.which("mkvinfo") is None, reason="mkvinfo is not installed (Debian package mkvtoolnix)")
@pytest.mark.parametrize("state", ["live", "mended", "closed"])
def test_mkvinfo_finds_nothing_wrong(state: str, tmp_path: Path) -> None:
    octets, given = parts("VP8")[state]
    path = tmp_path / f"{state}.webm"
    path.write_bytes(octets)
    told = subprocess.run(
        ["mkvinfo", "--all", "--ui-language", "en_US", path], capture_output=True, text=True, check=True, timeout=60
    )
    assert not told.stderr
    text = told.stdout.lower()
    assert not any(word in text for word in ("error", "invalid", "unknown element", "corrupt", "resync"))
    assert text.count("simple block:") == len(given)
    assert ("segment: size unknown" in text) == (state == "live")
