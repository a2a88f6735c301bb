"""Nothing that holds something of an interview is forgotten when it is deleted: every table and column is judged."""

from db.belongings import EMPTIED, KEPT, TABLES, Fate
from db.models import Base, InterviewSession


def test_every_table_is_judged() -> None:
    unjudged = set(Base.metadata.tables) - set(TABLES)
    assert not unjudged, f"say in db/belongings.py what deleting an interview does to {sorted(unjudged)}"


def test_every_column_of_an_interview_is_judged() -> None:
    columns = set(InterviewSession.__table__.columns.keys())
    unjudged = columns - KEPT - set(EMPTIED)
    assert not unjudged, f"say in db/belongings.py whether a deleted interview keeps {sorted(unjudged)}"
    assert not KEPT & set(EMPTIED)


def test_what_goes_can_be_told_to_be_an_interview_s() -> None:
    for name, judged in TABLES.items():
        assert judged.why
        if judged.fate is Fate.GOES and name in Base.metadata.tables:
            assert {"session_id", "part_id"} & set(Base.metadata.tables[name].columns.keys()), name
