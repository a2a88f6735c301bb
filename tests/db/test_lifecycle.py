"""An interview and its parts under any sequence of events: none is lost, none ends twice, none is stranded."""

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import Awaitable, Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from db import deletion, interviews, migrate, people, recordings
from db.engine import Database
from db.errors import Conflict, NotFound, NothingRecorded
from db.models import InterviewSession, PartSource
from db.recordings import JoinedRecording
from db.states import IllegalTransition, InterviewEvent, InterviewState, PartState
from tests.db.conftest import NOW, OUTCOME

T = TypeVar("T")

LIVE = {InterviewState.INVITED, InterviewState.CONSENTED, InterviewState.IN_PROGRESS, InterviewState.INTERRUPTED}
OVER = {InterviewState.COMPLETED, InterviewState.EXPIRED, InterviewState.WITHDRAWN}
REFUSALS = (IllegalTransition, NotFound, NothingRecorded, Conflict)


class _Undo(Exception):  # noqa: N818
    pass


@cache
def _template() -> Path:
    path = Path(tempfile.mkdtemp(prefix="holdfast-test-")) / "holdfast.db"
    migrate.upgrade(path)
    return path


def _described(row: InterviewSession) -> tuple[object, ...]:
    return (row.state, row.ended_at, row.end_reason, [(part.number, part.state) for part in row.parts])


class InterviewMachine(RuleBasedStateMachine):
    """Candidates, connections, crashes, HR and deadlines, in any order."""

    @initialize()
    def set_up(self) -> None:
        self.runner = asyncio.Runner()
        self.folder = Path(tempfile.mkdtemp(prefix="holdfast-test-"))
        self.run(self._open())
        self.numbers: set[int] = set()
        self.state = InterviewState.INVITED

    async def _open(self) -> None:
        self.database = await Database.open(Path(shutil.copy(_template(), self.folder)))
        async with self.database.writing() as db_session:
            owner = await people.add_user(db_session, "hr@example.org", None, NOW)
            job = await people.add_job(db_session, "Lighthouse keeper", owner.id, NOW)
            candidate = await people.identify_candidate(db_session, "John Doe", "John_Doe", NOW)
            await interviews.add_interview(db_session, "one", job.id, candidate.id, ["Who?"], NOW)
        self.row = await self._read()

    def teardown(self) -> None:
        if hasattr(self, "runner"):
            self.run(self.database.close())
            self.runner.close()
            shutil.rmtree(self.folder)

    def run(self, work: Any) -> Any:
        return self.runner.run(work)

    async def _read(self) -> InterviewSession:
        async with self.database.reading() as db_session:
            return await interviews.get_interview(db_session, "one")

    def write(self, work: Callable[..., Awaitable[T]], *arguments: Any, **more: Any) -> T | None:
        """Do it in a transaction; None when it is refused, and then nothing has changed."""

        async def in_transaction() -> T:
            async with self.database.writing() as db_session:
                return await work(db_session, "one", *arguments, **more)

        done: T | None = None
        try:
            done = self.run(in_transaction())
        except REFUSALS:
            assert _described(self.run(self._read())) == _described(self.row)
        else:
            self.row = self.run(self._read())
        return done

    def numbers_in(self, *states: PartState) -> list[int]:
        return [part.number for part in self.row.parts if part.state in states]

    @rule()
    def candidate_consents(self) -> None:
        self.write(interviews.apply_event, InterviewEvent.CONSENT, NOW)

    @rule()
    def media_arrives(self) -> None:
        part = self.write(recordings.open_part, PartSource.LIVE, lambda number: f"one/{number:04}.webm", NOW)
        if part is not None:
            assert part.number not in self.numbers
            self.numbers.add(part.number)

    @rule(data=st.data())
    def a_connection_ends(self, data: st.DataObject) -> None:
        if running := self.numbers_in(PartState.OPEN):
            assert self.write(recordings.close_part, data.draw(st.sampled_from(running)), OUTCOME, NOW) is not None

    @rule(data=st.data())
    def packets_return(self, data: st.DataObject) -> None:
        if closed := self.numbers_in(PartState.CLOSED):
            self.write(recordings.reopen_part, data.draw(st.sampled_from(closed)), NOW)

    @rule(empty=st.booleans())
    def the_server_is_killed(self, empty: bool) -> None:
        for number in self.numbers_in(PartState.OPEN):
            if empty:
                assert self.write(recordings.discard_part, number, NOW) is not None
                self.numbers.discard(number)
            else:
                assert self.write(recordings.mend_part, number, OUTCOME, NOW) is not None

    @rule()
    def candidate_finishes(self) -> None:
        self.write(interviews.finish, NOW)

    @rule()
    def the_deadline_is_over(self) -> None:
        self.write(interviews.reach_deadline, NOW)

    @rule()
    def candidate_withdraws(self) -> None:
        self.write(interviews.apply_event, InterviewEvent.WITHDRAW, NOW)

    @rule()
    def the_recording_is_stored(self) -> None:
        parts = self.row.parts
        if len(parts) == 1:
            self.write(recordings.recording_stored, "John_Doe/interview_video.webm", 1, NOW, sha256="00")
        else:
            lengths = {part.number: part.duration_ms or 0 for part in parts}
            self.write(recordings.recording_joined, JoinedRecording("John_Doe/video.webm", 1, "00", lengths), NOW)

    @precondition(lambda self: len(self.numbers) > 2)
    @rule()
    def hr_deletes(self) -> None:
        self.write(deletion.begin_deletion, NOW)
        self.write(deletion.complete_deletion)
        self.numbers = set()

    @invariant()
    def no_part_is_lost(self) -> None:
        assert {part.number for part in self.row.parts} == self.numbers

    @invariant()
    def it_ends_once(self) -> None:
        row = self.row
        if self.state not in LIVE:
            assert row.state not in LIVE
        if row.state in OVER | {InterviewState.READY}:
            assert row.ended_at is not None
        self.state = row.state

    @invariant()
    def it_is_in_progress_while_a_part_is_open(self) -> None:
        row = self.row
        if row.state in LIVE:
            assert (row.state is InterviewState.IN_PROGRESS) == any(p.state is PartState.OPEN for p in row.parts)

    @invariant()
    def nobody_is_stranded(self) -> None:
        """When its connections have ended its deadline ends it, and what has ended with parts can be stored."""
        if self.state in LIVE | {InterviewState.COMPLETED}:
            self.run(self._ends())

    async def _ends(self) -> None:
        with contextlib.suppress(_Undo):
            async with self.database.writing() as db_session:
                for part in await recordings.open_parts(db_session):
                    await recordings.close_part(db_session, "one", part.number, OUTCOME, NOW)
                row = await interviews.get_interview(db_session, "one")
                if row.state is not InterviewState.COMPLETED:
                    await interviews.reach_deadline(db_session, "one", NOW)
                assert row.state in {InterviewState.COMPLETED, InterviewState.EXPIRED}
                if row.state is InterviewState.COMPLETED and row.parts:
                    assert await recordings.storable(db_session) == ["one"]
                raise _Undo


InterviewMachine.TestCase.settings = settings(max_examples=15, stateful_step_count=20, deadline=None)
TestInterviewMachine = InterviewMachine.TestCase
