"""Every kind of file that holds something of an interview, and how one is told to be whose: the whole list.

A test walks it and fails for a name of `names` that is not judged here. `db/belongings` says the same of rows.

Most kinds tell their interview by their name; the recording is told by the row that names it, and when it comes back
after that row is emptied, by its SHA-256. What lies in a folder of the candidate and tells nobody goes with the last
interview.
"""

from dataclasses import dataclass
from typing import Final

from media_server.recording import names


@dataclass(frozen=True, slots=True)
class FileKind:
    """One kind of file."""

    what: str
    "In a few words."
    named_by: tuple[str, ...]
    "The functions of `names` that make its name, or its folder's."
    told_by: str
    "How it is known whose it is."


KINDS: Final = (
    FileKind("the recording", ("recording_name",), "the row that names it; its SHA-256 when it comes back"),
    FileKind("parts", ("part_path", "parts_folder"), "its folder"),
    FileKind("what an upload becomes, for a moment", ("upload_draft_path", "replaced_path"), "the parts' folder"),
    FileKind("marks of an import, for a moment", ("adopted_path",), "the parts' folder"),
    FileKind("drafts of recordings, sounds, copies", (), "the parts' folder"),
    FileKind("copies in other formats", ("export_path", "exports_folder"), "its folder"),
    FileKind("poster, thumbnails, waveform", ("previews_folder", "preview_name"), "its folder"),
    FileKind("captions", ("captions_name",), "eight characters of its name"),
    FileKind("sounds of questions and answers", ("question_name", "answer_name"), "eight characters of its name"),
    FileKind("sounds that a host platform named", (), "nothing: they go with the candidate's last interview"),
    FileKind("the candidate's folder", ("folder_name",), "the candidate's row; it goes when nothing is left in it"),
)
"All of them."

NOT_OF_AN_INTERVIEW: Final = {
    "job_sounds_folder": "a job's",
    "job_question_name": "a job's",
    "download_name": "what a browser calls it on somebody else's machine",
}
"Names that `names` makes for something else."

_HIDDEN: Final = (names.PARTS_FOLDER, names.EXPORTS_FOLDER, names.PREVIEWS_FOLDER)


def marks_of(session_id: str) -> tuple[str, str]:
    """What tells an interview in the names of its files: its folder's name, and eight characters."""
    folder = names.parts_folder(session_id).rpartition("/")[2]
    return folder, names.captions_name(session_id).removeprefix("captions_").removesuffix(".vtt")


def mark_in(path: str) -> str | None:
    """What tells whose a file is, of its path below the candidate's folder; None: its name tells nothing."""
    first, _, rest = path.partition("/")
    if first in _HIDDEN:
        return rest.partition("/")[0] or None
    return None if rest else names.key_in(first)
