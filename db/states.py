"""The states of an interview and of a part, and the only ways from one to another.

The tables are the whole truth: an event that a state has no entry for raises
:class:`IllegalTransition` and changes nothing.
"""

from enum import StrEnum


class InterviewState(StrEnum):
    """Where an interview stands (docs/protocol.md draws the table)."""

    INVITED = "invited"
    CONSENTED = "consented"
    IN_PROGRESS = "in_progress"
    INTERRUPTED = "interrupted"
    COMPLETED = "completed"
    READY = "ready"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    DELETED = "deleted"


class InterviewEvent(StrEnum):
    """What can happen to an interview."""

    CONSENT = "consent"
    MEDIA_STARTED = "media_started"
    MEDIA_ENDED = "media_ended"
    FINISH = "finish"
    RECORDING_STORED = "recording_stored"
    RECORDING_REPLACED = "recording_replaced"
    EXPIRE = "expire"
    WITHDRAW = "withdraw"
    REINVITE = "reinvite"
    DELETE = "delete"


class PartState(StrEnum):
    """Where a part stands."""

    OPEN = "open"
    CLOSED = "closed"
    STORED = "stored"
    MENDED = "mended"


class PartEvent(StrEnum):
    """What can happen to a part."""

    CLOSE = "close"
    REOPEN = "reopen"
    MEND = "mend"
    STORE = "store"


GONE = frozenset({InterviewState.WITHDRAWN, InterviewState.DELETED})
"States in which nothing of an interview may come to lie there any more."


class IllegalTransition(Exception):  # noqa: N818  the field's word for it
    """An event that the present state does not allow. Nothing was changed."""

    def __init__(self, state: str, event: str) -> None:
        super().__init__(f"{event} is not possible while {state}")
        self.state = state
        self.event = event


_I, _E = InterviewState, InterviewEvent

INTERVIEW_TRANSITIONS: dict[tuple[InterviewState, InterviewEvent], InterviewState] = {
    (_I.INVITED, _E.CONSENT): _I.CONSENTED,
    # A second consent (another device, a newer notice) is recorded and changes no state.
    (_I.CONSENTED, _E.CONSENT): _I.CONSENTED,
    (_I.IN_PROGRESS, _E.CONSENT): _I.IN_PROGRESS,
    (_I.INTERRUPTED, _E.CONSENT): _I.INTERRUPTED,
    (_I.CONSENTED, _E.MEDIA_STARTED): _I.IN_PROGRESS,
    (_I.INTERRUPTED, _E.MEDIA_STARTED): _I.IN_PROGRESS,
    # A takeover opens the new part before the old one has ended.
    (_I.IN_PROGRESS, _E.MEDIA_STARTED): _I.IN_PROGRESS,
    (_I.IN_PROGRESS, _E.MEDIA_ENDED): _I.INTERRUPTED,
    (_I.INTERRUPTED, _E.MEDIA_ENDED): _I.INTERRUPTED,
    # Media that ends after the interview was over ends nothing more.
    (_I.COMPLETED, _E.MEDIA_ENDED): _I.COMPLETED,
    (_I.WITHDRAWN, _E.MEDIA_ENDED): _I.WITHDRAWN,
    (_I.DELETED, _E.MEDIA_ENDED): _I.DELETED,
    (_I.IN_PROGRESS, _E.FINISH): _I.COMPLETED,
    (_I.INTERRUPTED, _E.FINISH): _I.COMPLETED,
    (_I.COMPLETED, _E.RECORDING_STORED): _I.READY,
    # HR hands in another recording, made elsewhere.
    (_I.COMPLETED, _E.RECORDING_REPLACED): _I.READY,
    (_I.READY, _E.RECORDING_REPLACED): _I.READY,
    (_I.INVITED, _E.EXPIRE): _I.EXPIRED,
    (_I.CONSENTED, _E.EXPIRE): _I.EXPIRED,
    (_I.INTERRUPTED, _E.EXPIRE): _I.EXPIRED,
    # Somebody missed the deadline and gets another one; nothing was recorded, and consent is asked for again.
    (_I.EXPIRED, _E.REINVITE): _I.INVITED,
    (_I.INVITED, _E.WITHDRAW): _I.WITHDRAWN,
    (_I.CONSENTED, _E.WITHDRAW): _I.WITHDRAWN,
    (_I.IN_PROGRESS, _E.WITHDRAW): _I.WITHDRAWN,
    (_I.INTERRUPTED, _E.WITHDRAW): _I.WITHDRAWN,
    (_I.COMPLETED, _E.WITHDRAW): _I.WITHDRAWN,
    (_I.READY, _E.WITHDRAW): _I.WITHDRAWN,
} | {(state, _E.DELETE): _I.DELETED for state in _I if state is not _I.DELETED}

PART_TRANSITIONS: dict[tuple[PartState, PartEvent], PartState] = {
    (PartState.OPEN, PartEvent.CLOSE): PartState.CLOSED,
    (PartState.OPEN, PartEvent.MEND): PartState.MENDED,
    # Packets that return within a minute on the same connection go on in the same part.
    (PartState.CLOSED, PartEvent.REOPEN): PartState.OPEN,
    (PartState.CLOSED, PartEvent.MEND): PartState.MENDED,
    (PartState.CLOSED, PartEvent.STORE): PartState.STORED,
    (PartState.MENDED, PartEvent.STORE): PartState.STORED,
}


def next_interview_state(state: InterviewState, event: InterviewEvent) -> InterviewState:
    """Look the event up. Raises :class:`IllegalTransition` when the table has no entry."""
    try:
        return INTERVIEW_TRANSITIONS[state, event]
    except KeyError:
        raise IllegalTransition(state, event) from None


def next_part_state(state: PartState, event: PartEvent) -> PartState:
    """Look the event up. Raises :class:`IllegalTransition` when the table has no entry."""
    try:
        return PART_TRANSITIONS[state, event]
    except KeyError:
        raise IllegalTransition(state, event) from None


def interview_diagram() -> str:
    """The table as a Mermaid state diagram, for docs/protocol.md; that all may be deleted would hide the rest."""
    lines = ["stateDiagram-v2", f"    [*] --> {InterviewState.INVITED.value}"]
    lines += [
        f"    {state.value} --> {target.value}: {event.value}"
        for (state, event), target in INTERVIEW_TRANSITIONS.items()
        if event is not InterviewEvent.DELETE and state is not InterviewState.DELETED and state is not target
    ]
    return "\n".join(lines)
