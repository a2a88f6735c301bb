"""The files of an interview that is deleted: found, removed, looked for again. Blocking, called in a thread.

`media_server/recording/belongings` lists what there can be. Every function can be cut by a crash between any two steps
and called again.
"""

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet

from db.models import InterviewSession
from media_server.aio.contained_files import ContainedFiles, FoundFile, OutsideFolder
from media_server.aio.data_folder import UPLOADS
from media_server.aio.recording_files import candidate_folder, other_names, sha256_of
from media_server.recording import names
from media_server.recording.belongings import mark_in, marks_of

_HIDDEN = (names.PARTS_FOLDER, names.EXPORTS_FOLDER, names.PREVIEWS_FOLDER)


def lying(files: ContainedFiles, interview: InterviewSession, *, last_one: bool) -> list[str]:
    """Everything of this interview that lies there, under every name that it has, in the order in which it may go.

    `last_one`: the candidate has no other interview, so that what tells nobody is theirs too.
    """
    rows = [path for path in (*(part.path for part in interview.parts), interview.video_file_path) if path]
    named = [path for path in rows if files.stat(path) is not None]
    folders = _folders(interview, rows)
    for folder in folders:
        named += [found.path for each in _own_folders(folder, interview.session_id) for found in files.walk(each)]
        named += [f"{folder}/{name}" for name in files.names_in(folder) if _is_of(name, interview, last_one=last_one)]
    # A crash while storing or joining leaves a second name that no row knows; it is found through the first, and goes before.
    unnamed = [other for path in named for folder in folders for other in other_names(files, path, folder)]
    return list(dict.fromkeys([*(path for path in unnamed if path not in named), *named]))


def remove(files: ContainedFiles, interview: InterviewSession, paths: Iterable[str]) -> None:
    """Remove these files of the interview, and the folders that are empty then."""
    rows = [path for path in (*(part.path for part in interview.parts), interview.video_file_path) if path]
    for path in paths:
        files.remove(path)
    for folder in _folders(interview, rows):
        _tidy(files, folder, interview.session_id)


def remove_returned(files: ContainedFiles, session_id: str, paths: Iterable[str]) -> None:
    """Remove what has come back of an interview, and the folders that are empty then."""
    folders = set()
    for path in paths:
        files.remove(path)
        folders.add("/".join(path.split("/")[:2]))
    for folder in folders:
        _tidy(files, folder, session_id)


def returned(
    files: ContainedFiles, marks: Mapping[str, str], recordings: Mapping[str, tuple[str, int]], known: AbstractSet[str]
) -> dict[str, list[str]]:
    """What lies there of interviews that are deleted, by interview.

    `marks` tells by what their names tell (see :func:`marks_of`) which those are, `recordings` by SHA-256 which and how
    long their recordings were; a file whose path is `known` is somebody's, and is not read.
    """
    found: dict[str, list[str]] = {}
    sizes = {size for _, size in recordings.values()}
    for file in _of_candidates(files):
        whose = marks.get(mark_in(file.path.split("/", 2)[2]) or "")
        if whose is None and file.path not in known and file.size_bytes in sizes:
            with contextlib.suppress(OSError, OutsideFolder):
                whose = recordings.get(sha256_of(files, file.path), (None, 0))[0]
        if whose is not None:
            found.setdefault(whose, []).append(file.path)
    return found


def _of_candidates(files: ContainedFiles) -> Iterator[FoundFile]:
    for name in files.names_in(UPLOADS):
        # What begins with a dot is ours or an upload's; what is no folder was put there by somebody.
        if not name.startswith("."):
            with contextlib.suppress(OutsideFolder):
                yield from files.walk(f"{UPLOADS}/{name}")


def _folders(interview: InterviewSession, rows: Iterable[str]) -> list[str]:
    """The candidate's, and where a row says that something lies: the name may be gone already."""
    of_rows = ["/".join(path.split("/")[:2]) for path in rows if path.startswith(f"{UPLOADS}/")]
    return list(dict.fromkeys([candidate_folder(interview), *of_rows]))


def _own_folders(folder: str, session_id: str) -> list[str]:
    own = marks_of(session_id)[0]
    return [f"{folder}/{hidden}/{own}" for hidden in _HIDDEN]


def _is_of(name: str, interview: InterviewSession, *, last_one: bool) -> bool:
    return names.key_in(name) == marks_of(interview.session_id)[1] or (last_one and names.is_wav(name))


def _tidy(files: ContainedFiles, folder: str, session_id: str) -> None:
    for own in _own_folders(folder, session_id):
        files.remove_empty_folder(own)
        files.remove_empty_folder(own.rpartition("/")[0])
    files.remove_empty_folder(folder)
