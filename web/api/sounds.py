"""The sound of questions and of answers: HR hands the former in, candidates hear them, HR hears the latter."""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from typing import BinaryIO, Final

from aiohttp import web as aioweb

from db import work
from db.errors import Conflict, NotFound
from db.models import InterviewSession, QuestionSound
from media_server.aio import recording_files
from media_server.aio.sound_job import SoundRefusal
from media_server.aio.sound_making import SoundRefused
from media_server.aio.worker_process import WorkerFailed
from media_server.recording import names
from signaling.aio.errors import Problem, TooLarge, UnsupportedMediaType
from web.api.recordings import send
from web.auth import interview_for
from web.bodies import answer
from web.gate import asker_of
from web.problems import InConflict
from web.schema.recordings import SoundStored
from web.services import SERVICES, Services

CHUNK: Final = 262_144
"Octets of an upload that are written at a time."
MAX_NUMBER_DIGITS: Final = 9
WAV_TYPES: Final = frozenset({"audio/wav", "audio/x-wav", "audio/wave", "audio/vnd.wave"})


class NoSound(Problem):
    """What was sent cannot be used as a question's sound."""

    status, name, title = 422, "no-sound", "This is no sound that can be used"


async def get_question_sound(request: aioweb.Request) -> aioweb.StreamResponse:
    """A question as it is spoken: for its candidate, and for HR."""
    _, interview = await _interview(request)
    index = _index(request)
    question = next((each for each in interview.questions if each.index == index), None)
    if question is None or question.sound is QuestionSound.NONE:
        raise NotFound("this question is not spoken")
    path = recording_files.sound_path(interview, names.question_name(interview.session_id, index))
    return await send(request, path, content_type="audio/wav")


async def put_question_sound(request: aioweb.Request) -> aioweb.Response:
    """Hand in a question as it is spoken, before the interview begins. What was there before is replaced."""
    services, interview = await _interview(request)
    index = _index(request)
    duration_ms = await receive_sound(
        request, lambda source: services.sounds.take_upload(interview.session_id, index, source)
    )
    return answer(SoundStored(index=index, duration_ms=duration_ms))


async def receive_sound(request: aioweb.Request, take: Callable[[int], Awaitable[int]]) -> int:
    """Receive a WAV and have it taken from an open file; returns its length in milliseconds.

    Raises UnsupportedMediaType, TooLarge, NoSound, InConflict, and what `take` raises.
    """
    services = request.app[SERVICES]
    if request.content_type not in WAV_TYPES:
        raise UnsupportedMediaType("Send audio/wav.")
    with tempfile.TemporaryFile(dir=services.data_folder.uploads_path) as file:
        await _receive(request, file, services.settings.work.max_sound_bytes)
        return await _taken(services, take(file.fileno()))


async def get_answer_sound(request: aioweb.Request) -> aioweb.StreamResponse:
    """The chosen take of an answer, for HR."""
    services, interview = await _interview(request)
    index = _index(request)
    async with services.database.reading() as db_session:
        cut = await work.answer_sounds(db_session, interview.session_id)
    take = next((take for question, take in cut if question == index), None)
    if take is None:
        raise NotFound("this answer was not cut")
    name = names.answer_name(interview.session_id, index, take)
    return await send(request, recording_files.sound_path(interview, name), name, content_type="audio/wav")


async def _interview(request: aioweb.Request) -> tuple[Services, InterviewSession]:
    services = request.app[SERVICES]
    asker = asker_of(request)
    async with services.database.reading() as db_session:
        return services, await interview_for(db_session, asker, request.match_info["session_id"])


def _index(request: aioweb.Request) -> int:
    text = request.match_info["index"]
    if not text.isascii() or not text.isdigit() or len(text) > MAX_NUMBER_DIGITS:
        raise NotFound("no such question")
    return int(text)


async def _receive(request: aioweb.Request, file: BinaryIO, most_bytes: int) -> None:
    too_large = TooLarge(f"A sound of up to {most_bytes // 1_000_000} MB is taken.")
    if (request.content_length or 0) > most_bytes:
        raise too_large
    received = 0
    async for chunk in request.content.iter_chunked(CHUNK):
        received += len(chunk)
        if received > most_bytes:
            raise too_large
        await asyncio.to_thread(file.write, chunk)
    await asyncio.to_thread(file.flush)


async def _taken(services: Services, taking: Awaitable[int]) -> int:
    try:
        return await taking
    except Conflict:
        raise InConflict("The interview has begun; its questions stay as they are.") from None
    except SoundRefused as refused:
        match refused.refusal:
            case SoundRefusal.TOO_LONG:
                longest = services.settings.work.max_sound_s
                raise NoSound(f"It is too long: up to {longest:g} s are taken. Nothing was stored.") from None
            case SoundRefusal.SILENT:
                raise NoSound("There is no sound in it. Nothing was stored.") from None
            case SoundRefusal.NO_WAV:
                raise NoSound("It is no WAV file with PCM sound in it. Nothing was stored.") from None
    except WorkerFailed:
        raise NoSound("It could not be read. Nothing was stored.") from None
