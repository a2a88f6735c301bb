"""What every table has in common, and the words that columns hold."""

from datetime import datetime
from enum import StrEnum
from typing import Final, TypedDict

from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase

from db.columns import UtcDateTime, words
from db.states import InterviewState, PartState


class Ownership(TypedDict):
    """How a relationship treats what belongs to its row."""

    cascade: str
    passive_deletes: bool


# What belongs to its parent goes with it; the database does that itself (ON DELETE CASCADE).
OWNED: Final[Ownership] = {"cascade": "all, delete-orphan", "passive_deletes": True}


class TokenKind(StrEnum):
    """What a user's token is good for."""

    API = "api"
    SIGN_IN = "sign_in"
    LOGIN = "login"


class JobRole(StrEnum):
    """What a user may do with a job; `web/rights` says what each includes."""

    OWNER = "owner"
    RECRUITER = "recruiter"
    REVIEWER = "reviewer"


class QuestionSound(StrEnum):
    """Whether a question can be heard, and whose voice it is."""

    NONE = "none"
    UPLOADED = "uploaded"
    SYNTHESISED = "synthesised"


class LegalBasis(StrEnum):
    """What allows an interview to be recorded (GDPR Art. 6(1)); told apart from that somebody has read the notice."""

    CONSENT = "consent"
    LEGITIMATE_INTEREST = "legitimate_interest"
    PRE_CONTRACT = "pre_contract"


class WorkState(StrEnum):
    """Where a piece of heavy work stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class PartSource(StrEnum):
    """Where a part's media came from."""

    LIVE = "live"
    BROWSER = "browser"
    UPLOAD = "upload"


class Base(DeclarativeBase):
    """The parent of every model; its metadata is what the migrations must produce."""

    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012  SQLAlchemy reads it so
        datetime: UtcDateTime,
        InterviewState: words(InterviewState),
        PartState: words(PartState),
        PartSource: words(PartSource),
        TokenKind: words(TokenKind),
        JobRole: words(JobRole),
        QuestionSound: words(QuestionSound),
        LegalBasis: words(LegalBasis),
        WorkState: words(WorkState),
    }
