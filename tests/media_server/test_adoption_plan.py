"""What becomes of an old tree, as it is decided from what lies there and what the table says."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from db.host_row import HostRow
from media_server.recording.adoption import AdoptionPlan, OldFile, OldSound, moment_in, plan

THEN = datetime(2024, 11, 28, 12, 5, 30, tzinfo=UTC)
VIDEO = "John_Doe/interview_video_20241128_120530.webm"
LATER = "John_Doe/interview_video_20241201_090000.webm"


def lying(path: str, *, at: datetime = THEN, size: int = 10_000_000, is_plain: bool = True) -> OldFile:
    return OldFile(path, size, at, is_plain)


def left(found: AdoptionPlan) -> dict[str, str]:
    return {each.path: each.why for each in found.left}


def test_a_tree_alone_tells_name_moment_and_sounds() -> None:
    sounds = ["John_Doe/question_q1_abc123.wav", "John_Doe/answer_q1_xyz789.wav", "John_Doe/answer_q2_uvw012.wav"]
    found = plan(map(lying, [VIDEO, *sounds]), None)
    (interview,) = found.interviews
    assert (interview.candidate, interview.folder, interview.uploaded_at) == ("John Doe", "John_Doe", THEN)
    assert interview.name == "interview_video_20241128_120530.webm"
    assert interview.sounds == (
        OldSound(sounds[1], "answer", 1),
        OldSound(sounds[2], "answer", 2),
        OldSound(sounds[0], "question", 1),
    )
    assert (interview.doubts, found.left, found.without_file) == ((), (), ())


@pytest.mark.parametrize(
    ("name", "written", "moment"),
    [
        ("interview_video_20241128.webm", THEN, THEN),
        ("interview_video_20241128.webm", THEN + timedelta(days=9), datetime(2024, 11, 28, tzinfo=UTC)),
        ("interview_video_TIMESTAMP.webm", THEN, THEN),
        ("interview_video_20241399_999999.webm", THEN, THEN),
    ],
)
def test_a_name_without_a_moment_gets_one_by_the_rule(name: str, written: datetime, moment: datetime) -> None:
    (interview,) = plan([lying(f"John_Doe/{name}", at=written)], None).interviews
    assert interview.uploaded_at == moment
    assert interview.name == f"interview_video_{moment:%Y%m%d_%H%M%S}.webm"
    assert "tells no moment" in interview.doubts[0]


def test_another_clock_moves_the_moment_and_no_name() -> None:
    (interview,) = plan([lying(VIDEO)], None, timezone(timedelta(hours=1))).interviews
    assert interview.uploaded_at == THEN - timedelta(hours=1)
    assert interview.name == "interview_video_20241128_120530.webm"


def test_a_number_behind_a_name_is_given_anew() -> None:
    (interview,) = plan([lying(VIDEO.replace(".webm", "_2.webm"))], None).interviews
    assert interview.name == "interview_video_20241128_120530.webm"
    assert moment_in("interview_video_20241128_120530_2.webm") == THEN.replace(tzinfo=None)


@pytest.mark.parametrize(
    "said",
    [
        f"uploads/{VIDEO}",
        f"backend/uploads/{VIDEO}",
        f"/srv/uploads/backend/uploads/{VIDEO}",
        f"C:\\app\\uploads\\{VIDEO}".replace("/", "\\"),
        VIDEO,
        f"./{VIDEO}",
        f"/data/{VIDEO}",
    ],
)
def test_a_row_is_found_by_any_path(said: str) -> None:
    row = HostRow("7", said, 10.0, THEN.replace(tzinfo=None), candidate="Jóhn D.", email="j@example.org")
    (interview,) = plan([lying(VIDEO)], [row]).interviews
    assert (interview.row, interview.candidate, interview.uploaded_at, interview.doubts) == (row, "Jóhn D.", THEN, ())


def test_what_the_table_does_not_name_stays() -> None:
    rows = [HostRow("7", f"uploads/{VIDEO}"), HostRow("8", "uploads/Jane/gone.webm"), HostRow("9", None)]
    found = plan(map(lying, [VIDEO, LATER]), rows)
    assert [each.path for each in found.interviews] == [VIDEO]
    assert "no row of the table names it" in left(found)[LATER]
    assert [row.session_id for row in found.without_file] == ["8"]


def test_two_rows_for_one_video_are_no_answer() -> None:
    found = plan([lying(VIDEO)], [HostRow("7", VIDEO), HostRow("8", VIDEO)])
    assert found.interviews == ()
    assert left(found) == {VIDEO: "several rows name it: 7, 8"}


def test_a_row_that_differs_from_its_file_is_doubtful() -> None:
    row = HostRow("7", VIDEO, size_mb=12.5, uploaded_at=datetime(2024, 12, 28, 12, tzinfo=UTC))
    (interview,) = plan([lying(VIDEO)], [row]).interviews
    assert interview.doubts == (
        "the table says 12.5 MB, 10.00 MB lie there",
        "its name and the table differ by 29 days; the table is believed",
    )
    assert interview.uploaded_at.month == 12
    mebibytes = HostRow("7", VIDEO, size_mb=9.54)
    assert plan([lying(VIDEO)], [mebibytes]).interviews[0].doubts == ()


def test_what_is_foreign_stays_and_is_named() -> None:
    strange = [
        "notes.txt",
        "John_Doe/notes.txt",
        "John_Doe/deep/interview_video_20241128_120530.webm",
        ".hidden/interview_video_20241128_120530.webm",
        "John_Doe/.interview_video_20241128_120530.webm",
        "Nobody/answer_q1_abc.wav",
        "J\udcff/interview_video_20241128_120530.webm",
        "John_Doe/answer_q0_abc.wav",
        "John_Doe/answer_q101_abc.wav",
    ]
    link = lying("Jane/interview_video_20241128_120530.webm", is_plain=False)
    found = plan([lying(VIDEO), link, *map(lying, strange)], None)
    assert [each.path for each in found.interviews] == [VIDEO]
    assert set(left(found)) == {link.path, *strange}


def test_several_in_one_folder_are_several_people_unless_the_table_says_otherwise() -> None:
    for interview in plan(map(lying, [VIDEO, LATER]), None).interviews:
        assert "nothing tells whether they show one person" in interview.doubts[0]
    rows = [HostRow("7", VIDEO, candidate_id="3"), HostRow("8", LATER, candidate_id="3")]
    assert [each.doubts for each in plan(map(lying, [VIDEO, LATER]), rows).interviews] == [(), ()]


def test_their_sounds_are_told_by_time_or_stay() -> None:
    later = datetime(2024, 12, 1, 9, tzinfo=UTC)
    sounds = {
        "John_Doe/answer_q1_first.wav": THEN - timedelta(minutes=5),
        "John_Doe/answer_q1_second.wav": later - timedelta(minutes=5),
        "John_Doe/answer_q1_copied.wav": later + timedelta(days=300),
        "John_Doe/answer_q1_between.wav": THEN + timedelta(hours=6),
    }
    found = plan([lying(VIDEO), lying(LATER), *(lying(path, at=at) for path, at in sounds.items())], None)
    heard = [[sound.path for sound in each.sounds] for each in found.interviews]
    assert heard == [["John_Doe/answer_q1_first.wav"], ["John_Doe/answer_q1_second.wav"]]
    assert set(left(found)) == {"John_Doe/answer_q1_copied.wav", "John_Doe/answer_q1_between.wav"}


def test_of_two_sounds_of_one_answer_the_newer_counts() -> None:
    older = lying("John_Doe/answer_q1_older.wav", at=THEN - timedelta(hours=1))
    found = plan([lying(VIDEO), older, lying("John_Doe/answer_q1_newer.wav")], None)
    assert [sound.path for sound in found.interviews[0].sounds] == ["John_Doe/answer_q1_newer.wav"]
    assert left(found) == {older.path: "answer_q1_newer.wav is the newer one"}
