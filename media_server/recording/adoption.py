"""An installation of the request's old layout: what of it becomes which interview, what is doubtful, what stays.

It is handed what lies there and what the old table says, and decides; it opens nothing. Where two readings are
possible it takes the one that shows nobody somebody else's voice, and says so.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final, Literal

from db.host_row import HostRow
from media_server.recording import names

MOST_QUESTIONS: Final = 100
"As many as an interview can ask."
SIZE_DIFFERS: Final = 0.06
"Of the size: a table may count megabytes in powers of two."
TIMES_DIFFER: Final = timedelta(days=1)
"Between a name and the table. Less is another zone."

PREFIX: Final = "interview_video_"

_VIDEO: Final = re.compile(rf"{PREFIX}(?P<stamp>\d{{8}}_\d{{6}})(?:_\d+)?\.webm")
_ANY_VIDEO: Final = re.compile(rf"{PREFIX}(?P<day>\d{{8}})?.*\.webm")
_SOUND: Final = re.compile(r"(?P<kind>question|answer)_q(?P<index>\d{1,6})_[^/]+\.wav", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class OldFile:
    """Something that lies in the old tree."""

    path: str
    "Relative to its `uploads`, components joined by `/`."
    size_bytes: int
    "Its length."
    modified_at: datetime
    "When it was last written."
    is_plain: bool = True
    "An ordinary file; no link, no pipe."


@dataclass(frozen=True, slots=True)
class OldSound:
    """A question or an answer that can be heard."""

    path: str
    "Relative to the old `uploads`."
    kind: Literal["question", "answer"]
    "Which."
    index: int
    "Of which question, from 1."


@dataclass(frozen=True, slots=True)
class OldInterview:
    """A video, and what belongs to it: one interview."""

    path: str
    "Where the video lies, relative to the old `uploads`."
    size_bytes: int
    "Its length."
    name: str
    "What it is called from now on; a number is added where that is taken."
    candidate: str
    "The candidate's name."
    uploaded_at: datetime
    "The moment that its retention counts from, UTC."
    row: HostRow | None = None
    "What the table says of it."
    started_at: datetime | None = None
    "When it began, if the table says so; UTC."
    sounds: tuple[OldSound, ...] = ()
    "What was asked and answered, as sound."
    doubts: tuple[str, ...] = ()
    "What somebody should look at, in sentences."

    @property
    def folder(self) -> str:
        """The folder that it lay in, as a folder of ours."""
        return names.folder_name(self.path.partition("/")[0])


@dataclass(frozen=True, slots=True)
class LeftFile:
    """What stays where it lies."""

    path: str
    "Relative to the old `uploads`."
    why: str
    "A sentence."


@dataclass(frozen=True, slots=True)
class AdoptionPlan:
    """What becomes of all of it."""

    interviews: tuple[OldInterview, ...]
    "In the order of their paths."
    left: tuple[LeftFile, ...]
    "Everything else that lies there."
    without_file: tuple[HostRow, ...]
    "Rows that name a video which does not lie there."


def plan(files: Iterable[OldFile], rows: Sequence[HostRow] | None, zone: tzinfo = UTC) -> AdoptionPlan:
    """Say what becomes of each file. `rows`: None without a table; `zone`: how the old server's clock counted."""
    drawing = _Drawing(zone)
    by_path = {file.path: file for file in files}
    named, without_file = _named_by(rows or (), by_path)
    sounds: list[OldFile] = []
    for path in sorted(by_path):
        drawing.take(by_path[path], named.get(path, ()), sounds, has_table=rows is not None)
    interviews = drawing.with_sounds(sounds)
    return AdoptionPlan(tuple(interviews), tuple(sorted(drawing.left, key=lambda each: each.path)), without_file)


def moment_in(name: str) -> datetime | None:
    """The moment that a video's name tells, without a zone; None when it tells none."""
    stamp = _stamp(name)
    try:
        return datetime.strptime(stamp, "%Y%m%d_%H%M%S") if stamp else None  # noqa: DTZ007  it has none
    except ValueError:
        return None


def _stamp(name: str) -> str:
    match = _VIDEO.fullmatch(name)
    return match["stamp"] if match else ""


class _Drawing:
    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        self._found: list[OldInterview] = []
        self.left: list[LeftFile] = []

    def take(self, file: OldFile, rows: Sequence[HostRow], sounds: list[OldFile], *, has_table: bool) -> None:
        folder, _, name = file.path.rpartition("/")
        if not file.is_plain:
            self._leave(file, "it is a link, or no ordinary file")
        elif not _is_text(file.path):
            self._leave(file, "its name is no text; rename it")
        elif not folder or "/" in folder or folder.startswith(".") or name.startswith("."):
            self._leave(file, "it lies in no candidate's folder")
        elif _SOUND.fullmatch(name):
            sounds.append(file)
        elif len(rows) > 1:
            self._leave(file, f"several rows name it: {', '.join(row.session_id for row in rows)}")
        elif rows:
            self._found.append(self._interview(file, rows[0]))
        elif not _ANY_VIDEO.fullmatch(name):
            self._leave(file, "it is no file of the old layout")
        elif has_table:
            self._leave(file, "no row of the table names it; an import without the table would adopt it by its name")
        else:
            self._found.append(self._interview(file, None))

    def _leave(self, file: OldFile, why: str) -> None:
        self.left.append(LeftFile(file.path, why))

    def _interview(self, file: OldFile, row: HostRow | None) -> OldInterview:
        folder, _, name = file.path.rpartition("/")
        told, by_name = row or HostRow(""), self._moment(moment_in(name))
        by_table = self._moment(told.uploaded_at or told.ended_at)
        uploaded_at = by_table or by_name or self._day_or_file(name, file)
        doubts = [*self._doubts(file, told, by_name, by_table)]
        if by_name is None:
            by = "the table" if by_table else "its day and the file's own time"
            doubts.append(f"its name tells no moment; taken is {uploaded_at:%Y-%m-%d %H:%M} UTC, by {by}")
        return OldInterview(
            path=file.path,
            size_bytes=file.size_bytes,
            name=names.recording_name(uploaded_at) if by_name is None else f"{PREFIX}{_stamp(name)}.webm",
            candidate=(told.candidate or "").strip() or folder.replace("_", " ").strip() or folder,
            uploaded_at=uploaded_at,
            row=row,
            started_at=self._moment(told.started_at),
            doubts=tuple(doubts),
        )

    def _doubts(
        self, file: OldFile, row: HostRow, by_name: datetime | None, by_table: datetime | None
    ) -> Iterable[str]:
        size_mb = file.size_bytes / 1_000_000
        if row.size_mb and abs(row.size_mb - size_mb) > max(SIZE_DIFFERS * size_mb, 0.02):
            yield f"the table says {row.size_mb:g} MB, {size_mb:.2f} MB lie there"
        if by_name and by_table and abs(by_name - by_table) > TIMES_DIFFER:
            yield f"its name and the table differ by {abs(by_name - by_table).days} days; the table is believed"

    def _day_or_file(self, name: str, file: OldFile) -> datetime:
        """Of a name with a day alone: that day; the time of day is the file's, if that was written then."""
        match = _ANY_VIDEO.fullmatch(name)
        day = self._moment(moment_in(f"{PREFIX}{match['day']}_000000.webm")) if match and match["day"] else None
        written = file.modified_at.astimezone(UTC)
        return written if day is None or day <= written < day + timedelta(days=1) else day

    def _moment(self, moment: datetime | None) -> datetime | None:
        if moment is None:
            return None
        return (moment if moment.tzinfo else moment.replace(tzinfo=self._zone)).astimezone(UTC)

    # --- sounds ---------------------------------------------------------------------------

    def with_sounds(self, sounds: Iterable[OldFile]) -> list[OldInterview]:
        """Give every interview what was asked and answered in it."""
        by_folder: dict[str, list[OldInterview]] = defaultdict(list)
        for interview in self._found:
            by_folder[interview.path.partition("/")[0]].append(interview)
        given: dict[str, list[OldFile]] = defaultdict(list)
        for sound in sounds:
            owner = self._owner(sound, by_folder[sound.path.partition("/")[0]])
            if owner is not None:
                given[owner.path].append(sound)
        return [
            self._complete(interview, by_folder[interview.path.partition("/")[0]], given[interview.path])
            for interview in self._found
        ]

    def _owner(self, sound: OldFile, interviews: Sequence[OldInterview]) -> OldInterview | None:
        """Whose sound it is: the folder's only interview, or the one that it was written during."""
        if not interviews:
            self._leave(sound, "no video that is adopted lies beside it")
            return None
        if len(interviews) == 1:
            return interviews[0]
        in_order, written = sorted(interviews, key=lambda each: each.uploaded_at), sound.modified_at
        for before, owner in zip([None, *in_order], in_order, strict=False):
            begins = owner.uploaded_at - TIMES_DIFFER if before is None else before.uploaded_at
            if max(begins, owner.uploaded_at - TIMES_DIFFER) < written <= owner.uploaded_at:
                return owner
        self._leave(sound, f"{len(interviews)} interviews lie beside it, and its time tells of none of them")
        return None

    def _complete(
        self, interview: OldInterview, beside: Sequence[OldInterview], sounds: Sequence[OldFile]
    ) -> OldInterview:
        doubts = list(interview.doubts)
        if len(beside) > 1 and not _is_identified(interview):
            doubts.append(
                f"{len(beside)} videos lie in its folder, and nothing tells whether they show one person; each gets a folder of its own"
            )
        if len(beside) > 1 and sounds:
            doubts.append("its sounds were told from those of the other interviews by their time")
        return replace(interview, sounds=tuple(self._newest(sounds)), doubts=tuple(doubts))

    def _newest(self, sounds: Sequence[OldFile]) -> Iterable[OldSound]:
        """One for each question and answer."""
        kept: dict[tuple[str, int], OldFile] = {}
        for sound in sorted(sounds, key=lambda each: (each.modified_at, each.path), reverse=True):
            match = _SOUND.fullmatch(sound.path.rpartition("/")[2])
            assert match is not None  # noqa: S101  it was looked at before
            of = match["kind"].lower(), int(match["index"])
            if not 1 <= of[1] <= MOST_QUESTIONS:
                self._leave(sound, f"questions are numbered from 1 to {MOST_QUESTIONS}")
            elif of in kept:
                self._leave(sound, f"{kept[of].path.rpartition('/')[2]} is the newer one")
            else:
                kept[of] = sound
        for kind, index in sorted(kept):
            yield OldSound(kept[kind, index].path, "question" if kind == "question" else "answer", index)


def _is_text(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return path.isprintable()


def _is_identified(interview: OldInterview) -> bool:
    return interview.row is not None and bool(interview.row.email or interview.row.candidate_id)


def _named_by(
    rows: Sequence[HostRow], files: Mapping[str, OldFile]
) -> tuple[dict[str, list[HostRow]], tuple[HostRow, ...]]:
    named: dict[str, list[HostRow]] = defaultdict(list)
    lost = []
    for row in rows:
        if not (row.video_path or "").strip():
            continue
        path = next((path for path in _possible(row.video_path or "") if path in files), None)
        if path is None:
            lost.append(row)
        else:
            named[path].append(row)
    return named, tuple(lost)


def _possible(said: str) -> Iterable[str]:
    """What a path in the table may mean: below the last `uploads` in it, as it stands, or folder and name alone."""
    components = [each for each in said.strip().replace("\\", "/").split("/") if each not in {"", "."}]
    if "uploads" in components[:-1]:
        last = len(components) - 1 - components[::-1].index("uploads")
        yield "/".join(components[last + 1 :])
    yield "/".join(components)
    yield "/".join(components[-2:])
