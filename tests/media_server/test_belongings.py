"""Every kind of file is judged, and tells whose it is."""

import inspect

import pytest

from media_server.recording import names
from media_server.recording.belongings import KINDS, NOT_OF_AN_INTERVIEW, mark_in, marks_of

TELLS_NO_PATH = {"key_in", "marks_of", "bears"}


def test_every_name_that_is_made_is_judged() -> None:
    made = {
        name
        for name, function in inspect.getmembers(names, inspect.isfunction)
        if not name.startswith(("_", "is_")) and function.__module__ == names.__name__
    }
    judged = {name for kind in KINDS for name in kind.named_by} | set(NOT_OF_AN_INTERVIEW) | TELLS_NO_PATH
    assert made == judged, f"say in media_server/recording/belongings.py what becomes of {sorted(made ^ judged)}"


@pytest.mark.parametrize("session_id", ["abc123", "Of The Host/17", "x" * 300])
def test_a_name_tells_its_interview(session_id: str) -> None:
    folder, key = marks_of(session_id)
    paths = [
        names.part_path(session_id, 1),
        names.upload_draft_path(session_id, "ab"),
        names.replaced_path(session_id, 1),
        names.export_path(session_id, "mp4"),
        f"{names.previews_folder(session_id)}/{names.preview_name('ab' * 32, 'poster.jpg')}",
    ]
    assert {mark_in(path) for path in paths} == {folder}
    beside = [
        names.captions_name(session_id),
        names.captions_name(session_id) + ".partial",
        names.question_name(session_id, 2),
        names.answer_name(session_id, 2, 3),
    ]
    assert {mark_in(name) for name in beside} == {key}


def test_other_names_tell_nobody() -> None:
    assert mark_in("interview_video_20241128_120530.webm") is None
    assert mark_in("notes.txt") is None
    assert mark_in("folder/captions_abcdefgh.vtt") is None
