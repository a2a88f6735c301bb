"""Users, tokens, jobs, candidates."""

import asyncio
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db import people
from db.engine import Database
from db.errors import Conflict, NotFound
from db.models import Candidate, TokenKind
from tests.db.conftest import NOW, House

HOUR = timedelta(hours=1)


async def _identify(database: Database, name: str, folder: str = "John_Doe", **known: str) -> Candidate:
    async with database.writing() as db_session:
        return await people.identify_candidate(db_session, name, folder, NOW, **known)


# --- users and tokens ------------------------------------------------------------


async def test_an_email_has_one_user_however_it_is_written(house: House) -> None:
    async with house.database.writing() as db_session:
        assert (await people.get_user(db_session, "  HR@Example.org ")).id == house.owner_id
        assert await people.find_user(db_session, "nobody@example.org") is None
        with pytest.raises(NotFound):
            await people.get_user(db_session, "nobody@example.org")
        with pytest.raises(Conflict):
            await people.add_user(db_session, "HR@EXAMPLE.ORG", None, NOW)


async def test_a_password_is_replaced(house: House) -> None:
    async with house.database.writing() as db_session:
        await people.set_password(db_session, house.owner_id, "another-hash")
        with pytest.raises(NotFound):
            await people.set_password(db_session, 999, "another-hash")
    async with house.database.reading() as db_session:
        assert (await people.get_user(db_session, "hr@example.org")).password_hash == "another-hash"


async def test_a_token_is_good_for_its_kind_and_until_it_expires(house: House) -> None:
    async with house.database.writing() as db_session:
        await people.issue_token(db_session, house.owner_id, TokenKind.API, "a" * 64, NOW, expires_at=NOW + HOUR)
    async with house.database.reading() as db_session:
        token = await people.verify_token(db_session, "a" * 64, TokenKind.API, NOW)
        assert token.user.email == "hr@example.org"
        for token_hash, kind, now in (
            ("b" * 64, TokenKind.API, NOW),
            ("a" * 64, TokenKind.LOGIN, NOW),
            ("a" * 64, TokenKind.API, NOW + HOUR),
        ):
            with pytest.raises(NotFound):
                await people.verify_token(db_session, token_hash, kind, now)


async def test_a_sign_in_token_is_good_once(house: House) -> None:
    async with house.database.writing() as db_session:
        await people.issue_token(db_session, house.owner_id, TokenKind.SIGN_IN, "a" * 64, NOW)

    async def use() -> bool:
        try:
            async with house.database.writing() as db_session:
                user = await people.use_sign_in_token(db_session, "a" * 64, NOW)
        except NotFound:
            return False
        return user.id == house.owner_id

    assert sorted(await asyncio.gather(use(), use(), use())) == [False, False, True]


async def test_revoked_tokens_are_no_tokens(house: House) -> None:
    async with house.database.writing() as db_session:
        for letter in "abc":
            kind = TokenKind.API if letter == "c" else TokenKind.LOGIN
            await people.issue_token(db_session, house.owner_id, kind, letter * 64, NOW)
        await people.revoke_token(db_session, "a" * 64, NOW)
        await people.revoke_token(db_session, "unknown", NOW)
    async with house.database.reading() as db_session:
        with pytest.raises(NotFound):
            await people.verify_token(db_session, "a" * 64, TokenKind.LOGIN, NOW)
        assert (await people.verify_token(db_session, "b" * 64, TokenKind.LOGIN, NOW)).user_id == house.owner_id
    async with house.database.writing() as db_session:
        await people.revoke_tokens(db_session, house.owner_id, TokenKind.LOGIN, NOW)
    async with house.database.reading() as db_session:
        with pytest.raises(NotFound):
            await people.verify_token(db_session, "b" * 64, TokenKind.LOGIN, NOW)
        assert (await people.verify_token(db_session, "c" * 64, TokenKind.API, NOW)).user_id == house.owner_id


async def test_the_last_use_is_noted(house: House) -> None:
    async with house.database.writing() as db_session:
        token = await people.issue_token(db_session, house.owner_id, TokenKind.API, "a" * 64, NOW)
        await people.note_token_use(db_session, token.id, NOW + HOUR)
    async with house.database.reading() as db_session:
        again = await people.verify_token(db_session, "a" * 64, TokenKind.API, NOW)
    assert again.last_used_at == NOW + HOUR


# --- jobs ------------------------------------------------------------------------


async def test_a_job_belongs_to_its_members(house: House) -> None:
    async with house.database.reading() as db_session:
        job = await people.get_job(db_session, house.job_id)
        assert (job.retention_days, job.microphone_only_allowed) == (90, False)
        assert [job.id for job in await people.jobs_of(db_session, house.owner_id)] == [house.job_id]
        assert await people.jobs_of(db_session, house.stranger_id) == []
        with pytest.raises(NotFound):
            await people.get_job(db_session, 999)


async def test_recordings_are_kept_for_a_day_at_least(house: House) -> None:
    async with house.database.writing() as db_session:
        with pytest.raises(ValueError, match="one day"):
            await people.add_job(db_session, "Nobody", house.owner_id, NOW, retention_days=0)


# --- candidates --------------------------------------------------------------------


async def test_a_name_alone_is_always_a_new_person_with_a_folder_of_their_own(database: Database) -> None:
    folders = [(await _identify(database, "John Doe")).folder for _ in range(3)]
    assert folders == ["John_Doe", "John_Doe_2", "John_Doe_3"]


async def test_people_of_one_name_who_arrive_together_get_folders_of_their_own(database: Database) -> None:
    people_of_one_name = await asyncio.gather(*(_identify(database, "John Doe") for _ in range(10)))
    assert len({candidate.folder for candidate in people_of_one_name}) == 10


@pytest.mark.parametrize(
    ("taken", "wanted"),
    [("John_Doe", "john_doe"), ("JOSÉ", "jose\u0301"), ("Straße", "STRASSE"), ("A_B", "a_b"), ("100%", "100%")],
)
async def test_a_disk_that_ignores_case_and_composition_has_two_folders_too(
    database: Database, taken: str, wanted: str
) -> None:
    await _identify(database, "x", taken)
    assert (await _identify(database, "x", wanted)).folder == f"{wanted}_2"


async def test_folders_that_only_look_alike_to_like_are_free(database: Database) -> None:
    await _identify(database, "x", "AxB")
    assert (await _identify(database, "x", "A_B")).folder == "A_B"


async def test_somebody_called_like_a_numbered_folder(database: Database) -> None:
    folders = [(await _identify(database, "x", folder)).folder for folder in ("John", "John_2", "John", "John_2")]
    assert len(set(folders)) == 4


async def test_an_email_or_an_id_is_the_same_person_again(database: Database) -> None:
    first = await _identify(database, "John Doe", email="John.Doe@example.org")
    assert (await _identify(database, "J. Doe", email="john.doe@EXAMPLE.org")).id == first.id
    # The host's id becomes known later, and is enough from then on.
    await _identify(database, "John Doe", email="john.doe@example.org", external_id="host-7")
    assert (await _identify(database, "John Doe", external_id="host-7")).id == first.id


async def test_an_email_and_an_id_of_two_people_are_a_conflict(database: Database) -> None:
    await _identify(database, "John Doe", email="john.doe@example.org", external_id="host-1")
    await _identify(database, "Jane Smith", email="jane.smith@example.org")
    await _identify(database, "Mary Major", external_id="host-3")
    for email, external_id in (
        ("jane.smith@example.org", "host-1"),
        ("jane.smith@example.org", "host-3"),
        ("john.doe@example.org", "host-9"),
        ("other@example.org", "host-1"),
    ):
        with pytest.raises(Conflict):
            await _identify(database, "Somebody", email=email, external_id=external_id)


async def test_empty_identification_is_none(database: Database) -> None:
    first = await _identify(database, "John Doe", email="", external_id="")
    second = await _identify(database, "John Doe", email="", external_id="")
    assert first.id != second.id
    assert (second.email, second.external_id) == (None, None)


@given(st.text(max_size=20))
def test_a_folder_key_is_stable(folder: str) -> None:
    key = people.folder_key(folder)
    assert people.folder_key(key) == key
