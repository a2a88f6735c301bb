"""Copies of recordings in other formats: who asked for one, what of it is made, and for how long it is kept.

Every function takes the session first; those that write need one of `Database.writing()`.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.models import Candidate, Export, InterviewSession, Work, WorkState
from db.states import InterviewState


class ExportKind(StrEnum):
    """Which formats there are; also how their files end."""

    MP4 = "mp4"


class ExportState(StrEnum):
    """How far a copy is."""

    NONE = "none"
    WAITING = "waiting"
    RUNNING = "running"
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class ExportStatus:
    """How far a copy is, for whoever waits for it."""

    state: ExportState
    "`none`: nobody asked for it, or it was kept long enough."
    progress: float = 0.0
    "How much of it is made, 0 to 1."
    asked_at: datetime | None = None
    "When somebody asked for it."
    made_at: datetime | None = None
    "When it was made of the recording that there is now."
    size_bytes: int | None = None
    "Its size."


@dataclass(frozen=True, slots=True)
class MadeExport:
    """A file that a row says there is."""

    session_id: str
    "The interview."
    kind: ExportKind
    "Its format."
    folder: str
    "Its candidate's folder."


_RECORDING = func.coalesce(InterviewSession.video_sha256, "")
"What tells one recording from the next; those of before hashes were kept are never replaced by another of their kind."


def _is_current() -> ColumnElement[bool]:
    return and_(Export.made_at.is_not(None), Export.made_of == _RECORDING)


async def ask(db_session: AsyncSession, session_id: str, kind: ExportKind, now: datetime) -> None:
    """Somebody wants it. Repeating it is harmless."""
    if await db_session.get(Export, (session_id, kind.value)) is None:
        db_session.add(Export(session_id=session_id, kind=kind.value, asked_at=now))
        await db_session.flush()


async def wanted(db_session: AsyncSession) -> list[tuple[str, ExportKind]]:
    """What was asked for and is not made of the recording that there is now, in the order of asking."""
    query = (
        select(Export.session_id, Export.kind)
        .join(InterviewSession, InterviewSession.session_id == Export.session_id)
        .where(
            InterviewSession.state == InterviewState.READY,
            InterviewSession.video_file_path.is_not(None),
            or_(Export.made_at.is_(None), Export.made_of != _RECORDING),
        )
        .order_by(Export.asked_at, Export.session_id)
    )
    return [(session_id, ExportKind(kind)) for session_id, kind in await db_session.execute(query)]


async def status(db_session: AsyncSession, session_id: str, kind: ExportKind) -> ExportStatus:
    """How far it is."""
    query = (
        select(Export, _is_current(), Work.state, Work.progress)
        .join(InterviewSession, InterviewSession.session_id == Export.session_id)
        .outerjoin(Work, and_(Work.session_id == Export.session_id, Work.kind == "export", Work.subject == Export.kind))
        .where(Export.session_id == session_id, Export.kind == kind.value)
    )
    row = (await db_session.execute(query)).one_or_none()
    if row is None:
        return ExportStatus(ExportState.NONE)
    export, is_current, work, progress = row
    if is_current:
        return ExportStatus(ExportState.READY, 1.0, export.asked_at, export.made_at, export.size_bytes)
    match work:
        case WorkState.RUNNING:
            return ExportStatus(ExportState.RUNNING, progress, export.asked_at)
        case WorkState.FAILED:
            return ExportStatus(ExportState.FAILED, 0.0, export.asked_at)
        case _:
            return ExportStatus(ExportState.WAITING, 0.0, export.asked_at)


async def made(
    db_session: AsyncSession, session_id: str, kind: ExportKind, made_of: str, size_bytes: int, now: datetime
) -> None:
    """It lies under its name, made of the recording with this SHA-256. Nothing happens when its row has gone."""
    export = await db_session.get(Export, (session_id, kind.value))
    if export is not None:
        export.made_of, export.size_bytes, export.made_at = made_of, size_bytes, now
        await db_session.flush()


async def files(db_session: AsyncSession, *, asked_before: datetime | None = None) -> list[MadeExport]:
    """What is made; with a moment: whatever was made, or asked for and never made, before it."""
    query = (
        select(Export.session_id, Export.kind, Candidate.folder)
        .join(InterviewSession, InterviewSession.session_id == Export.session_id)
        .join(InterviewSession.candidate)
    )
    if asked_before is None:
        query = query.where(Export.made_at.is_not(None))
    else:
        query = query.where(func.coalesce(Export.made_at, Export.asked_at) < asked_before)
    return [MadeExport(row[0], ExportKind(row[1]), row[2]) for row in await db_session.execute(query)]


async def forget(db_session: AsyncSession, session_id: str, kind: ExportKind) -> None:
    """It was kept long enough, and its file is gone."""
    export = await db_session.get(Export, (session_id, kind.value))
    if export is not None:
        await db_session.delete(export)
        await db_session.flush()
