"""Users, their tokens, jobs and candidates.

Every function takes the session first; those that write need one of `Database.writing()`.
"""

import unicodedata
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import Select, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from db.errors import Conflict, NotFound
from db.models import Candidate, InterviewSession, Job, JobMember, JobRole, LegalBasis, TokenKind, User, UserToken
from db.search import search_key
from db.states import InterviewState


def normal_email(email: str) -> str:
    """The spelling that is stored and compared: trimmed, lower case."""
    return email.strip().lower()


# --- users ---------------------------------------------------------------------


async def add_user(db_session: AsyncSession, email: str, password_hash: str | None, now: datetime) -> User:
    """Add a user. Raises Conflict when the e-mail has one already."""
    if await find_user(db_session, email) is not None:
        raise Conflict(f"there is a user {normal_email(email)} already")
    user = User(email=normal_email(email), password_hash=password_hash, created_at=now)
    db_session.add(user)
    await db_session.flush()
    return user


async def find_user(db_session: AsyncSession, email: str) -> User | None:
    """The user with this e-mail, however it is capitalised."""
    return await db_session.scalar(select(User).where(User.email == normal_email(email)))


async def get_user(db_session: AsyncSession, email: str) -> User:
    """The same, but raises NotFound."""
    user = await find_user(db_session, email)
    if user is None:
        raise NotFound(f"there is no user {normal_email(email)}")
    return user


async def set_password(db_session: AsyncSession, user_id: int, password_hash: str) -> None:
    """Replace the argon2 hash. Raises NotFound."""
    user = await db_session.get(User, user_id)
    if user is None:
        raise NotFound(f"there is no user {user_id}")
    user.password_hash = password_hash
    await db_session.flush()


# --- tokens --------------------------------------------------------------------


NOWHERE: Final = {"address": "", "user_agent": ""}
"Where and with what somebody signed in is of use as long as they are: it goes with the login."


async def issue_token(
    db_session: AsyncSession,
    user_id: int,
    kind: TokenKind,
    token_hash: str,
    now: datetime,
    *,
    expires_at: datetime | None = None,
    name: str = "",
    scopes: Collection[str] | None = None,
    user_agent: str = "",
    address: str = "",
) -> UserToken:
    """Remember a token by its SHA-256 in hexadecimal; the caller made it and shows it once.

    An API token has a name and scopes (None: all that its user may), a login the browser and address it is for.
    """
    token = UserToken(
        user_id=user_id,
        kind=kind,
        token_hash=token_hash,
        created_at=now,
        expires_at=expires_at,
        name=name,
        scopes=None if scopes is None else sorted(scopes),
        user_agent=user_agent,
        address=address,
    )
    db_session.add(token)
    await db_session.flush()
    return token


async def verify_token(db_session: AsyncSession, token_hash: str, kind: TokenKind, now: datetime) -> UserToken:
    """The token with its `user`. Raises NotFound when it is unknown, of another kind, used up, expired or revoked.

    It writes nothing; :func:`note_token_use` does, as seldom as the caller likes.
    """
    token = await db_session.scalar(
        select(UserToken)
        .options(joinedload(UserToken.user))
        .where(UserToken.token_hash == token_hash, UserToken.kind == kind)
    )
    if token is None or not _is_valid(token, now):
        raise NotFound("there is no such token")
    return token


async def knows_token(db_session: AsyncSession, token_hash: str) -> bool:
    """Whether a token with this hash was ever issued, whatever became of it."""
    return await db_session.scalar(select(UserToken.id).where(UserToken.token_hash == token_hash)) is not None


async def use_sign_in_token(db_session: AsyncSession, token_hash: str, now: datetime) -> User:
    """Use a sign-in token up. Raises NotFound like :func:`verify_token`: the second use finds nothing."""
    token = await verify_token(db_session, token_hash, TokenKind.SIGN_IN, now)
    token.used_at = token.last_used_at = now
    await db_session.flush()
    return token.user


async def note_token_use(db_session: AsyncSession, token_id: int, now: datetime) -> None:
    """Write down when a token was last seen."""
    await db_session.execute(update(UserToken).where(UserToken.id == token_id).values(last_used_at=now))


async def revoke_token(db_session: AsyncSession, token_hash: str, now: datetime) -> str | None:
    """End a token (sign-out); returns its user's e-mail. Repeating it, or an unknown token, changes nothing: None."""
    query = (
        update(UserToken)
        .where(UserToken.token_hash == token_hash, UserToken.revoked_at.is_(None))
        .values(revoked_at=now, **NOWHERE)
        .returning(UserToken.user_id)
    )
    user_id = await db_session.scalar(query)
    return None if user_id is None else await db_session.scalar(select(User.email).where(User.id == user_id))


async def revoke_tokens(db_session: AsyncSession, user_id: int, kind: TokenKind, now: datetime) -> None:
    """End all tokens of one kind that a user has."""
    await db_session.execute(
        update(UserToken)
        .where(UserToken.user_id == user_id, UserToken.kind == kind, UserToken.revoked_at.is_(None))
        .values(revoked_at=now, **NOWHERE)
    )


def _is_valid(token: UserToken, now: datetime) -> bool:
    fresh = token.expires_at is None or now < token.expires_at
    return fresh and token.revoked_at is None and token.used_at is None


# --- jobs ----------------------------------------------------------------------


async def add_job(
    db_session: AsyncSession,
    title: str,
    owner_id: int,
    now: datetime,
    *,
    retention_days: int = 90,
    microphone_only_allowed: bool = False,
    answers_only: bool = False,
    deadline_days: int = 7,
    help_contact: str = "",
    notice_controller: str = "",
    notice_contact: str = "",
    notice_legal_basis: LegalBasis = LegalBasis.CONSENT,
    notice_texts: Mapping[str, Mapping[str, str]] | None = None,
    notice_unread: bool = False,
) -> Job:
    """Add a job with its first owner. Nobody can be invited while a field of the notice is empty (db.notices).

    Raises ValueError unless recordings are kept, and links are good, for a day at least.
    """
    check_days(retention_days, deadline_days)
    job = Job(
        title=title,
        retention_days=retention_days,
        microphone_only_allowed=microphone_only_allowed,
        answers_only=answers_only,
        deadline_days=deadline_days,
        help_contact=help_contact,
        notice_controller=notice_controller,
        notice_contact=notice_contact,
        notice_legal_basis=notice_legal_basis,
        notice_texts={language: dict(words) for language, words in (notice_texts or {}).items()},
        notice_unread=notice_unread,
        created_at=now,
        title_key=search_key(title),
        members=[JobMember(user_id=owner_id, role=JobRole.OWNER)],
    )
    db_session.add(job)
    await db_session.flush()
    return job


def check_days(retention_days: int, deadline_days: int) -> None:
    """Raise ValueError unless recordings are kept, and links are good, for a day at least."""
    if deadline_days < 1:
        raise ValueError("a link is good for at least one day")
    if retention_days < 1:
        raise ValueError("recordings are kept for at least one day; an interrupted interview has to find its own again")


async def get_job(db_session: AsyncSession, job_id: int) -> Job:
    """One job. Raises NotFound."""
    job = await db_session.get(Job, job_id)
    if job is None:
        raise NotFound(f"there is no job {job_id}")
    return job


async def jobs_of(db_session: AsyncSession, user_id: int) -> list[Job]:
    """The jobs that a user is a member of, newest first."""
    mine = select(Job).join(Job.members).where(JobMember.user_id == user_id)
    return list(await db_session.scalars(mine.order_by(Job.id.desc())))


def job_ids_of(user_id: int) -> Select[int]:
    """The ids of the jobs that a user is a member of, for other queries."""
    return select(JobMember.job_id).where(JobMember.user_id == user_id)


async def roles_of(db_session: AsyncSession, user_id: int) -> dict[int, JobRole]:
    """What a user is to each job that they are a member of."""
    mine = select(JobMember.job_id, JobMember.role).where(JobMember.user_id == user_id)
    return {row.job_id: row.role for row in await db_session.execute(mine)}


async def role_for_job(db_session: AsyncSession, user_id: int, job_id: int) -> JobRole:
    """What a user is to a job. Raises NotFound for no member, and for no such job."""
    role = await db_session.scalar(
        select(JobMember.role).where(JobMember.job_id == job_id, JobMember.user_id == user_id)
    )
    if role is None:
        raise NotFound(f"there is no job {job_id} for user {user_id}")
    return role


async def role_for_interview(db_session: AsyncSession, user_id: int, session_id: str) -> JobRole:
    """What a user is to an interview's job. Raises NotFound for no member, no such interview, and a deleted one."""
    role = await db_session.scalar(
        select(JobMember.role)
        .join(InterviewSession, InterviewSession.job_id == JobMember.job_id)
        .where(
            InterviewSession.session_id == session_id,
            InterviewSession.state != InterviewState.DELETED,
            JobMember.user_id == user_id,
        )
    )
    if role is None:
        raise NotFound(f"there is no interview {session_id} for user {user_id}")
    return role


# --- candidates ----------------------------------------------------------------


async def identify_candidate(
    db_session: AsyncSession,
    name: str,
    base_folder: str,
    now: datetime,
    *,
    email: str | None = None,
    external_id: str | None = None,
) -> Candidate:
    """The candidate whom an e-mail or the host platform's id identifies, or a new one; a name alone is always a new one.

    `base_folder` is what `media_server.recording.names` made of the name; a number makes it unique.
    What was unknown so far is filled in. Raises Conflict when the two identify different people.
    """
    email = normal_email(email) if email else None
    candidate = await _known_candidate(db_session, email, external_id or None)
    if candidate is None:
        folder = await _free_folder(db_session, base_folder)
        candidate = Candidate(name=name, folder=folder, folder_key=folder_key(folder), created_at=now)
        db_session.add(candidate)
    candidate.email = candidate.email or email
    candidate.external_id = candidate.external_id or external_id or None
    candidate.search_key = search_key(candidate.name, candidate.email)
    await db_session.flush()
    return candidate


def folder_key(folder: str) -> str:
    """What two folders must not share, so that they are two on a disk that ignores case and composition."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", folder).casefold())


async def _known_candidate(db_session: AsyncSession, email: str | None, external_id: str | None) -> Candidate | None:
    identified_by = [(Candidate.email, email), (Candidate.external_id, external_id)]
    same = [column == value for column, value in identified_by if value]
    found = list(await db_session.scalars(select(Candidate).where(or_(*same)))) if same else []
    for candidate in found:
        other_email = email and candidate.email not in {None, email}
        other_id = external_id and candidate.external_id not in {None, external_id}
        if len(found) > 1 or other_email or other_id:
            raise Conflict("the e-mail and the id belong to two different candidates")
    return found[0] if found else None


async def _free_folder(db_session: AsyncSession, base: str) -> str:
    alike = select(Candidate.folder_key).where(Candidate.folder_key.startswith(folder_key(base), autoescape=True))
    taken = set(await db_session.scalars(alike))
    folder, number = base, 1
    while folder_key(folder) in taken:
        number += 1
        folder = f"{base}_{number}"
    return folder
