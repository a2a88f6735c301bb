"""Parts, gaps, marks, and what becomes of them."""

import asyncio
from datetime import timedelta

import pytest

from db import deletion, interviews, recordings
from db.errors import Conflict, NotFound
from db.models import InterviewSession, Part, PartSource
from db.recordings import JoinedRecording, NewGap, PartOutcome
from db.states import IllegalTransition, InterviewEvent, InterviewState, PartState
from tests.db.conftest import NOW, OUTCOME, House

LATER = NOW + timedelta(minutes=1)


async def _get(house: House, session_id: str = "one") -> InterviewSession:
    async with house.database.reading() as db_session:
        return await interviews.get_interview(db_session, session_id)


async def _part(house: House, number: int = 1) -> Part:
    return (await _get(house)).parts[number - 1]


# --- parts -----------------------------------------------------------------------


async def test_the_first_part_starts_the_interview(house: House) -> None:
    await house.interview()
    await house.part(closed=False)
    await house.part(closed=False, now=LATER)
    interview = await _get(house)
    assert (interview.state, interview.started_at) == (InterviewState.IN_PROGRESS, NOW)
    assert [(part.number, part.path, part.state) for part in interview.parts] == [
        (1, "one/0001.webm", PartState.OPEN),
        (2, "one/0002.webm", PartState.OPEN),
    ]


async def test_no_part_before_consent_nor_after_the_end(house: House) -> None:
    await house.interview(consented=False)
    with pytest.raises(IllegalTransition):
        await house.part()
    assert (await _get(house)).parts == []
    with pytest.raises(NotFound):
        await house.part("unknown")


async def test_parts_that_open_together_get_numbers_of_their_own(house: House) -> None:
    await house.interview()
    numbers = await asyncio.gather(*(house.part(closed=False) for _ in range(8)))
    assert sorted(numbers) == list(range(1, 9))


async def test_numbers_are_each_interviews_own(house: House) -> None:
    for session_id in ("one", "two"):
        await house.interview(session_id)
        assert await house.part(session_id) == 1


async def test_a_closed_part_carries_its_report(house: House) -> None:
    await house.interview()
    await house.part()
    interview = await _get(house)
    part = interview.parts[0]
    assert interview.state is InterviewState.INTERRUPTED
    assert (part.state, part.ended_at, part.end_reason) == (PartState.CLOSED, LATER, "closed_by_page")
    assert (part.duration_ms, part.size_bytes, part.video_codec, part.audio_codec) == (60_000, 2_345_678, "VP9", "opus")
    assert (part.width, part.height, part.video_kbps, part.audio_kbps) == (640, 480, 238.1, 31.9)
    assert part.bitrate_windows == [{"start_ms": 0, "video_bps": 238_100, "audio_bps": 31_900}]


async def test_a_part_that_ends_after_a_takeover_interrupts_nothing(house: House) -> None:
    await house.interview()
    await house.part(closed=False)
    await house.part(closed=False)
    async with house.database.writing() as db_session:
        state = await recordings.close_part(db_session, "one", 1, OUTCOME, LATER)
        assert state is InterviewState.IN_PROGRESS
        assert await recordings.close_part(db_session, "one", 2, OUTCOME, LATER) is InterviewState.INTERRUPTED


async def test_a_part_is_closed_once_and_may_be_reopened(house: House) -> None:
    await house.interview()
    await house.part()
    async with house.database.writing() as db_session:
        with pytest.raises(IllegalTransition):
            await recordings.close_part(db_session, "one", 1, OUTCOME, LATER)
        await recordings.reopen_part(db_session, "one", 1, LATER)
    part, interview = await _part(house), await _get(house)
    assert (part.state, part.ended_at, part.end_reason) == (PartState.OPEN, None, None)
    assert (interview.state, interview.started_at) == (InterviewState.IN_PROGRESS, NOW)
    async with house.database.writing() as db_session:
        assert await interviews.saved_ms(db_session, "one") == 0
        await recordings.close_part(db_session, "one", 1, OUTCOME, LATER + timedelta(minutes=1))
        assert await interviews.saved_ms(db_session, "one") == 60_000


async def test_a_part_of_a_finished_interview_stays_closed(house: House) -> None:
    await house.interview()
    await house.part()
    async with house.database.writing() as db_session:
        await interviews.finish(db_session, "one", LATER)
    with pytest.raises(IllegalTransition):
        async with house.database.writing() as db_session:
            await recordings.reopen_part(db_session, "one", 1, LATER)
    assert (await _part(house)).state is PartState.CLOSED


async def test_media_that_ends_after_the_finish_still_counts(house: House) -> None:
    await house.interview()
    await house.part(closed=False)
    async with house.database.writing() as db_session:
        await interviews.finish(db_session, "one", LATER)
        assert await recordings.close_part(db_session, "one", 1, OUTCOME, LATER) is InterviewState.COMPLETED
    assert (await _get(house)).duration_ms == 60_000


@pytest.mark.parametrize("event", [InterviewEvent.WITHDRAW, InterviewEvent.DELETE])
async def test_media_that_ends_after_all_is_over_changes_no_state(house: House, event: InterviewEvent) -> None:
    await house.interview()
    await house.part(closed=False)
    async with house.database.writing() as db_session:
        state = await interviews.apply_event(db_session, "one", event, LATER)
        assert await recordings.close_part(db_session, "one", 1, OUTCOME, LATER) is state


async def test_what_a_crash_left_is_found_and_mended(house: House) -> None:
    await house.interview()
    await house.part()
    await house.part(closed=False)
    async with house.database.writing() as db_session:
        assert [(part.session_id, part.number) for part in await recordings.open_parts(db_session)] == [("one", 2)]
        outcome = PartOutcome(end_reason="mended", duration_ms=5_000, size_bytes=100)
        assert await recordings.mend_part(db_session, "one", 2, outcome, LATER) is InterviewState.INTERRUPTED
        assert await recordings.open_parts(db_session) == []
    assert (await _part(house, 2)).state is PartState.MENDED


async def test_an_empty_part_is_forgotten(house: House) -> None:
    await house.interview()
    await house.part(closed=False)
    async with house.database.writing() as db_session:
        assert await recordings.discard_part(db_session, "one", 1, LATER) is InterviewState.INTERRUPTED
        with pytest.raises(NotFound):
            await recordings.discard_part(db_session, "one", 1, LATER)
    assert (await _get(house)).parts == []


async def test_gaps_and_marks_lie_with_their_part(house: House) -> None:
    await house.interview()
    await house.part(closed=False)
    async with house.database.writing() as db_session:
        await recordings.add_gaps(db_session, "one", 1, [NewGap("video", 9000, 9500, "lost")])
        await recordings.add_mark(db_session, "one", 1, 1234, "question", question_index=2, take=1)
        await recordings.close_part(
            db_session, "one", 1, OUTCOME, LATER, gaps=[NewGap("audio", 100, 160, "lost"), NewGap("audio", 5, 6, "x")]
        )
        with pytest.raises(NotFound):
            await recordings.add_gaps(db_session, "one", 2, [])
    part = await _part(house)
    assert [(gap.track, gap.start_ms, gap.end_ms) for gap in part.gaps] == [
        ("audio", 5, 6),
        ("audio", 100, 160),
        ("video", 9000, 9500),
    ]
    assert [(mark.offset_ms, mark.kind, mark.question_index, mark.take) for mark in part.marks] == [
        (1234, "question", 2, 1)
    ]
    async with house.database.reading() as db_session:
        assert [part.number for part in await recordings.parts_of(db_session, "one")] == [1]


# --- the recording -----------------------------------------------------------------


async def _finished(house: House, session_id: str, parts: int) -> None:
    await house.interview(session_id)
    for _ in range(parts):
        await house.part(session_id)
    async with house.database.writing() as db_session:
        await interviews.finish(db_session, session_id, LATER)


async def test_a_finished_interview_s_only_part_is_stored(house: House) -> None:
    await _finished(house, "one", 1)
    await house.interview("not finished")
    await house.part("not finished")
    async with house.database.writing() as db_session:
        assert await recordings.storable(db_session) == ["one"]
        await recordings.recording_stored(
            db_session, "one", "uploads/John_Doe/a.webm", 12_345_678, LATER, sha256="ab" * 32
        )
        assert await recordings.storable(db_session) == []
        assert await recordings.joined_parts(db_session) == {}
    interview = await _get(house)
    assert interview.state is InterviewState.READY
    assert (interview.video_file_path, interview.video_size_mb) == ("uploads/John_Doe/a.webm", 12.35)
    assert (interview.video_uploaded_at, interview.duration_ms) == (LATER, 60_000)
    assert (interview.parts[0].state, interview.parts[0].path) == (PartState.STORED, "uploads/John_Doe/a.webm")


JOINED = JoinedRecording("uploads/John_Doe/a.webm", 12_345_678, "ab" * 32, {1: 60_007, 2: 60_000})


async def test_several_parts_become_one_recording_and_stay_as_rows(house: House) -> None:
    await _finished(house, "one", 2)
    async with house.database.writing() as db_session:
        assert await recordings.storable(db_session) == ["one"]
        assert await recordings.joined_parts(db_session) == {}
        await recordings.recording_joined(db_session, "one", JOINED, LATER)
        assert await recordings.storable(db_session) == []
        assert await recordings.joined_parts(db_session) == {
            "one/0001.webm": JOINED.path,
            "one/0002.webm": JOINED.path,
        }
        assert await deletion.known_paths(db_session) == {JOINED.path: "one"}
    interview = await _get(house)
    assert (interview.state, interview.video_file_path) == (InterviewState.READY, JOINED.path)
    assert (interview.video_sha256, interview.video_size_mb) == (JOINED.sha256, 12.35)
    assert (interview.duration_ms, interview.video_uploaded_at) == (120_007, LATER)
    assert [(part.state, part.duration_ms) for part in interview.parts] == [
        (PartState.STORED, 60_007),
        (PartState.STORED, 60_000),
    ]


async def test_what_has_not_ended_is_neither_storable_nor_joined(house: House) -> None:
    await _finished(house, "other parts", 3)
    await _finished(house, "still open", 1)
    async with house.database.writing() as db_session:
        db_session.add(
            Part(session_id="still open", number=2, source=PartSource.LIVE, path="still open/0002.webm", started_at=NOW)
        )
    async with house.database.writing() as db_session:
        assert await recordings.storable(db_session) == ["other parts"]
        with pytest.raises(Conflict):
            await recordings.recording_joined(db_session, "other parts", JOINED, LATER)
    with pytest.raises(IllegalTransition):
        async with house.database.writing() as db_session:
            await recordings.recording_joined(db_session, "still open", JOINED, LATER)
    interview = await _get(house, "still open")
    assert (interview.state, interview.parts[0].state) == (InterviewState.COMPLETED, PartState.CLOSED)


async def test_several_parts_and_unfinished_interviews_cannot(house: House) -> None:
    await _finished(house, "one", 2)
    await house.interview("two")
    await house.part("two")
    async with house.database.writing() as db_session:
        with pytest.raises(Conflict):
            await recordings.recording_stored(db_session, "one", "x.webm", 1, LATER, sha256="ab" * 32)
    with pytest.raises(IllegalTransition):
        async with house.database.writing() as db_session:
            await recordings.recording_stored(db_session, "two", "y.webm", 1, LATER, sha256="ab" * 32)
    assert (await _get(house, "two")).parts[0].state is PartState.CLOSED


@pytest.mark.parametrize(("size", "shown"), [(0, 0.0), (12_344_999, 12.34), (12_345_678, 12.35), (1_000_000, 1.0)])
def test_megabytes(size: int, shown: float) -> None:
    assert recordings.megabytes(size) == shown
