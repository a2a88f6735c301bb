"""The steps of an interview's questions, and the only ways from one to another: the whole truth, and its picture."""

from collections.abc import Mapping
from enum import StrEnum


class Step(StrEnum):
    """What the candidate is doing."""

    BEFORE = "before"
    "Nothing has been asked: notice, devices, what to expect and the practice question are the page's own."
    THINKING = "thinking"
    "A question is shown; the answer has not begun."
    ANSWERING = "answering"
    "An answer is being given."
    ANSWERED = "answered"
    "A take has ended; another one, or the next question, may follow."
    PAUSED = "paused"
    "The candidate asked for a pause, or goes on another day; nothing is recorded."
    DONE = "done"
    "Every question was answered, or the candidate finished before."


class Event(StrEnum):
    """What can happen; the page asks for it, or a limit is reached."""

    BEGIN = "begin"
    START_ANSWER = "start_answer"
    END_ANSWER = "end_answer"
    RETAKE = "retake"
    CHOOSE_TAKE = "choose_take"
    NEXT = "next"
    SKIP = "skip"
    PAUSE = "pause"
    RESUME = "resume"
    FINISH = "finish"


class Fork(StrEnum):
    """Where the way on depends on the question."""

    QUESTION = "question"
    "Thinking, or answering at once where there is no time to think."
    NEXT_QUESTION = "next_question"
    "The same for the next one; done after the last."
    PAUSED_STEP = "paused_step"
    "What the pause interrupted."


FORKS: Mapping[Fork, tuple[Step, ...]] = {
    Fork.QUESTION: (Step.THINKING, Step.ANSWERING),
    Fork.NEXT_QUESTION: (Step.THINKING, Step.ANSWERING, Step.DONE),
    Fork.PAUSED_STEP: (Step.THINKING, Step.ANSWERING, Step.ANSWERED),
}

TRANSITIONS: Mapping[tuple[Step, Event], Step | Fork] = {
    (Step.BEFORE, Event.BEGIN): Fork.QUESTION,
    (Step.THINKING, Event.START_ANSWER): Step.ANSWERING,
    (Step.ANSWERING, Event.END_ANSWER): Step.ANSWERED,
    (Step.ANSWERED, Event.RETAKE): Step.ANSWERING,
    (Step.ANSWERED, Event.CHOOSE_TAKE): Step.ANSWERED,
    (Step.ANSWERED, Event.NEXT): Fork.NEXT_QUESTION,
    (Step.THINKING, Event.SKIP): Fork.NEXT_QUESTION,
    (Step.ANSWERING, Event.SKIP): Fork.NEXT_QUESTION,
    (Step.THINKING, Event.PAUSE): Step.PAUSED,
    (Step.ANSWERING, Event.PAUSE): Step.PAUSED,
    (Step.ANSWERED, Event.PAUSE): Step.PAUSED,
    (Step.PAUSED, Event.RESUME): Fork.PAUSED_STEP,
    (Step.THINKING, Event.FINISH): Step.DONE,
    (Step.ANSWERING, Event.FINISH): Step.DONE,
    (Step.ANSWERED, Event.FINISH): Step.DONE,
    (Step.PAUSED, Event.FINISH): Step.DONE,
}


def diagram() -> str:
    """The table as a Mermaid state diagram, for docs/protocol.md."""
    lines = ["stateDiagram-v2", f"    [*] --> {Step.BEFORE.value}"]
    for (step, event), target in TRANSITIONS.items():
        targets = FORKS[target] if isinstance(target, Fork) else (target,)
        lines += [f"    {step.value} --> {each.value}: {event.value}" for each in targets]
    return "\n".join([*lines, f"    {Step.DONE.value} --> [*]"])
