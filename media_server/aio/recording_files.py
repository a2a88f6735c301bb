"""The file work behind `aio/recordings`: blocking, called in a thread.

Every function can be cut by a crash between any two steps and called again.
"""

import contextlib
import os
from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from db.models import InterviewSession, Part
from media_server.aio.contained_files import ContainedFiles, OutsideFolder
from media_server.aio.data_folder import UPLOADS
from media_server.recording import names


def part_path(folder: str, session_id: str, number: int) -> str:
    """Where a part lies, relative to the data folder; `folder` is the candidate's."""
    return f"{UPLOADS}/{folder}/{names.part_path(session_id, number)}"


def _candidate_folder(interview: InterviewSession) -> str:
    return f"{UPLOADS}/{interview.candidate.folder}"


def _parts_folder(interview: InterviewSession) -> str:
    return f"{_candidate_folder(interview)}/{names.parts_folder(interview.session_id)}"


# --- storing -------------------------------------------------------------------


def name_recording(files: ContainedFiles, interview: InterviewSession, part: Part) -> tuple[str, int]:
    """Give the part's file its final name too: the first that is free, or the one that a crash left it with.

    Returns that path and the file's size in bytes. Raises FileNotFoundError when the part's file is gone.
    """
    file = files.stat(part.path)
    if file is None:
        raise FileNotFoundError(part.path)
    for path in _recording_paths(interview, part):
        taken = files.stat(path)
        if taken is None:
            files.link(part.path, path)
        if taken is None or os.path.samestat(taken, file):
            return path, file.st_size
    raise AssertionError("numbers do not end")


def _recording_paths(interview: InterviewSession, part: Part) -> Iterator[str]:
    collision = 1
    while True:
        name = names.recording_name(interview.started_at or part.started_at, collision)
        yield f"{_candidate_folder(interview)}/{name}"
        collision += 1


def remove_part_name(files: ContainedFiles, part_path: str) -> None:
    """Take a stored part's old name away, and the folders that it leaves empty."""
    files.remove(part_path)
    session_folder = part_path.rpartition("/")[0]
    files.remove_empty_folder(session_folder)
    files.remove_empty_folder(session_folder.rpartition("/")[0])


def tidy_parts(files: ContainedFiles, known: AbstractSet[str]) -> None:
    """Remove what a crash left after a part was stored: its old name, empty folders. `known` is what rows name."""
    for name in files.names_in(UPLOADS):
        # What is no folder was put there by somebody; `doctor` tells of it.
        with contextlib.suppress(OutsideFolder):
            _tidy_candidate(files, f"{UPLOADS}/{name}", known)


def _tidy_candidate(files: ContainedFiles, folder: str, known: AbstractSet[str]) -> None:
    parts_folder = f"{folder}/{names.PARTS_FOLDER}"
    for found in list(files.walk(parts_folder)):
        if found.path not in known and not known.isdisjoint(_other_names(files, found.path, folder)):
            files.remove(found.path)
    for session in files.names_in(parts_folder):
        with contextlib.suppress(NotADirectoryError):
            files.remove_empty_folder(f"{parts_folder}/{session}")
    files.remove_empty_folder(parts_folder)


def _other_names(files: ContainedFiles, path: str, folder: str) -> list[str]:
    """Other names of the same file, directly in a folder."""
    file = files.stat(path)
    if file is None or file.st_nlink == 1:
        return []
    others = ((f"{folder}/{name}", files.stat(f"{folder}/{name}")) for name in files.names_in(folder))
    return [other for other, found in others if found is not None and os.path.samestat(file, found)]


# --- deleting ------------------------------------------------------------------


def remove_media(files: ContainedFiles, interview: InterviewSession, *, last_one: bool) -> None:
    """Remove everything that is this interview's, under every name that it has, and the folders left empty.

    `last_one`: the candidate has no other interview with media.
    """
    folder, parts_folder = _candidate_folder(interview), _parts_folder(interview)
    rows = [*(part.path for part in interview.parts), interview.video_file_path]
    named = [path for path in rows if path is not None]
    # What no row names goes first: it is found through what rows name.
    for path in [*_unnamed_media(files, named, folder), *named]:
        files.remove(path)
    for found in list(files.walk(parts_folder)):
        files.remove(found.path)
    for name in files.names_in(folder):
        if _is_wav_of(name, interview, last_one=last_one):
            files.remove(f"{folder}/{name}")
    for emptied in (parts_folder, f"{folder}/{names.PARTS_FOLDER}", folder):
        files.remove_empty_folder(emptied)


def _unnamed_media(files: ContainedFiles, named: list[str], folder: str) -> list[str]:
    # A crash while storing leaves a second name that no row knows.
    return [other for path in named for other in _other_names(files, path, folder) if other not in named]


def _is_wav_of(name: str, interview: InterviewSession, *, last_one: bool) -> bool:
    # Sounds that were named elsewhere tell no interview: they go with the candidate's last one.
    return names.is_wav_of(name, interview.session_id) or (last_one and names.is_wav(name))
