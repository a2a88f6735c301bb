"""The tables. `db/migrations` builds exactly these, and a test holds the two together.

Relationships never load by themselves (`lazy="raise"`): a query says what it wants.
"""

from db.models.audit import AuditRow
from db.models.base import Base, JobRole, LegalBasis, PartSource, QuestionSound, TokenKind, WorkState
from db.models.beside import AdoptedFile, Export, Webhook, WebhookDelivery, Work
from db.models.interviews import Consent, Gap, InterviewFlow, InterviewQuestion, InterviewSession, Mark, Part, Take
from db.models.notices import Notice
from db.models.own import DeletionRequest, OwnCode, OwnVisit
from db.models.people import Candidate, Job, JobMember, JobQuestion, User, UserToken
from db.models.retention import Erasure, LegalHold, SweepClock

__all__ = [
    "AdoptedFile",
    "AuditRow",
    "Base",
    "Candidate",
    "Consent",
    "DeletionRequest",
    "Erasure",
    "Export",
    "Gap",
    "InterviewFlow",
    "InterviewQuestion",
    "InterviewSession",
    "Job",
    "JobMember",
    "JobQuestion",
    "JobRole",
    "LegalBasis",
    "LegalHold",
    "Mark",
    "Notice",
    "OwnCode",
    "OwnVisit",
    "Part",
    "PartSource",
    "QuestionSound",
    "SweepClock",
    "Take",
    "TokenKind",
    "User",
    "UserToken",
    "Webhook",
    "WebhookDelivery",
    "Work",
    "WorkState",
]
