"""The versions of a job's notice as HR is told them: rows, and what candidates read now, become `web/schema/notices`."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import zip_longest

from db.models import Job, Notice
from db.notices import KeptNotice
from web import notices
from web.schema.interviews import PassageTold
from web.schema.notices import NoticeVersions, NoticeVersionTold, NoticeWhole
from web.settings import NoticeSettings


@dataclass(frozen=True, slots=True)
class Compared:
    """A passage in two versions."""

    title: str
    "Its heading."
    text: str
    "What it says in the one that is read."
    other: str | None
    "What it says in the other one; None: the same."


def versions_view(job: Job, kept: Sequence[KeptNotice], settings: NoticeSettings) -> NoticeVersions:
    """All of them: those that are kept, the newest first, after what candidates read now and nobody has agreed to yet."""
    now = notices.current(job, settings)
    known = {each.notice.version for each in kept}
    fresh = [
        NoticeVersionTold(
            version=version,
            language=text.language,
            number=None,
            legal_basis=text.legal_basis,
            made_at=None,
            current=True,
            acknowledged=0,
        )
        for version, text in now.items()
        if version not in known
    ]
    rows = [_version(each, is_current=each.notice.version in now) for each in kept]
    return NoticeVersions(versions=fresh + rows)


def whole_view(notice: Notice) -> NoticeWhole:
    """A kept version, word for word."""
    return NoticeWhole(
        version=notice.version,
        language=notice.language,
        legal_basis=notice.legal_basis,
        number=notice.number,
        made_at=notice.made_at,
        **notice.content,
    )


def unkept_view(text: notices.NoticeText) -> NoticeWhole:
    """What candidates read now, before it is kept."""
    return NoticeWhole(version=text.version, number=None, made_at=None, **asdict(text))


def compared(read: NoticeWhole, other: NoticeWhole | None) -> list[Compared]:
    """Passage by passage, with what is ticked as the last one."""
    mine = [*read.passages, PassageTold(title="", text=read.acknowledgement)]
    theirs = [] if other is None else [*other.passages, PassageTold(title="", text=other.acknowledgement)]
    return [
        Compared(
            title=(one or two or mine[-1]).title,
            text="" if one is None else one.text,
            other=None if other is None or (one and two and one == two) else ("" if two is None else two.text),
        )
        for one, two in zip_longest(mine, theirs)
    ]


def _version(each: KeptNotice, *, is_current: bool) -> NoticeVersionTold:
    return NoticeVersionTold(
        version=each.notice.version,
        language=each.notice.language,
        number=each.notice.number,
        legal_basis=each.notice.legal_basis,
        made_at=each.notice.made_at,
        current=is_current,
        acknowledged=each.acknowledged,
    )
