"""A recording made elsewhere, as the request that this was built from has it: `POST …/upload-video`."""

import asyncio
import logging
from dataclasses import dataclass
from typing import Final

from aiohttp import BodyPartReader
from aiohttp import web as aioweb

from db import interviews
from db.errors import Conflict, NotFound
from db.models import InterviewSession
from db.recordings import megabytes
from db.states import InterviewState
from db.work import Task, WorkKind
from media_server.aio.uploads import FINISHED, Draft, NoPlace
from media_server.recording.uploads import UploadRefusal, UploadRefused
from signaling.aio.errors import InterviewOver, Malformed, OverCapacity, Problem, StorageFull, UnsupportedMediaType
from web.actors import actor_of
from web.auth import CandidateAsker
from web.bodies import answer, read_query
from web.forms import Form
from web.gate import NotAllowed, asker_of
from web.problems import NO_ROOM
from web.schema.uploads import UploadQuery, UploadStored
from web.services import SERVICES, Services

logger = logging.getLogger(__name__)

FIELD: Final = "video_file"
TYPES: Final = frozenset({"video/webm", "audio/webm", "application/octet-stream"})
MAX_USER_AGENT: Final = 500
JOINS_WAITED_FOR: Final = 5
"How often somebody waits a few seconds for the parts to be joined before they are told of the part alone."
YES: Final = frozenset({"true", "1", "yes", "on"})
NO: Final = frozenset({"false", "0", "no", "off"})


class NoRecording(Problem):
    """What was sent cannot be kept as a recording."""

    status, name, title = 422, "no-recording", "This is no recording that can be used"


SENTENCES: Final = {
    UploadRefusal.NO_WEBM: "It is no WebM file.",
    UploadRefusal.BROKEN: "It is damaged, or ends in the middle.",
    UploadRefusal.CODEC: "Its picture or sound is of a kind that is not taken: VP8, VP9 or AV1, and Opus.",
    UploadRefusal.LAYOUT: "It is built in a way that cannot be kept as it is: one picture and one sound, neither "
    "compressed twice nor laced, sound with one or two channels.",
    UploadRefusal.EMPTY: "There is neither picture nor sound in it.",
    UploadRefusal.TOO_LONG: "It is too long.",
    UploadRefusal.UNPLAYABLE: "Its picture or sound cannot be played.",
}


@dataclass(slots=True)
class _Wishes:
    """What is to become of it."""

    replace: bool
    finish: bool

    def hear(self, name: str, value: str) -> None:
        """Take a form field; others than ours mean nothing. Raises Malformed."""
        if name in {"replace", "finish"}:
            if value.lower() not in YES | NO:
                raise Malformed(f"The field {name} is true or false. Nothing was stored.")
            setattr(self, name, value.lower() in YES)


async def upload_video(request: aioweb.Request) -> aioweb.Response:
    """Take a recording: a part among others, the whole interview, or in place of the recording that there is."""
    services = request.app[SERVICES]
    asked = read_query(request, UploadQuery)
    wishes = _Wishes(asked.replace, asked.finish)
    form = Form(
        request,
        most_octets=services.settings.work.max_upload_bytes,
        has_room=lambda: services.data_folder.has_room_for(0),
    )
    try:
        with services.uploads.place(request.match_info["session_id"]):
            return await _take(request, services, form, wishes)
    except NoPlace:
        retry_after_s = services.settings.signaling.retry_after_s
        raise OverCapacity(
            "As many uploads as it takes at once, of all interviews or of this one, are on their way.", retry_after_s
        ) from None
    except UploadRefused as refused:
        logger.info("interview %s: an upload was refused: %s", request.match_info["session_id"], refused)
        raise NoRecording(f"{SENTENCES[refused.refusal]} Nothing was stored.") from None
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        raise StorageFull("The server's disk has no room for it. Nothing was stored.") from None


async def _take(request: aioweb.Request, services: Services, form: Form, wishes: _Wishes) -> aioweb.Response:
    session_id = request.match_info["session_id"]
    state = await _check_state(request, services)
    if not await asyncio.to_thread(services.data_folder.has_room_for, 2 * (request.content_length or 0)):
        raise StorageFull("The server's disk has no room for it. Nothing was stored.")
    with await asyncio.to_thread(services.uploads.new_file) as file:
        received: int | None = None
        async for part in form.parts():
            if part.name != FIELD:
                wishes.hear(part.name or "", await form.text(part))
                continue
            if received is not None:
                raise Malformed(f"There is more than one {FIELD}. Nothing was stored.")
            _check_wishes(request, state, wishes)
            _check_type(part)
            received = await form.save(part, file)
        if received is None:
            raise Malformed(f"Send the recording in the form's field {FIELD}. Nothing was stored.")
        user_agent = request.headers.get("User-Agent", "")[:MAX_USER_AGENT]
        async with services.uploads.draft(session_id, file.fileno(), user_agent, actor_of(request)) as draft:
            # Whatever becomes of the connection, what was begun is brought to its end.
            await asyncio.shield(_store(services, session_id, draft, wishes))
    return answer(await _stored(services, session_id))


async def _check_state(request: aioweb.Request, services: Services) -> InterviewState:
    session_id = request.match_info["session_id"]
    state = (await _row(services, session_id)).state
    if state not in FINISHED:
        await services.live_interviews.check_takes_part(session_id)
    return state


def _check_wishes(request: aioweb.Request, state: InterviewState, wishes: _Wishes) -> None:
    """Refuse before a large file comes in vain."""
    if wishes.replace and isinstance(asker_of(request), CandidateAsker):
        raise NotAllowed("A recording is replaced by HR alone. Nothing was stored.")
    if state in FINISHED and not wishes.replace:
        raise InterviewOver(
            "The interview is finished and has its recording. To put another in its place, HR says replace=true, in the "
            f"query or in a field before {FIELD}. Nothing was stored."
        )


def _check_type(part: BodyPartReader) -> None:
    kind = part.headers.get("Content-Type", "application/octet-stream").partition(";")[0].strip().lower()
    if kind not in TYPES:
        raise UnsupportedMediaType("Send video/webm. Nothing was stored.")


async def _store(services: Services, session_id: str, draft: Draft, wishes: _Wishes) -> None:
    interview = await _row(services, session_id)
    if draft.holds.video_codec is None and not interview.job.microphone_only_allowed:
        raise NoRecording("This interview is recorded with a picture, and there is none in it. Nothing was stored.")
    if wishes.replace and interview.state in FINISHED:
        try:
            await services.uploads.replace(session_id, draft)
        except Conflict:
            raise InterviewOver("Its state does not allow this any more. Nothing was stored.") from None
        await services.live_interviews.refresh(session_id)
        return
    await services.live_interviews.take_part(
        session_id, lambda: services.uploads.add(session_id, draft, finish=wishes.finish), finish=wishes.finish
    )


async def _stored(services: Services, session_id: str) -> UploadStored:
    """What lies there now: the recording; or the part, while the interview is open or its parts are being joined."""
    interview = await _row(services, session_id)
    for _ in range(JOINS_WAITED_FOR):
        if interview.state is not InterviewState.COMPLETED:
            break
        await services.heavy_work.soon(Task(WorkKind.JOIN, session_id))
        interview = await _row(services, session_id)
    if interview.video_file_path is not None and interview.video_size_mb is not None:
        return UploadStored(path=interview.video_file_path, size_mb=interview.video_size_mb)
    part = interview.parts[-1]
    return UploadStored(path=part.path, size_mb=megabytes(part.size_bytes or 0))


async def _row(services: Services, session_id: str) -> InterviewSession:
    async with services.database.reading() as db_session:
        interview = await interviews.get_interview(db_session, session_id)
    if interview.state is InterviewState.DELETED:
        raise NotFound("the interview was deleted")
    return interview
