"""The tables of states: what contract.md draws, and nothing else."""

import itertools

import pytest

from db.states import (
    INTERVIEW_TRANSITIONS,
    PART_TRANSITIONS,
    IllegalTransition,
    InterviewEvent,
    InterviewState,
    PartEvent,
    PartState,
    next_interview_state,
    next_part_state,
)


def _walk(*events: InterviewEvent) -> InterviewState:
    state = InterviewState.INVITED
    for event in events:
        state = next_interview_state(state, event)
    return state


def test_the_straight_way() -> None:
    e = InterviewEvent
    assert _walk(e.CONSENT, e.MEDIA_STARTED, e.MEDIA_ENDED, e.FINISH, e.RECORDING_STORED) is InterviewState.READY


def test_the_way_of_an_interruption_and_a_takeover() -> None:
    e = InterviewEvent
    assert _walk(e.CONSENT, e.MEDIA_STARTED, e.MEDIA_ENDED) is InterviewState.INTERRUPTED
    assert _walk(e.CONSENT, e.MEDIA_STARTED, e.MEDIA_ENDED, e.MEDIA_STARTED) is InterviewState.IN_PROGRESS
    assert _walk(e.CONSENT, e.MEDIA_STARTED, e.MEDIA_STARTED, e.FINISH, e.MEDIA_ENDED) is InterviewState.COMPLETED


@pytest.mark.parametrize(("state", "event"), list(itertools.product(InterviewState, InterviewEvent)))
def test_interview_events_without_an_entry_raise(state: InterviewState, event: InterviewEvent) -> None:
    if (state, event) in INTERVIEW_TRANSITIONS:
        assert next_interview_state(state, event) is INTERVIEW_TRANSITIONS[state, event]
        return
    with pytest.raises(IllegalTransition, match=f"{event} is not possible while {state}") as raised:
        next_interview_state(state, event)
    assert (raised.value.state, raised.value.event) == (state, event)


@pytest.mark.parametrize(("state", "event"), list(itertools.product(PartState, PartEvent)))
def test_part_events_without_an_entry_raise(state: PartState, event: PartEvent) -> None:
    if (state, event) in PART_TRANSITIONS:
        assert next_part_state(state, event) is PART_TRANSITIONS[state, event]
        return
    with pytest.raises(IllegalTransition):
        next_part_state(state, event)


def test_nothing_is_recorded_before_consent_nor_after_the_end() -> None:
    may_record = {state for (state, event) in INTERVIEW_TRANSITIONS if event is InterviewEvent.MEDIA_STARTED}
    assert may_record == {InterviewState.CONSENTED, InterviewState.IN_PROGRESS, InterviewState.INTERRUPTED}


def test_every_state_can_be_reached_and_all_but_deleted_can_be_deleted() -> None:
    reached, todo = {InterviewState.INVITED}, [InterviewState.INVITED]
    while todo:
        state = todo.pop()
        for (start, _), end in INTERVIEW_TRANSITIONS.items():
            if start is state and end not in reached:
                reached.add(end)
                todo.append(end)
    assert reached == set(InterviewState)
    deletable = {state for (state, event) in INTERVIEW_TRANSITIONS if event is InterviewEvent.DELETE}
    assert deletable == set(InterviewState) - {InterviewState.DELETED}
    assert {end for (start, _), end in INTERVIEW_TRANSITIONS.items() if start is InterviewState.DELETED} == {
        InterviewState.DELETED
    }
