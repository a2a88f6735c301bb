"""Parts, their gaps and marks, and the recording they become.

Every function takes the session first; those that write need one of `Database.writing()`. One call is one
transaction's work, so that a running interview stays far below one transaction per second.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from db import audit, interviews
from db.audit import AuditEvent
from db.errors import Conflict, NotFound
from db.models import Gap, InterviewSession, Mark, Part, PartSource
from db.states import InterviewEvent, InterviewState, PartEvent, PartState, next_part_state


@dataclass(frozen=True, slots=True)
class PartOutcome:
    """What lies in a part's file when it closes or has been mended."""

    end_reason: str
    "Why it ended (docs/protocol.md lists the words)."
    duration_ms: int
    "Length of what lies in the file."
    size_bytes: int
    "Size of the file."
    video_codec: str | None = None
    "`VP8` or `VP9`; None when no picture was written."
    audio_codec: str | None = None
    "`opus`; None when no sound was written."
    width: int | None = None
    "Pixels of the first keyframe."
    height: int | None = None
    "Pixels of the first keyframe."
    video_kbps: float | None = None
    "Picture, averaged over the part."
    audio_kbps: float | None = None
    "Sound, averaged over the part."
    bitrate_windows: Sequence[dict[str, Any]] = ()
    "The measured bitrates, one JSON object for each window of ten seconds."


@dataclass(frozen=True, slots=True)
class NewGap:
    """A stretch of a part in which something is missing."""

    track: str
    "`audio` or `video`."
    start_ms: int
    "Where it begins, milliseconds of the part."
    end_ms: int
    "Where it ends, milliseconds of the part."
    reason: str
    "`lost` on the network, `disk_full`, `disk_stuck`, `stalled`."


@dataclass(frozen=True, slots=True)
class NewMark:
    """Where a question or a take begins or ends."""

    part: int
    "Number of the part."
    offset_ms: int
    "Where, milliseconds of the part."
    kind: str
    "`question`, `take` or `take_end`."
    question_index: int
    "The question, from 1."
    take: int | None
    "The take of its answer; None for the question itself."


@dataclass(frozen=True, slots=True)
class JoinedRecording:
    """What several parts have become."""

    path: str
    "Where it lies, relative to the data folder."
    size_bytes: int
    "Its size."
    sha256: str
    "Of all its octets, hexadecimal."
    lengths_ms: Mapping[int, int]
    "By part number, how long each part is in it, milliseconds."


@dataclass(frozen=True, slots=True)
class TranscodedPart:
    """What lies in a part's file since its picture has another codec."""

    video_codec: str
    "`VP8` or `VP9`."
    size_bytes: int
    "Size of the file."
    width: int
    "Pixels of the first picture."
    height: int
    "Pixels of the first picture."
    video_kbps: float | None
    "Picture, averaged over the part; None when that was not measured."


# --- parts ---------------------------------------------------------------------


async def open_part(
    db_session: AsyncSession,
    session_id: str,
    source: PartSource,
    path_of: Callable[[int], str],
    now: datetime,
    *,
    user_agent: str = "",
) -> Part:
    """Begin the next part; the interview is `in_progress` from now on.

    `path_of` turns the number into the path below the data folder. Raises IllegalTransition (no consent yet, or
    over already) and NotFound.
    """
    await interviews.apply_event(db_session, session_id, InterviewEvent.MEDIA_STARTED, now)
    last = await db_session.scalar(select(func.max(Part.number)).where(Part.session_id == session_id))
    number = (last or 0) + 1
    part = Part(
        session_id=session_id,
        number=number,
        state=PartState.OPEN,
        source=source,
        path=path_of(number),
        started_at=now,
        user_agent=user_agent,
    )
    db_session.add(part)
    await db_session.flush()
    return part


async def reopen_part(db_session: AsyncSession, session_id: str, number: int, now: datetime) -> None:
    """Packets returned: the part goes on. Raises IllegalTransition (the interview is over) and NotFound."""
    part = await get_part(db_session, session_id, number)
    part.state = next_part_state(part.state, PartEvent.REOPEN)
    await interviews.apply_event(db_session, session_id, InterviewEvent.MEDIA_STARTED, now)
    part.ended_at = part.end_reason = None


async def close_part(
    db_session: AsyncSession,
    session_id: str,
    number: int,
    outcome: PartOutcome,
    now: datetime,
    *,
    gaps: Sequence[NewGap] = (),
) -> InterviewState:
    """The part's file is closed and synced. The interview is `interrupted` unless another part runs or it is over."""
    return await _end_part(db_session, session_id, number, PartEvent.CLOSE, outcome, now, gaps)


async def mend_part(
    db_session: AsyncSession, session_id: str, number: int, outcome: PartOutcome, now: datetime
) -> InterviewState:
    """A crash left the part open; its file is whole again. `now` is when its media ended, as well as it is known."""
    return await _end_part(db_session, session_id, number, PartEvent.MEND, outcome, now, ())


async def discard_part(db_session: AsyncSession, session_id: str, number: int, now: datetime) -> InterviewState:
    """Forget a part in which nothing was recorded; its file is gone already. Raises NotFound."""
    part = await get_part(db_session, session_id, number)
    await db_session.delete(part)
    await db_session.flush()
    await interviews.note_recorded(db_session, session_id)
    return await _media_ended(db_session, session_id, now)


async def get_part(db_session: AsyncSession, session_id: str, number: int) -> Part:
    """One part, bare. Raises NotFound."""
    part = await db_session.scalar(select(Part).where(Part.session_id == session_id, Part.number == number))
    if part is None:
        raise NotFound(f"interview {session_id} has no part {number}")
    return part


async def parts_of(db_session: AsyncSession, session_id: str) -> list[Part]:
    """An interview's parts in order, with gaps and marks."""
    query = select(Part).where(Part.session_id == session_id).order_by(Part.number)
    return list(await db_session.scalars(query.options(selectinload(Part.gaps), selectinload(Part.marks))))


async def open_parts(db_session: AsyncSession) -> list[Part]:
    """Every part that no connection has closed: after a start, what a crash left."""
    return list(await db_session.scalars(select(Part).where(Part.state == PartState.OPEN).order_by(Part.id)))


async def add_gaps(db_session: AsyncSession, session_id: str, number: int, gaps: Sequence[NewGap]) -> None:
    """Write down what will stay missing. Collect them: one transaction a second is the limit. Raises NotFound."""
    part = await get_part(db_session, session_id, number)
    _add_gaps(db_session, part, gaps)
    await db_session.flush()


async def add_mark(
    db_session: AsyncSession,
    session_id: str,
    number: int,
    offset_ms: int,
    kind: str,
    *,
    question_index: int | None = None,
    take: int | None = None,
) -> Mark:
    """Write down where something begins or ends. Raises NotFound."""
    part = await get_part(db_session, session_id, number)
    mark = Mark(part_id=part.id, offset_ms=offset_ms, kind=kind, question_index=question_index, take=take)
    db_session.add(mark)
    await db_session.flush()
    return mark


async def add_marks(db_session: AsyncSession, session_id: str, marks: Sequence[NewMark]) -> None:
    """Write several down. One whose part was forgotten meanwhile, since nothing was in it, is left out."""
    query = select(Part.number, Part.id).where(Part.session_id == session_id)
    ids = {row.number: row.id for row in await db_session.execute(query)}
    db_session.add_all(
        Mark(
            part_id=ids[mark.part],
            offset_ms=mark.offset_ms,
            kind=mark.kind,
            question_index=mark.question_index,
            take=mark.take,
        )
        for mark in marks
        if mark.part in ids
    )
    await db_session.flush()


# --- the recording -------------------------------------------------------------


async def storable(db_session: AsyncSession) -> list[str]:
    """Finished interviews whose parts have all ended and are not yet stored as a recording."""
    unended = InterviewSession.parts.any(Part.state.not_in([PartState.CLOSED, PartState.MENDED]))
    query = (
        select(InterviewSession.session_id)
        .where(InterviewSession.state == InterviewState.COMPLETED, InterviewSession.parts.any(), ~unended)
        .order_by(InterviewSession.created_at)
    )
    return list(await db_session.scalars(query))


async def recording_stored(
    db_session: AsyncSession, session_id: str, path: str, size_bytes: int, now: datetime, *, sha256: str
) -> None:
    """The only part lies under its final name too, and the folder is synced: the interview is `ready`.

    Raises Conflict when there is more than one part, IllegalTransition (not finished, part still open), NotFound.
    """
    interview = await interviews.get_interview(db_session, session_id)
    if len(interview.parts) != 1:
        raise Conflict(f"interview {session_id} has {len(interview.parts)} parts, not one")
    part = interview.parts[0]
    await _store(db_session, interview, path, size_bytes, now)
    part.path = path
    part.size_bytes = size_bytes
    interview.video_sha256 = sha256
    await db_session.flush()
    await _audit_stored(db_session, interview, now)
    await interviews.note_recorded(db_session, session_id)


async def recording_joined(
    db_session: AsyncSession, session_id: str, recording: JoinedRecording, now: datetime
) -> None:
    """The recording lies under its final name, verified, and the folder is synced: the interview is `ready`.

    The parts' rows stay, `stored`, and say how long each part is in the recording; their files may go. Raises Conflict
    when the interview has other parts, IllegalTransition (not finished, a part still open), NotFound.
    """
    interview = await interviews.get_interview(db_session, session_id)
    if {part.number for part in interview.parts} != set(recording.lengths_ms):
        raise Conflict(f"the parts of interview {session_id} are not those that were joined")
    for part in interview.parts:
        part.duration_ms = recording.lengths_ms[part.number]
    await _store(db_session, interview, recording.path, recording.size_bytes, now)
    interview.video_sha256 = recording.sha256
    await db_session.flush()
    await _audit_stored(db_session, interview, now)
    await interviews.note_recorded(db_session, session_id)


async def part_transcoded(db_session: AsyncSession, session_id: str, number: int, now_holds: TranscodedPart) -> None:
    """The part's file has another picture codec now. Raises Conflict once its interview is not `completed` any more."""
    interview = await interviews.get_interview(db_session, session_id)
    if interview.state is not InterviewState.COMPLETED:
        raise Conflict(f"interview {session_id} is {interview.state.value}")
    part = await get_part(db_session, session_id, number)
    part.video_codec, part.size_bytes = now_holds.video_codec, now_holds.size_bytes
    part.width, part.height = now_holds.width or part.width, now_holds.height or part.height
    part.video_kbps = part.video_kbps if now_holds.video_kbps is None else now_holds.video_kbps
    await db_session.flush()
    await interviews.note_recorded(db_session, session_id)


async def joined_parts(db_session: AsyncSession) -> dict[str, str]:
    """Where each part lay that was joined, and the recording that holds it now."""
    query = (
        select(Part.path, InterviewSession.video_file_path)
        .join(Part.interview)
        .where(Part.state == PartState.STORED, Part.path != InterviewSession.video_file_path)
    )
    return {path: recording for path, recording in await db_session.execute(query) if recording is not None}


async def stored_bytes(db_session: AsyncSession) -> int:
    """The size of all recordings and parts that are kept."""
    return (await db_session.execute(select(func.coalesce(func.sum(InterviewSession.recorded_bytes), 0)))).scalar_one()


def megabytes(size_bytes: int) -> float:
    """What `video_size_mb` says: bytes / 10^6, two decimals."""
    return round(size_bytes / 1_000_000, 2)


# --- shared --------------------------------------------------------------------


async def _store(
    db_session: AsyncSession, interview: InterviewSession, path: str, size_bytes: int, now: datetime
) -> None:
    for part in interview.parts:
        part.state = next_part_state(part.state, PartEvent.STORE)
    await interviews.apply_event(db_session, interview.session_id, InterviewEvent.RECORDING_STORED, now)
    interview.video_file_path = path
    interview.video_size_mb = megabytes(size_bytes)
    interview.video_uploaded_at = now
    interview.duration_ms = sum(part.duration_ms or 0 for part in interview.parts)


async def _audit_stored(db_session: AsyncSession, interview: InterviewSession, now: datetime) -> None:
    """What the recording is from now on, for whoever asks later whether it is still the same."""
    details: audit.Details = {"sha256": interview.video_sha256, "parts": len(interview.parts)}
    session_id = interview.session_id
    await audit.record(
        db_session, AuditEvent.RECORDING_STORED, now, actor=audit.SYSTEM, session_id=session_id, details=details
    )


async def _end_part(
    db_session: AsyncSession,
    session_id: str,
    number: int,
    event: PartEvent,
    outcome: PartOutcome,
    now: datetime,
    gaps: Sequence[NewGap],
) -> InterviewState:
    part = await get_part(db_session, session_id, number)
    part.state = next_part_state(part.state, event)
    for field in fields(outcome):
        setattr(part, field.name, getattr(outcome, field.name))
    part.bitrate_windows = list(outcome.bitrate_windows)
    part.ended_at = now
    _add_gaps(db_session, part, gaps)
    await db_session.flush()
    await interviews.note_recorded(db_session, session_id)
    return await _media_ended(db_session, session_id, now)


def _add_gaps(db_session: AsyncSession, part: Part, gaps: Sequence[NewGap]) -> None:
    db_session.add_all(
        Gap(part_id=part.id, track=gap.track, start_ms=gap.start_ms, end_ms=gap.end_ms, reason=gap.reason)
        for gap in gaps
    )


async def _media_ended(db_session: AsyncSession, session_id: str, now: datetime) -> InterviewState:
    # After a takeover the older part ends while the newer one runs: the interview is still in progress.
    running = select(func.count()).where(Part.session_id == session_id, Part.state == PartState.OPEN)
    if await db_session.scalar(running):
        return (await interviews.get_interview(db_session, session_id)).state
    state = await interviews.apply_event(db_session, session_id, InterviewEvent.MEDIA_ENDED, now)
    if state is InterviewState.COMPLETED:
        await interviews.note_duration(db_session, session_id)
    return state
