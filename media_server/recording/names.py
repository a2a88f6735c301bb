"""Names of folders and files, made here and nowhere else. A name never comes from a request as it is.

What comes out is one component (or, for parts, a few joined by `/`) that every file system takes:
no separator, no control character, no `.` or `..`, nothing that Windows reserves, NFC, bounded in bytes.
"""

import base64
import hashlib
import re
import unicodedata
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from typing import Final

MAX_FOLDER_BYTES: Final = 120
"File systems take 255 bytes, encrypting ones 143; a number has to fit behind it."

PARTS_FOLDER: Final = ".parts"
"Where parts lie, inside the candidate's folder, until the recording is assembled."

JOBS_FOLDER: Final = ".jobs"
"Where the sounds of jobs' questions lie, a folder for each job; no candidate's folder begins with a dot."

PREVIEWS_FOLDER: Final = ".previews"
"Where posters, thumbnails and waveforms lie, inside the candidate's folder."

UPLOAD_DRAFT, REPLACED = "upload-", "replaced-"
"How what an upload needs for a moment is named, beside the parts; the next start removes what a crash left of it."

ADOPTED: Final = "adopted-"
"The same of what comes from an older installation."

RECEIVED: Final = ".received-"
"How files begin that have a name only where the system knows none without, and for an instant at that."

EXPORTS_FOLDER: Final = ".exports"
"Where copies in other formats lie, inside the candidate's folder, while they are kept."

_NOBODY: Final = "candidate"
_RESERVED: Final = re.compile(
    r"(con|prn|aux|nul|(com|lpt)[0-9¹²³])", re.IGNORECASE
)  # learn.microsoft.com: "Naming Files"
_PLAIN_ID: Final = re.compile(r"[0-9a-z]+([-_][0-9a-z]+)*")
_MAX_PLAIN_ID: Final = 64
_MAX_DOWNLOAD_ID: Final = 100
_WAV: Final = re.compile(r"(?:question|answer)_q[0-9]+_(?P<key>[0-9A-Za-z]+)(?:_[0-9]+)?\.wav")

_CAPTIONS: Final = re.compile(r"captions_(?P<key>[0-9a-z]{8})\.vtt")
_PARTIAL: Final = ".partial"


def folder_name(candidate: str) -> str:
    """A folder for a candidate of this name, as in `John_Doe`; the database puts a number behind it when it is taken."""
    composed = unicodedata.normalize("NFC", candidate)
    words = "".join(_kept(character) for character in composed)
    name = re.sub(r"[-_]*_[-_]*", "_", words).strip("-_")
    name = unicodedata.normalize("NFC", name).encode()[:MAX_FOLDER_BYTES].decode(errors="ignore").rstrip("-_")
    if not name:
        return _NOBODY
    return f"{_NOBODY}_{name}" if _RESERVED.fullmatch(name) else name


def recording_name(started_at: datetime, collision: int = 1) -> str:
    """`interview_video_YYYYMMDD_HHMMSS.webm`, UTC; the second of that second (`collision` 2) gets `_2`.

    Raises ValueError for a datetime without a zone.
    """
    if started_at.tzinfo is None:
        raise ValueError("a datetime without a zone is not a moment")
    moment = started_at.astimezone(UTC).strftime("%Y%m%d_%H%M%S")
    number = f"_{collision}" if collision > 1 else ""
    return f"interview_video_{moment}{number}.webm"


def parts_folder(session_id: str) -> str:
    """`.parts/<session_id>`, below the candidate's folder.

    The host platform's ids are opaque: one that is not plain lower-case ASCII becomes `id.` and its SHA-256, so that
    two interviews never share a folder, not even where case is ignored.
    """
    return f"{PARTS_FOLDER}/{_own_folder(session_id)}"


def export_path(session_id: str, kind: str) -> str:
    """`.exports/<session_id>/interview.mp4`, below the candidate's folder; `kind` is the ending."""
    return f"{exports_folder(session_id)}/interview.{kind}"


def exports_folder(session_id: str) -> str:
    """`.exports/<session_id>`, below the candidate's folder: what was made of a recording and can be made again."""
    return f"{EXPORTS_FOLDER}/{_own_folder(session_id)}"


def part_path(session_id: str, number: int) -> str:
    """`.parts/<session_id>/0001.webm`, below the candidate's folder; numbers begin at 1."""
    if number < 1:
        raise ValueError("parts are numbered from 1")
    return f"{parts_folder(session_id)}/{number:04}.webm"


def previews_folder(session_id: str) -> str:
    """`.previews/<session_id>`, below the candidate's folder."""
    return f"{PREVIEWS_FOLDER}/{parts_folder(session_id).partition('/')[2]}"


def preview_name(sha256: str, kind: str) -> str:
    """`0123456789abcdef.poster.jpg`: what a preview of the recording with this SHA-256 is called there."""
    return f"{sha256[:16]}.{kind}"


def captions_name(session_id: str) -> str:
    """`captions_abc12345.vtt`: what is said in the recording, in writing. The eight characters tell the interview."""
    return f"captions_{_wav_key(session_id)}.vtt"


def is_beside(path: str) -> bool:
    """Whether a file is one that lies beside a recording: a preview, or captions."""
    return f"/{PREVIEWS_FOLDER}/" in path or _CAPTIONS.fullmatch(path.rpartition("/")[2]) is not None


def key_in(name: str) -> str | None:
    """The eight characters that tell an interview in the name of captions or of a sound, drafts too; None: there are none."""
    whole = name.removesuffix(_PARTIAL)
    match = _CAPTIONS.fullmatch(whole) or _WAV.fullmatch(whole)
    return None if match is None else match["key"]


def upload_draft_path(session_id: str, token: str) -> str:
    """`.parts/<session_id>/upload-….partial`, below the candidate's folder: a part that nobody has named yet."""
    return f"{parts_folder(session_id)}/{UPLOAD_DRAFT}{token}.partial"


def replaced_path(session_id: str, number: int) -> str:
    """`.parts/<session_id>/replaced-1.partial`: a second name of what goes once its successor is the recording."""
    return f"{parts_folder(session_id)}/{REPLACED}{number}.partial"


def adopted_path(session_id: str, number: int) -> str:
    """`.parts/<session_id>/adopted-1.partial`: a mark of what is being adopted from an older installation."""
    return f"{parts_folder(session_id)}/{ADOPTED}{number}.partial"


def is_of_an_import(path: str) -> bool:
    """Whether a path ends in the name of one of those."""
    name = path.rpartition("/")[2]
    return name.startswith(ADOPTED) and name.endswith(".partial")


def is_of_an_upload(name: str) -> bool:
    """Whether a file is named by one of the two above."""
    return name.startswith((UPLOAD_DRAFT, REPLACED)) and name.endswith(".partial")


def question_name(session_id: str, index: int) -> str:
    """`question_q1_abc12345.wav`: a question as it was spoken. The eight characters tell the interview."""
    return f"question_q{index}_{_wav_key(session_id)}.wav"


def job_sounds_folder(job_id: int) -> str:
    """`.jobs/7`, below `uploads/`, where no candidate's folder can be: the sounds of a job's questions."""
    return f"{JOBS_FOLDER}/{job_id}"


def job_question_name(question_id: int, token: str) -> str:
    """`question_q12_abc12345.wav`: a job's question as it is spoken. Another sound has another `token`, eight of `[0-9a-z]`."""
    return f"question_q{question_id}_{token}.wav"


def answer_name(session_id: str, index: int, take: int = 1) -> str:
    """`answer_q1_xyz67890.wav`: the sound of an answer; a later take gets its number."""
    number = f"_{take}" if take > 1 else ""
    return f"answer_q{index}_{_wav_key(session_id)}{number}.wav"


def marks_of(session_id: str) -> frozenset[str]:
    """What in a path tells that a file is this interview's, for :func:`bears`."""
    own = _own_folder(session_id)
    folders = (PARTS_FOLDER, PREVIEWS_FOLDER, EXPORTS_FOLDER)
    return frozenset({*(f"{folder}/{own}" for folder in folders), captions_name(session_id), _wav_key(session_id)})


def bears(path: str, marks: AbstractSet[str]) -> bool:
    """Whether a path, below a folder of candidates' folders, is one of the interviews that these marks are of."""
    name = path.rpartition("/")[2]
    wav = _WAV.fullmatch(name)
    inner = "/".join(path.split("/")[-3:-1])
    return inner in marks or name in marks or (wav is not None and wav["key"] in marks)


def is_wav(name: str) -> bool:
    """Whether a file is named like a question's or an answer's sound, whoever named it."""
    return _WAV.fullmatch(name) is not None


def is_wav_of(name: str, session_id: str) -> bool:
    """Whether it is named so for this interview."""
    match = _WAV.fullmatch(name)
    return match is not None and match["key"] == _wav_key(session_id)


def is_answer_of(name: str, session_id: str) -> bool:
    """Whether it is the sound of an answer in this interview."""
    return name.startswith("answer_") and is_wav_of(name, session_id)


def download_name(session_id: str, kind: str = "webm") -> str:
    """`interview_{session_id}.webm`, or with another ending, fit for a quoted string in a header: whatever else the id holds becomes `_`."""
    return f"interview_{re.sub(r'[^0-9A-Za-z._-]', '_', session_id)[:_MAX_DOWNLOAD_ID]}.{kind}"


def _kept(character: str) -> str:
    category = unicodedata.category(character)
    if category[0] in "LMN" or character == "-":
        return character
    # Apostrophes and invisible joiners stand inside a word, everything else between two.
    return "" if category == "Cf" or character in "'\N{RIGHT SINGLE QUOTATION MARK}" else "_"


def _own_folder(session_id: str) -> str:
    plain = len(session_id) <= _MAX_PLAIN_ID and _PLAIN_ID.fullmatch(session_id) and not _RESERVED.fullmatch(session_id)
    return session_id if plain else f"id.{_digest(session_id).hex()}"


def _digest(session_id: str) -> bytes:
    return hashlib.sha256(session_id.encode("utf-8", "surrogatepass")).digest()


def _wav_key(session_id: str) -> str:
    return base64.b32encode(_digest(session_id))[:8].decode().lower()
