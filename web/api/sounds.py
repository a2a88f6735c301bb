"""The sound of questions and of answers: HR hands the former in, candidates hear them, HR hears the latter."""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from typing import BinaryIO, Final

from aiohttp import web as aioweb

from db import work
from db.errors import Conflict, NotFound
from db.models import QuestionSound
from media_server.aio import recording_files
from media_server.aio.sound_job import SoundRefusal
from media_server.aio.sound_making import SoundRefused
from media_server.aio.worker_process import WorkerFailed
from media_server.recording import names
from signaling.aio import bodies
from signaling.aio.errors import Problem, TooLarge, UnsupportedMediaType
from web.actors import Handed, What
from web.api.recordings import send
from web.bodies import answer
from web.gate import interview_of
from web.ids import row_id
from web.problems import InConflict
from web.schema.recordings import SoundStored
from web.services import SERVICES, Services

WAV_TYPES: Final = frozenset({"audio/wav", "audio/x-wav", "audio/wave", "audio/vnd.wave"})


class NoSound(Problem):
    """What was sent cannot be used as a question's sound."""

    status, name, title = 422, "no-sound", "This is no sound that can be used"


async def get_question_sound(request: aioweb.Request) -> aioweb.StreamResponse:
    """A question as it is spoken: for its candidate, and for HR."""
    interview = await interview_of(request)
    index = row_id(request, "index")
    question = next((each for each in interview.questions if each.index == index), None)
    if question is None or question.sound is QuestionSound.NONE:
        raise NotFound("this question is not spoken")
    path = recording_files.sound_path(interview, names.question_name(interview.session_id, index))
    return await send(request, path, content_type="audio/wav")


async def put_question_sound(request: aioweb.Request) -> aioweb.Response:
    """Hand in a question as it is spoken, before the interview begins. What was there before is replaced."""
    services, interview = request.app[SERVICES], await interview_of(request)
    index = row_id(request, "index")
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
    services, interview = request.app[SERVICES], await interview_of(request)
    index = row_id(request, "index")
    async with services.database.reading() as db_session:
        cut = await work.answer_sounds(db_session, interview.session_id)
    take = next((take for question, take in cut if question == index), None)
    if take is None:
        raise NotFound("this answer was not cut")
    name = names.answer_name(interview.session_id, index, take)
    path, handed = recording_files.sound_path(interview, name), Handed(interview.session_id, What.ANSWER, index)
    return await send(request, path, name, content_type="audio/wav", handed=handed)


async def _receive(request: aioweb.Request, file: BinaryIO, most_bytes: int) -> None:
    too_large = TooLarge(f"A sound of up to {most_bytes // 1_000_000} MB is taken.")
    async for piece in bodies.pieces(request, most_bytes, too_large):
        await asyncio.to_thread(file.write, piece)
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
