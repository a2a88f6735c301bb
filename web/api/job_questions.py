"""The sounds of a job's questions: handed in, heard, removed."""

from aiohttp import web as aioweb

from db import jobs
from db.errors import NotFound
from media_server.aio.job_sounds import job_sound_path
from web.api.jobs import job_id_of
from web.api.recordings import send
from web.api.sounds import receive_sound
from web.bodies import answer
from web.ids import row_id
from web.schema.jobs import JobSoundStored
from web.services import SERVICES


async def get_sound(request: aioweb.Request) -> aioweb.StreamResponse:
    """A question as it will be spoken to whoever is invited."""
    job_id = job_id_of(request)
    async with request.app[SERVICES].database.reading() as db_session:
        question = await jobs.get_question(db_session, job_id, row_id(request, "question_id"))
    if question.sound_name is None:
        raise NotFound("this question is not spoken")
    return await send(request, job_sound_path(job_id, question.sound_name), content_type="audio/wav")


async def put_sound(request: aioweb.Request) -> aioweb.Response:
    """Hand one in; interviews that were set up keep the one that they have."""
    job_id, question_id = job_id_of(request), row_id(request, "question_id")
    sounds = request.app[SERVICES].job_sounds
    async with request.app[SERVICES].database.reading() as db_session:
        await jobs.get_question(db_session, job_id, question_id)
    duration_ms = await receive_sound(request, lambda source: sounds.take_upload(job_id, question_id, source))
    return answer(JobSoundStored(question_id=question_id, duration_ms=duration_ms))


async def delete_sound(request: aioweb.Request) -> aioweb.Response:
    """The question is read by eyes alone again."""
    await request.app[SERVICES].job_sounds.remove(job_id_of(request), row_id(request, "question_id"))
    return aioweb.Response(status=204)
