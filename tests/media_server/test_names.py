"""Names: readable for people, harmless for every disk, never two interviews in one place."""

import unicodedata
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from media_server.recording import names

NOT_IN_A_NAME = set('<>:"/\\|?*')
RESERVED = {"CON", "PRN", "AUX", "NUL"} | {device + digit for device in ("COM", "LPT") for digit in "0123456789¹²³"}

any_text = st.text(st.characters(), max_size=300)  # lone surrogates too
bounded = settings(deadline=None, max_examples=300)


def assert_harmless(component: str, max_bytes: int = 143) -> None:
    assert component not in {"", ".", ".."}
    assert not NOT_IN_A_NAME & set(component)
    assert not any(unicodedata.category(character)[0] in "CZ" for character in component)
    assert len(component.encode()) <= max_bytes  # and no lone surrogate
    assert not component.endswith((".", " "))
    assert component.split(".", maxsplit=1)[0].upper() not in RESERVED


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("John Doe", "John_Doe"),
        ("  John   Doe\t", "John_Doe"),
        ("José María Núñez", "José_María_Núñez"),
        ("Jose\u0301", "José"),
        ("李小龍", "李小龍"),
        ("Анна-Мария", "Анна-Мария"),
        ("हिन्दी", "हिन्दी"),
        ("O'Brien O\u2019Neil", "OBrien_ONeil"),
        ("Dr. J. R. Doe, Jr.", "Dr_J_R_Doe_Jr"),
        ("../../etc/passwd", "etc_passwd"),
        ("..\\..\\Windows", "Windows"),
        ("/etc/passwd\x00.webm", "etc_passwd_webm"),
        (".parts", "parts"),
        ("CON", "candidate_CON"),
        ("con.", "candidate_con"),
        ("lpt¹", "candidate_lpt¹"),
        ("Conrad", "Conrad"),
        ("COM10", "COM10"),
        ("", "candidate"),
        (" .. ", "candidate"),
        ("- _ -", "candidate"),
        ("🦭", "candidate"),
        ("\u202eeoD nhoJ", "eoD_nhoJ"),
        ("\ud800", "candidate"),
        ("John\nDoe", "John_Doe"),
    ],
)
def test_folders(name: str, folder: str) -> None:
    assert names.folder_name(name) == folder


@bounded
@given(any_text)
@example("\u0344" * 200)  # composing makes it longer
@example("é" * 200)
def test_folders_are_harmless_whatever_the_name(name: str) -> None:
    folder = names.folder_name(name)
    assert_harmless(folder, names.MAX_FOLDER_BYTES)
    assert_harmless(f"{folder}_123456789")  # what the database may make of it
    assert not folder.startswith(".")
    assert unicodedata.is_normalized("NFC", folder)
    assert names.folder_name(folder) == folder


def test_long_names_are_cut_between_letters() -> None:
    assert names.folder_name("龍" * 100) == "龍" * 40
    assert names.folder_name("x" * 119 + " Doe") == "x" * 119


def test_recordings_carry_the_start_in_utc() -> None:
    started = datetime(2024, 11, 28, 7, 5, 30, 999_999, tzinfo=timezone(timedelta(hours=-5)))
    assert names.recording_name(started) == "interview_video_20241128_120530.webm"
    assert names.recording_name(started, 2) == "interview_video_20241128_120530_2.webm"
    with pytest.raises(ValueError, match="without a zone"):
        names.recording_name(datetime(2024, 11, 28))


@pytest.mark.parametrize(
    ("session_id", "path"),
    [
        ("3f8a2c", ".parts/3f8a2c/0001.webm"),
        ("0b06e2a8-7a4e-4b53-9d2e-3c1f8a6f1e11", ".parts/0b06e2a8-7a4e-4b53-9d2e-3c1f8a6f1e11/0001.webm"),
    ],
)
def test_plain_ids_can_be_read_from_the_path(session_id: str, path: str) -> None:
    assert names.part_path(session_id, 1) == path


def test_parts_are_numbered_from_one() -> None:
    assert names.part_path("a", 12345) == ".parts/a/12345.webm"
    with pytest.raises(ValueError, match="from 1"):
        names.part_path("a", 0)


@bounded
@given(any_text)
@example("..")
@example("../../etc")
@example("con")
@example("id.0")
@example("A" * 64)
def test_parts_never_leave_their_folder(session_id: str) -> None:
    parts, folder, file = names.part_path(session_id, 7).split("/")
    assert (parts, file) == (".parts", "0007.webm")
    assert_harmless(folder)


@bounded
@given(st.lists(any_text | st.from_regex(r"\A[a-cA-C.-]{1,3}\Z"), unique=True, min_size=2, max_size=20))
def test_two_interviews_never_share_a_folder_even_where_case_is_ignored(ids: list[str]) -> None:
    folders = {unicodedata.normalize("NFC", names.parts_folder(session_id).casefold()) for session_id in ids}
    assert len(folders) == len(ids)


def test_sounds_tell_their_interview() -> None:
    question, answer, again = names.question_name("one", 1), names.answer_name("one", 1), names.answer_name("one", 1, 2)
    assert len({question, answer, again, names.answer_name("one", 2)}) == 4
    for name in (question, answer, again):
        assert names.is_wav(name)
        assert names.is_wav_of(name, "one")
        assert not names.is_wav_of(name, "two")
        assert_harmless(name)


@pytest.mark.parametrize(
    ("name", "is_wav"),
    [
        ("question_q1_abc12345.wav", True),
        ("answer_q12_xyz67890.wav", True),
        ("answer_q1_xyz67890.wav.bak", False),
        ("answer_q1_.wav", False),
        ("interview_video_20241128_120530.webm", False),
        ("notes.wav", False),
    ],
)
def test_the_request_s_own_names_are_known(name: str, *, is_wav: bool) -> None:
    assert names.is_wav(name) is is_wav
    assert not names.is_wav_of(name, "one")


@bounded
@given(any_text)
def test_downloads_fit_into_a_header(session_id: str) -> None:
    name = names.download_name(session_id)
    assert name.startswith("interview_")
    assert name.endswith(".webm")
    assert name.isascii()
    assert not set(name) & set('"\\/;\r\n %')
    assert_harmless(name)


def test_downloads_keep_ordinary_ids() -> None:
    assert names.download_name("Host-42_a.b") == "interview_Host-42_a.b.webm"
