"""Heavy work: what is due, and what became of it.

What is due is read from the other tables; a row of `work` says what was tried, so losing one loses nothing. Every
function takes the session first; those that write need one of `Database.writing()`.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import ColumnElement, String, and_, cast, delete, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db import exports, recordings
from db.models import Candidate, InterviewQuestion, InterviewSession, Mark, Part, QuestionSound, Take, Work, WorkState
from db.states import InterviewState

STOPPED: Final = "the server ended in the middle of it"
"What a row says that a crash left."

DONE_LASTS: Final = timedelta(minutes=1)
"What is asked for although it was just done is not begun again at once."

TRANSCODED_TO: Final = frozenset({"VP8", "VP9"})
"What a part's picture can be made into."

PREVIEW_SUBJECT: Final = 16
"How much of a recording's SHA-256 tells previews of one from those of another."

_STILL_TO_COME: Final = (
    InterviewState.INVITED,
    InterviewState.CONSENTED,
    InterviewState.IN_PROGRESS,
    InterviewState.INTERRUPTED,
)


class WorkKind(StrEnum):
    """What heavy work there is; the order is the one in which it is done."""

    JOIN = "join"
    ANSWER_SOUND = "answer_sound"
    QUESTION_SOUND = "question_sound"
    TRANSCODE = "transcode"
    PREVIEWS = "previews"
    EXPORT = "export"


@dataclass(frozen=True, slots=True)
class Task:
    """One piece of work."""

    kind: WorkKind
    "What is to be done."
    session_id: str
    "For which interview."
    subject: str = ""
    "Which question (`1`), take (`1/2`), part (`3`), recording (the first of its SHA-256) or format (`mp4`); empty: all of it."

    def __str__(self) -> str:
        """For the log."""
        return f"{self.kind.value} {self.subject}".strip()


# --- what is due -----------------------------------------------------------------


async def wanted(db_session: AsyncSession, *, speech: bool) -> list[Task]:
    """Everything that the other tables ask for, in the order of doing, whatever was tried before.

    `speech`: questions that cannot be heard get a voice. An answer that was cut once is not asked for again.
    """
    joins, transcodes = await _of_parts(db_session)
    questions = await _mute_questions(db_session) if speech else []
    copies = [Task(WorkKind.EXPORT, session_id, kind.value) for session_id, kind in await exports.wanted(db_session)]
    return [*joins, *await _uncut_answers(db_session), *questions, *transcodes, *copies]


async def due(
    db_session: AsyncSession, tasks: Sequence[Task], now: datetime, *, running: Collection[Task] = ()
) -> list[Task]:
    """Those of these tasks that may begin now: not given up, not waiting for their time, not among those `running`.

    A row that says `running` of a task that nobody runs is of one whose end could not be written down; it is due.
    """
    lately = and_(Work.ended_at > now - DONE_LASTS, Work.ended_at <= now)
    rows = await db_session.scalars(select(Work).where(or_(Work.state != WorkState.DONE, lately)))
    held = {_task(row) for row in rows if row.state is not WorkState.RUNNING and not _may_begin(row, now)}
    return [task for task in tasks if task not in held and task not in running]


async def _of_parts(db_session: AsyncSession) -> tuple[list[Task], list[Task]]:
    joins, transcodes = [], []
    for session_id in await recordings.storable(db_session):
        query = select(Part.number, Part.video_codec, Part.duration_ms).where(Part.session_id == session_id)
        parts = (await db_session.execute(query.order_by(Part.number))).all()
        codec = common_codec([(part.video_codec, part.duration_ms or 0) for part in parts])
        others = [part.number for part in parts if part.video_codec not in {None, codec}]
        transcodes += [Task(WorkKind.TRANSCODE, session_id, str(number)) for number in others]
        if not others:
            joins.append(Task(WorkKind.JOIN, session_id))
    return joins, transcodes


def common_codec(parts: Sequence[tuple[str | None, int]]) -> str | None:
    """The codec that the recording will have, from each part's codec and length in milliseconds.

    The one that most of it has already; of two with the same, the first. Where there are several, one that others can
    be made into: AV1, which an upload may have, is not.
    """
    lengths: dict[str, int] = {}
    for codec, length_ms in parts:
        if codec is not None:
            lengths[codec] = lengths.get(codec, 0) + length_ms
    made = {codec: length for codec, length in lengths.items() if codec in TRANSCODED_TO}
    usable = made if len(lengths) > 1 and made else lengths
    return max(usable, key=lambda codec: usable[codec], default=None)


async def _uncut_answers(db_session: AsyncSession) -> list[Task]:
    subject = cast(Take.question_index, String) + "/" + cast(Take.number, String)
    begun = exists().where(
        Mark.part_id == Part.id,
        Part.session_id == Take.session_id,
        Mark.question_index == Take.question_index,
        Mark.take == Take.number,
    )
    cut = exists().where(
        Work.session_id == Take.session_id,
        Work.kind == WorkKind.ANSWER_SOUND.value,
        Work.subject == subject,
        Work.state == WorkState.DONE,
    )
    query = (
        select(Take.session_id, Take.question_index, Take.number)
        .join(InterviewSession, InterviewSession.session_id == Take.session_id)
        .where(InterviewSession.state == InterviewState.READY, Take.chosen, begun, ~cut)
        .order_by(InterviewSession.created_at, Take.question_index)
    )
    rows = await db_session.execute(query)
    return [Task(WorkKind.ANSWER_SOUND, session_id, f"{index}/{number}") for session_id, index, number in rows]


async def without_previews(db_session: AsyncSession) -> list[Task]:
    """Recordings that have no previews, or those of another one that was there before; the newest first."""
    shown = InterviewSession.preview_of
    query = (
        select(InterviewSession.session_id, InterviewSession.video_sha256)
        .where(InterviewSession.state == InterviewState.READY, InterviewSession.video_file_path.is_not(None))
        .where(InterviewSession.video_sha256.is_not(None))
        .where(or_(shown.is_(None), shown != InterviewSession.video_sha256))
        .order_by(InterviewSession.created_at.desc())
    )
    rows = await db_session.execute(query)
    return [Task(WorkKind.PREVIEWS, session_id, (sha256 or "")[:PREVIEW_SUBJECT]) for session_id, sha256 in rows]


async def _mute_questions(db_session: AsyncSession) -> list[Task]:
    query = (
        select(InterviewQuestion.session_id, InterviewQuestion.index)
        .join(InterviewSession, InterviewSession.session_id == InterviewQuestion.session_id)
        .where(InterviewSession.state.in_(_STILL_TO_COME), InterviewQuestion.sound == QuestionSound.NONE)
        .order_by(InterviewSession.created_at, InterviewQuestion.index)
    )
    rows = await db_session.execute(query)
    return [Task(WorkKind.QUESTION_SOUND, session_id, str(index)) for session_id, index in rows]


# --- what became of it -------------------------------------------------------------


async def begin(db_session: AsyncSession, task: Task, now: datetime) -> int:
    """It is being done; returns the how-manieth attempt this is."""
    row = await _row(db_session, task)
    if row is None:
        row = Work(
            session_id=task.session_id,
            kind=task.kind.value,
            subject=task.subject,
            attempts=0,
            created_at=now,
        )
        db_session.add(row)
    row.state, row.started_at, row.ended_at, row.retry_at, row.progress = WorkState.RUNNING, now, None, None, 0.0
    row.attempts += 1
    await db_session.flush()
    return row.attempts


async def note_progress(db_session: AsyncSession, task: Task, progress: float) -> None:
    """How much of it is done, 0 to 1."""
    await db_session.execute(update(Work).where(_is(task)).values(progress=progress))


async def succeed(db_session: AsyncSession, task: Task, now: datetime) -> None:
    """It is done. Nothing happens when the row has gone with its interview."""
    done = {"state": WorkState.DONE, "progress": 1.0, "error": None, "ended_at": now, "retry_at": None}
    await db_session.execute(update(Work).where(_is(task)).values(done))


async def fail(db_session: AsyncSession, task: Task, now: datetime, error: str, retry_at: datetime | None) -> None:
    """It did not work; tried again at `retry_at`, or never when that is None."""
    state = WorkState.FAILED if retry_at is None else WorkState.WAITING
    values = {"state": state, "error": error, "ended_at": now, "retry_at": retry_at}
    await db_session.execute(update(Work).where(_is(task)).values(values))


async def postpone(db_session: AsyncSession, task: Task, error: str, retry_at: datetime | None) -> None:
    """It could not be done for reasons that are none of its own: that was no attempt."""
    values = {"state": WorkState.WAITING, "error": error, "retry_at": retry_at, "attempts": Work.attempts - 1}
    await db_session.execute(update(Work).where(_is(task)).values(values))


async def recover(db_session: AsyncSession, most_attempts: int, now: datetime) -> None:
    """At the start: what a crash left running is tried again, unless it was there often enough when servers ended."""
    running = Work.state == WorkState.RUNNING
    given_up = {"state": WorkState.FAILED, "error": STOPPED, "ended_at": now}
    await db_session.execute(update(Work).where(running, Work.attempts >= most_attempts).values(given_up))
    await db_session.execute(update(Work).where(running).values(state=WorkState.WAITING, error=STOPPED))


async def try_again(db_session: AsyncSession) -> int:
    """Give what was given up, and what waits for its time, another chance at once; returns how many that were."""
    given = Work.state.in_([WorkState.FAILED, WorkState.WAITING])
    query = update(Work).where(given).values(state=WorkState.WAITING, attempts=0, retry_at=None).returning(Work.id)
    return len((await db_session.scalars(query)).all())


async def settled(db_session: AsyncSession, tasks: Collection[Task]) -> list[Task]:
    """What waits or was given up, and is not among these tasks: somebody else did it, or its reason is gone."""
    rows = await db_session.scalars(select(Work).where(Work.state.in_([WorkState.WAITING, WorkState.FAILED])))
    return [task for task in map(_task, rows) if task not in tasks]


async def forget(db_session: AsyncSession, tasks: Collection[Task]) -> None:
    """Forget what was tried of these; what is due is no matter of rows."""
    for task in tasks:
        await db_session.execute(delete(Work).where(_is(task), Work.state != WorkState.RUNNING))


async def count_failed(db_session: AsyncSession) -> int:
    """How many pieces were given up; somebody has to look at them."""
    failed = select(func.count()).select_from(Work).where(Work.state == WorkState.FAILED)
    return (await db_session.execute(failed)).scalar_one()


async def listed(db_session: AsyncSession) -> list[Work]:
    """All rows, the newest first."""
    return list(await db_session.scalars(select(Work).order_by(Work.created_at.desc(), Work.id.desc())))


async def answer_sounds(db_session: AsyncSession, session_id: str) -> set[tuple[int, int]]:
    """Question and take of every answer that was cut into a file of its own."""
    query = select(Work.subject).where(
        Work.session_id == session_id, Work.kind == WorkKind.ANSWER_SOUND.value, Work.state == WorkState.DONE
    )
    pairs = (subject.split("/") for subject in await db_session.scalars(query))
    return {(int(index), int(take)) for index, take in pairs}


async def forget_other_takes(db_session: AsyncSession, task: Task) -> None:
    """Another take's sound has taken the place of what was cut before for that question."""
    others = Work.subject.startswith(f"{task.subject.partition('/')[0]}/", autoescape=True)
    query = delete(Work).where(Work.session_id == task.session_id, Work.kind == task.kind.value, others)
    await db_session.execute(query.where(Work.subject != task.subject))


@dataclass(frozen=True, slots=True)
class MadeSound:
    """A sound file that a row says there is."""

    session_id: str
    "The interview."
    folder: str
    "Its candidate's folder."
    index: int
    "The question."
    take: int | None
    "The take of the answer; None for the question itself."


async def made_sounds(db_session: AsyncSession) -> list[MadeSound]:
    """Every sound file that there should be: of questions that can be heard, and of answers that were cut."""
    there = InterviewSession.state != InterviewState.DELETED
    questions = (
        select(InterviewQuestion.session_id, Candidate.folder, InterviewQuestion.index)
        .join(InterviewSession, InterviewSession.session_id == InterviewQuestion.session_id)
        .join(InterviewSession.candidate)
        .where(there, InterviewQuestion.sound != QuestionSound.NONE)
    )
    answers = (
        select(Work.session_id, Candidate.folder, Work.subject)
        .join(InterviewSession, InterviewSession.session_id == Work.session_id)
        .join(InterviewSession.candidate)
        .where(there, Work.kind == WorkKind.ANSWER_SOUND.value, Work.state == WorkState.DONE)
    )
    heard = [MadeSound(*row, None) for row in await db_session.execute(questions)]
    for session_id, folder, subject in await db_session.execute(answers):
        heard.append(MadeSound(session_id, folder, *map(int, subject.split("/"))))
    return heard


def _may_begin(row: Work, now: datetime) -> bool:
    # What began, or ended, later than now was written down by a clock that has gone back since: its times mean nothing.
    is_of_another_time = max(row.started_at or now, row.ended_at or now) > now
    return row.state is WorkState.WAITING and (is_of_another_time or (row.retry_at or now) <= now)


def _task(row: Work) -> Task:
    return Task(WorkKind(row.kind), row.session_id, row.subject)


def _is(task: Task) -> ColumnElement[bool]:
    return and_(Work.session_id == task.session_id, Work.kind == task.kind.value, Work.subject == task.subject)


async def _row(db_session: AsyncSession, task: Task) -> Work | None:
    return await db_session.scalar(select(Work).where(_is(task)))
