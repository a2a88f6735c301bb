"""A long recording made quickly: a short loop, encoded once, goes through our own writer again and again."""

import asyncio
import os
from collections.abc import Iterable, Iterator
from fractions import Fraction
from functools import cache

import av
import numpy as np

from db import interviews, recordings
from db.models import PartSource, Take
from db.recordings import PartOutcome
from media_server.aio.disk_target import sync_to_disk
from media_server.aio.recording_files import part_path
from media_server.webm.actions import FileAction, Sync, Truncate, Write
from media_server.webm.writer import TrackEntry, WebmWriter
from signaling.protocol.interview_flow import MarkKind
from tests.browser.pages.place import Place
from web.invitations import NewInterview, set_up

LOOP_S, FRAME_MS, PACKET_MS, KEYFRAME_EVERY_MS = 20, 40, 60, 10_000
"What is encoded once and then laid end to end, with keyframes as far apart as the server asks for them."
SIZE = (640, 480)
PICTURE, SOUND = 1, 2
THINKING_MS, PAUSE_MS = 1_300, 500
"From a question to its answer, and from there to the next question."

Block = tuple[int, int, bytes, bool]
"Track, milliseconds, octets, whether it is a keyframe."


@cache
def loop() -> list[Block]:
    """Somebody who moves and speaks, more or less, encoded as browsers do."""
    return sorted([*_pictures(), *_sound()], key=lambda block: block[1])


def _pictures() -> Iterator[Block]:
    encoder = av.VideoCodecContext.create("libvpx-vp9", "w")
    encoder.width, encoder.height, encoder.pix_fmt = *SIZE, "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, 1000), Fraction(1000, FRAME_MS)
    encoder.gop_size, encoder.bit_rate = KEYFRAME_EVERY_MS // FRAME_MS, 250_000
    encoder.options = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"}
    down, across = np.mgrid[0 : SIZE[1], 0 : SIZE[0]]
    for at in range(0, LOOP_S * 1000, FRAME_MS):
        turn = at / (LOOP_S * 1000) * 2 * np.pi
        centre = (SIZE[0] * (0.5 + 0.1 * np.sin(turn * 5)), SIZE[1] * (0.45 + 0.03 * np.sin(turn * 9)))
        head = ((across - centre[0]) / 90) ** 2 + ((down - centre[1]) / 120) ** 2 < 1
        body = ((across - centre[0]) / 200) ** 2 + ((down - SIZE[1]) / 130) ** 2 < 1
        mouth = ((across - centre[0]) / 30) ** 2 + (
            (down - centre[1] - 60) / (4 + 10 * abs(np.sin(turn * 40)))
        ) ** 2 < 1
        shade = (down // 6 + across // 16 + 70).astype(np.uint8)
        pixels = np.stack([shade, shade + 12, shade + 30], axis=-1)
        pixels[body], pixels[head], pixels[mouth] = (60, 90, 120), (205, 165, 140), (120, 50, 50)
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), "rgb24").reformat(format="yuv420p")
        frame.pts, frame.time_base = at, Fraction(1, 1000)
        for packet in encoder.encode(frame):
            yield PICTURE, packet.pts or 0, bytes(packet), packet.is_keyframe
    for packet in encoder.encode(None):
        yield PICTURE, packet.pts or 0, bytes(packet), packet.is_keyframe


def _sound() -> Iterator[Block]:
    encoder = av.AudioCodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.layout, encoder.format = 48_000, "mono", "s16"
    encoder.options = {"frame_duration": str(PACKET_MS)}
    for number, begin in enumerate(range(0, LOOP_S * 1000, PACKET_MS)):
        times = np.arange(PACKET_MS * 48) / 48_000 + begin / 1000
        loudness = np.abs(np.sin(times * 2.3) * np.sin(times * 7.1)) * (np.sin(times * 0.7) > -0.6)
        samples = (np.sin(times * 2 * np.pi * 180) * loudness * 14_000).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(samples[None], format="s16", layout="mono")
        frame.sample_rate, frame.pts = 48_000, begin * 48
        for packet in encoder.encode(frame):
            yield SOUND, number * PACKET_MS, bytes(packet), True


def write_part(descriptor: int, seconds: int) -> int:
    """The loop again and again through the writer that parts are written by; returns its size."""
    once = loop()
    writer = WebmWriter([TrackEntry.picture(PICTURE, "VP9"), TrackEntry.sound(SOUND)], started_at_ns=0)
    _carry_out(descriptor, writer.open())
    _carry_out(descriptor, writer.set_picture_size(*SIZE))
    for begin in range(0, seconds * 1000, LOOP_S * 1000):
        for track, at, octets, keyframe in once:
            _carry_out(descriptor, writer.add_block(track, begin + at, octets, keyframe=keyframe))
    _carry_out(descriptor, writer.close())
    return writer.size


async def add_recording(
    place: Place, session_id: str, seconds: int, candidate: str = "Ana Beispiel", questions: int = 10
) -> None:
    """A finished interview of that length, its recording ready: its questions asked and answered."""
    services, now = place.services, place.services.clock.utc_now()
    texts = tuple(f"What would you tell somebody in week {number}?" for number in range(1, questions + 1))
    async with services.database.writing() as db_session:
        new = NewInterview(session_id, place.job, candidate, None, None, texts, None)
        await set_up(db_session, new, now)
        await interviews.give_consent(db_session, session_id, "2026-11-1", "bench", now)
        folder = (await interviews.get_interview(db_session, session_id)).candidate.folder
        part = await recordings.open_part(
            db_session, session_id, PartSource.LIVE, lambda number: part_path(folder, session_id, number), now
        )
        each_ms = seconds * 1000 // questions
        for index in range(1, questions + 1):
            begin = (index - 1) * each_ms
            for kind, at, take in (
                (MarkKind.QUESTION, begin, None),
                (MarkKind.TAKE, begin + THINKING_MS, 1),
                (MarkKind.TAKE_END, begin + each_ms - PAUSE_MS, 1),
            ):
                await recordings.add_mark(
                    db_session, session_id, part.number, at, kind.value, question_index=index, take=take
                )
            db_session.add(Take(session_id=session_id, question_index=index, number=1, chosen=True))
        path, number = part.path, part.number
    descriptor = services.data_folder.files.create(path)
    size = await asyncio.to_thread(write_part, descriptor, seconds)
    os.close(descriptor)
    outcome = PartOutcome("finished", seconds * 1000, size, "VP9", "opus", *SIZE, 231.0, 30.4)
    async with services.database.writing() as db_session:
        await recordings.close_part(db_session, session_id, number, outcome, now)
    await services.live_interviews.finish(session_id)


def _carry_out(descriptor: int, actions: Iterable[FileAction]) -> None:
    for action in actions:
        match action:
            case Write(position, data):
                os.pwrite(descriptor, data, position)
            case Truncate(length):
                os.ftruncate(descriptor, length)
            case Sync():
                sync_to_disk(descriptor)
