"""The file work behind `aio/recordings`: blocking, called in a thread.

Every function can be cut by a crash between any two steps and called again.
"""

import contextlib
import hashlib
import itertools
import os
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime

from db.models import InterviewSession
from db.work import MadeSound
from media_server.aio.contained_files import ContainedFiles, OutsideFolder
from media_server.aio.data_folder import UPLOADS
from media_server.recording import names


def part_path(folder: str, session_id: str, number: int) -> str:
    """Where a part lies, relative to the data folder; `folder` is the candidate's."""
    return f"{UPLOADS}/{folder}/{names.part_path(session_id, number)}"


def candidate_folder(interview: InterviewSession) -> str:
    """Where everything of a candidate lies."""
    return f"{UPLOADS}/{interview.candidate.folder}"


def _parts_folder(interview: InterviewSession) -> str:
    return f"{candidate_folder(interview)}/{names.parts_folder(interview.session_id)}"


def started_at(interview: InterviewSession) -> datetime:
    """When an interview that has parts began to be recorded."""
    return interview.started_at or interview.parts[0].started_at


def _exports_folder(interview: InterviewSession) -> str:
    return f"{candidate_folder(interview)}/{names.exports_folder(interview.session_id)}"


def export_path(folder: str, session_id: str, kind: str) -> str:
    """Where a copy in another format lies, relative to the data folder; `folder` is the candidate's."""
    return f"{UPLOADS}/{folder}/{names.export_path(session_id, kind)}"


def remove_export(files: ContainedFiles, path: str) -> None:
    """Take a copy in another format away, and the folders that it leaves empty."""
    remove_part_name(files, path)


# --- storing -------------------------------------------------------------------


def name_recording(files: ContainedFiles, interview: InterviewSession, lies_at: str) -> tuple[str, int]:
    """Give a file its final name as the recording too: the first that is free, or the one that a crash left it with.

    Returns that path and the file's size in bytes. Raises FileNotFoundError when nothing lies there.
    """
    file = files.stat(lies_at)
    if file is None:
        raise FileNotFoundError(lies_at)
    for path in _recording_paths(interview):
        taken = files.stat(path)
        if taken is None:
            files.link(lies_at, path)
        if taken is None or os.path.samestat(taken, file):
            return path, file.st_size
    raise AssertionError("numbers do not end")


def sha256_of(files: ContainedFiles, path: str) -> str:
    """Return the SHA-256 of all its octets, hexadecimal. Raises OSError and OutsideFolder."""
    with os.fdopen(files.open(path), "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _recording_paths(interview: InterviewSession) -> Iterator[str]:
    for collision in itertools.count(1):
        yield f"{candidate_folder(interview)}/{names.recording_name(started_at(interview), collision)}"


def remove_part_name(files: ContainedFiles, part_path: str) -> None:
    """Take a stored part's old name away, and the folders that it leaves empty."""
    files.remove(part_path)
    session_folder = part_path.rpartition("/")[0]
    files.remove_empty_folder(session_folder)
    files.remove_empty_folder(session_folder.rpartition("/")[0])


# --- joining -------------------------------------------------------------------


def partial_path(interview: InterviewSession) -> str:
    """Where a recording lies while it is written and compared: beside its parts."""
    return f"{_parts_folder(interview)}/{names.recording_name(started_at(interview))}.partial"


def discard_partial(files: ContainedFiles, interview: InterviewSession, partial: str) -> None:
    """Remove what an attempt to join left that came to nothing, its final name first: no row names it yet."""
    for other in other_names(files, partial, candidate_folder(interview)):
        files.remove(other)
    files.remove(partial)


def remove_joined(files: ContainedFiles, interview: InterviewSession, partial: str) -> None:
    """Take the joined parts away, then the recording's first name, and the folders that they leave empty."""
    for path in [*(part.path for part in interview.parts), partial]:
        remove_part_name(files, path)


# --- sounds --------------------------------------------------------------------


def sound_path(interview: InterviewSession, name: str) -> str:
    """Where a question's or an answer's sound lies: in the candidate's folder."""
    return f"{candidate_folder(interview)}/{name}"


def made_sound_path(sound: MadeSound) -> str:
    """Where a sound lies that a row says there is."""
    if sound.take is None:
        name = names.question_name(sound.session_id, sound.index)
    else:
        name = names.answer_name(sound.session_id, sound.index, sound.take)
    return f"{UPLOADS}/{sound.folder}/{name}"


def draft_path(interview: InterviewSession, name: str) -> str:
    """Where it lies while it is made: beside the parts, so that deleting the interview finds it."""
    return f"{_parts_folder(interview)}/{name}.partial"


# --- previews and captions -----------------------------------------------------


def previews_folder(interview: InterviewSession) -> str:
    """Where the previews of its recording lie."""
    return f"{candidate_folder(interview)}/{names.previews_folder(interview.session_id)}"


def captions_path(interview: InterviewSession) -> str:
    """Where its captions lie."""
    return f"{candidate_folder(interview)}/{names.captions_name(interview.session_id)}"


def put_file(files: ContainedFiles, path: str, octets: bytes) -> None:
    """Write a small file whole, in place of what was there: a crash leaves the old one or the new one."""
    draft = f"{path}.partial"
    files.remove(draft)
    descriptor = files.create(draft)
    try:
        with os.fdopen(descriptor, "wb", closefd=False) as file:
            file.write(octets)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    files.replace(draft, path)


def keep_previews_of(files: ContainedFiles, interview: InterviewSession, sha256: str) -> None:
    """Remove the previews of what was the recording before, and what a crash left."""
    folder, kept = previews_folder(interview), names.preview_name(sha256, "")
    for name in files.names_in(folder):
        if not name.startswith(kept) or name.endswith(".partial"):
            files.remove(f"{folder}/{name}")


def remove_beside(files: ContainedFiles, interview: InterviewSession) -> None:
    """Remove its previews and captions."""
    folder, captions = previews_folder(interview), captions_path(interview)
    for path in [*(f"{folder}/{name}" for name in files.names_in(folder)), captions, f"{captions}.partial"]:
        files.remove(path)
    for emptied in (folder, folder.rpartition("/")[0]):
        files.remove_empty_folder(emptied)


# --- uploads -------------------------------------------------------------------


def upload_draft_path(interview: InterviewSession, token: str) -> str:
    """Where an upload lies once it has become a part, until it gets a part's or a recording's name."""
    return f"{candidate_folder(interview)}/{names.upload_draft_path(interview.session_id, token)}"


def mark_replaced(files: ContainedFiles, interview: InterviewSession) -> list[str]:
    """Give all media that a new recording makes superfluous a second name, so that a crash leaves none of it behind.

    Returns their first names, and then the second ones. Nothing is lost by it: the next start removes what no row
    names, and only the second names of the rest.
    """
    folder, session_id = candidate_folder(interview), interview.session_id
    rows = [interview.video_file_path, *(part.path for part in interview.parts)]
    answers = [name for name in files.names_in(folder) if names.is_answer_of(name, session_id)]
    exports = [found.path for found in files.walk(_exports_folder(interview))]
    named = [*(path for path in rows if path is not None), *(f"{folder}/{name}" for name in answers), *exports]
    old = list(dict.fromkeys(named))
    lying = [path for path in old if files.stat(path) is not None]
    files.make_folder(_parts_folder(interview))
    marks = [f"{folder}/{names.replaced_path(session_id, number)}" for number in range(1, len(lying) + 1)]
    for path, mark in zip(lying, marks, strict=True):
        files.remove(mark)
        files.link(path, mark)
    return [*lying, *marks]


def remove_names(files: ContainedFiles, paths: Iterable[str]) -> None:
    """Take names away, and the folders among the parts that they leave empty."""
    for path in paths:
        if f"/{names.PARTS_FOLDER}/" in path or f"/{names.EXPORTS_FOLDER}/" in path:
            remove_part_name(files, path)
        else:
            files.remove(path)


# --- tidying -------------------------------------------------------------------


def tidy_parts(files: ContainedFiles, known: AbstractSet[str], joined: Mapping[str, str]) -> None:
    """Remove what a crash left: old names of what was stored, parts that were joined, uploads, empty folders.

    `known` is what rows name; `joined` tells for each joined part which recording holds it now.
    """
    for name in files.names_in(UPLOADS):
        if name.startswith(names.RECEIVED):
            files.remove(f"{UPLOADS}/{name}")
            continue
        # What is no folder was put there by somebody; `doctor` tells of it.
        with contextlib.suppress(OutsideFolder):
            _tidy_candidate(files, f"{UPLOADS}/{name}", known, joined)


def _tidy_candidate(files: ContainedFiles, folder: str, known: AbstractSet[str], joined: Mapping[str, str]) -> None:
    parts_folder = f"{folder}/{names.PARTS_FOLDER}"
    for found in list(files.walk(parts_folder)):
        if names.is_of_an_upload(found.path.rpartition("/")[2]):
            _tidy_upload(files, folder, found.path, known)
            continue
        recording = joined.get(found.path)
        is_joined = recording is not None and files.stat(recording) is not None
        if is_joined or (found.path not in known and not known.isdisjoint(other_names(files, found.path, folder))):
            files.remove(found.path)
    for session in files.names_in(parts_folder):
        with contextlib.suppress(NotADirectoryError):
            files.remove_empty_folder(f"{parts_folder}/{session}")
    files.remove_empty_folder(parts_folder)


def _tidy_upload(files: ContainedFiles, folder: str, path: str, known: AbstractSet[str]) -> None:
    """What is named by a row stays; what had been named, or was about to be, goes under all its names."""
    beside = path.rpartition("/")[0]
    others = [
        *other_names(files, path, folder),
        *(other for other in other_names(files, path, beside) if other != path),
    ]
    for other in others if known.isdisjoint(others) else ():
        files.remove(other)
    files.remove(path)


def other_names(files: ContainedFiles, path: str, folder: str) -> list[str]:
    """Other names of the same file, directly in a folder."""
    file = files.stat(path)
    if file is None or file.st_nlink == 1:
        return []
    others = ((f"{folder}/{name}", files.stat(f"{folder}/{name}")) for name in files.names_in(folder))
    return [other for other, found in others if found is not None and os.path.samestat(file, found)]
