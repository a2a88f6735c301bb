"""The notice that a candidate reads before the camera opens: made of a job's words, the settings' and our own.

Pure. A version is a digest of everything that is on the screen, so equal words have equal versions, and whatever changes
a word (somebody of HR, the settings, a newer Holdfast) makes another version by itself.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from db import notices
from db.errors import Missing
from db.jobs import NoticeFields
from db.models import Job, LegalBasis
from db.notices import SPOKEN, KeptText
from web.languages import DEFAULT, LANGUAGES, catalogue
from web.settings import NoticeSettings

Texts = Mapping[str, Mapping[str, str]]
"Purpose, recipients and rights by language."

DIGITS: Final = 12
"Hexadecimal digits of a version: 48 bits, for the few texts that one job ever has."


@dataclass(frozen=True, slots=True)
class Passage:
    """A heading and what stands below it."""

    title: str
    "As in *Who watches*."
    text: str
    "One paragraph."


@dataclass(frozen=True, slots=True)
class NoticeText:
    """The whole notice in one language, and the facts in it one by one, for programs."""

    language: str
    "As in `en`."
    title: str
    "The heading above all of it."
    passages: tuple[Passage, ...]
    "In the order of the page."
    acknowledgement: str
    "What is ticked; it says that somebody has read this, and agrees where their consent is the basis."
    legal_basis: LegalBasis
    "What allows the recording."
    controller: str
    "Who is responsible."
    contact: str
    "Whom to ask."
    purpose: str
    "Why it is recorded."
    recipients: str
    "Who watches."
    rights: str
    "What a candidate can ask for."
    retention_days: int
    "When it is deleted, counted from the end."

    @property
    def version(self) -> str:
        """Made of the text, as in `en-4f1c9a2b31d0`."""
        text = json.dumps(asdict(self), sort_keys=True, ensure_ascii=False)
        return f"{self.language}-{hashlib.sha256(text.encode()).hexdigest()[:DIGITS]}"

    @property
    def content(self) -> dict[str, Any]:
        """What a kept version holds."""
        content = asdict(self)
        del content["language"], content["legal_basis"]
        return content | {"passages": [asdict(passage) for passage in self.passages]}

    @property
    def kept(self) -> KeptText:
        """The same for the database."""
        return KeptText(self.language, self.version, self.legal_basis, self.content)


def build(job: Job, settings: NoticeSettings, language: str = DEFAULT) -> NoticeText:
    """The notice of a job as it is now.

    What an older job leaves open is said by the settings or by a sentence of our own: candidates who were invited before
    nobody could be invited with such a notice have to read something, too.
    """
    own, said = catalogue(language)["notice_words"], catalogue(language)["notice"]
    words = job.notice_texts.get(language, {})
    facts = {field: words.get(field) or getattr(settings, field) or own[field] for field in SPOKEN}
    facts["controller"] = job.notice_controller or settings.controller or own["controller"]
    facts["contact"] = job.notice_contact or settings.contact or own["contact"]
    basis = job.notice_legal_basis
    passages = (
        Passage(said["what"], said["what_said_answers" if job.answers_only else "what_said"]),
        Passage(said["why"], facts["purpose"]),
        Passage(said["basis"], said["basis_said"][basis.value]),
        Passage(said["who"], facts["recipients"]),
        Passage(said["until"], said["until_said"].format(days=job.retention_days)),
        Passage(said["rights"], facts["rights"]),
        Passage(said["contact"], said["contact_said"].format_map(facts)),
    )
    tick = said["consent" if basis is LegalBasis.CONSENT else "acknowledge"]
    return NoticeText(
        language=language,
        title=said["title"],
        passages=passages,
        acknowledgement=tick,
        legal_basis=basis,
        retention_days=job.retention_days,
        **facts,
    )


def current(job: Job, settings: NoticeSettings) -> dict[str, NoticeText]:
    """The notice of a job in every language, by version: whatever a candidate may agree to now."""
    texts = (build(job, settings, language) for language in LANGUAGES)
    return {text.version: text for text in texts}


def missing(job: Job) -> tuple[Missing, ...]:
    """What the job's notice lacks; empty: candidates may be invited."""
    return notices.missing(job, LANGUAGES)


def first_words(settings: NoticeSettings, *, controller: str = "", contact: str = "") -> NoticeFields:
    """What a new job's notice begins with: the settings' words, else our sentences in each language.

    Who is responsible and whom to ask only the settings know, or whoever calls this.
    """
    return {
        "notice_controller": settings.controller or controller,
        "notice_contact": settings.contact or contact,
        "notice_legal_basis": settings.legal_basis,
        "notice_texts": {language: own_words(settings, language) for language in LANGUAGES},
    }


def own_words(settings: NoticeSettings, language: str) -> dict[str, str]:
    """The settings' purpose, recipients and rights, or else our own sentences, in one language."""
    return {field: getattr(settings, field) or catalogue(language)["notice_words"][field] for field in SPOKEN}


def filled_in(job: Job, words: NoticeFields) -> NoticeFields:
    """What makes a job's notice complete: `words` where it says nothing, its own where it does."""
    texts = {
        language: own | {field: said for field, said in job.notice_texts.get(language, {}).items() if said}
        for language, own in words.get("notice_texts", {}).items()
    }
    return {
        "notice_controller": job.notice_controller or words.get("notice_controller", ""),
        "notice_contact": job.notice_contact or words.get("notice_contact", ""),
        "notice_texts": said_anew(job.notice_texts, {}, texts),
        "notice_unread": True,
    }


def said_anew(texts: Texts, everywhere: Mapping[str, str], by_language: Texts) -> dict[str, dict[str, str]]:
    """A job's words with some of them replaced: the same in every language, and then what is said in one alone."""
    tags = [*LANGUAGES, *(tag for tag in texts if tag not in LANGUAGES)]
    return {tag: {**texts.get(tag, {}), **everywhere, **by_language.get(tag, {})} for tag in tags}


def lacking_sentence(lacking: tuple[Missing, ...]) -> str:
    """What is missing, as people read it: `who is responsible, and why it is recorded (Deutsch)`; empty: nothing."""
    fields = {
        "controller": "who is responsible",
        "contact": "whom to ask",
        "retention": "how long recordings are kept",
        "purpose": "why it is recorded",
        "recipients": "who watches",
        "rights": "what candidates can ask for",
    }
    said = [fields[each.field] + (f" ({LANGUAGES[each.language]})" if each.language else "") for each in lacking]
    return f"{', '.join(said[:-1])}, and {said[-1]}" if len(said) > 1 else "".join(said)
