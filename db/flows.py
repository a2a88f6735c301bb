"""Where candidates are in their questions, and the takes of their answers: what a restart goes on from.

Every function takes the session first; `save` needs one of `Database.writing()`. What the words mean is
`signaling/protocol/interview_flow`'s business; nothing here decides anything.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.models import InterviewFlow, InterviewSession, Take


@dataclass(frozen=True, slots=True)
class StoredPlace:
    """One row of `interview_flows` with its takes."""

    revision: int
    "Counts the changes."
    step: str
    "What the candidate is doing."
    question: int
    "Index of the question, from 1."
    take: int
    "The present or latest take of its answer; 0 before the first."
    think_ms: int
    "Time used to think when the step was entered."
    answer_ms: int
    "Time used by the take when the step was entered."
    counted_from_ms: int
    "What the clock of this step read when it was entered."
    paused_step: str | None
    "What a pause goes back to."
    takes: tuple[tuple[int, int, bool], ...]
    "Question, number and whether it counts, of every take that has begun, in order."


def place_of(interview: InterviewSession) -> StoredPlace | None:
    """Where the candidate was left; None before anything was asked. Needs `flow` and `takes` loaded."""
    flow = interview.flow
    if flow is None:
        return None
    return StoredPlace(
        revision=flow.revision,
        step=flow.step,
        question=flow.question_index,
        take=flow.take,
        think_ms=flow.think_ms,
        answer_ms=flow.answer_ms,
        counted_from_ms=flow.counted_from_ms,
        paused_step=flow.paused_step,
        takes=tuple((take.question_index, take.number, take.chosen) for take in interview.takes),
    )


async def save(db_session: AsyncSession, session_id: str, place: StoredPlace, now: datetime) -> None:
    """Write the place and its takes down. An older place never replaces a newer one."""
    flow = await db_session.get(InterviewFlow, session_id)
    if flow is not None and flow.revision > place.revision:
        return
    if flow is None:
        flow = InterviewFlow(session_id=session_id)
        db_session.add(flow)
    flow.revision = place.revision
    flow.step = place.step
    flow.question_index = place.question
    flow.take = place.take
    flow.think_ms = place.think_ms
    flow.answer_ms = place.answer_ms
    flow.counted_from_ms = place.counted_from_ms
    flow.paused_step = place.paused_step
    flow.updated_at = now
    await _save_takes(db_session, session_id, place)
    await db_session.flush()


async def note_take(db_session: AsyncSession, session_id: str, question: int, number: int) -> None:
    """A host platform asks by itself: this attempt has begun, and counts until another one does."""
    takes = await db_session.scalars(select(Take).where(Take.session_id == session_id, Take.question_index == question))
    known = {take.number: take for take in takes}
    for take in known.values():
        take.chosen = take.number == number
    if number not in known:
        db_session.add(Take(session_id=session_id, question_index=question, number=number, chosen=True))
    await db_session.flush()


async def _save_takes(db_session: AsyncSession, session_id: str, place: StoredPlace) -> None:
    known = {
        (take.question_index, take.number): take
        for take in await db_session.scalars(select(Take).where(Take.session_id == session_id))
    }
    for question, number, chosen in place.takes:
        take = known.get((question, number))
        if take is None:
            db_session.add(Take(session_id=session_id, question_index=question, number=number, chosen=chosen))
        else:
            take.chosen = chosen
