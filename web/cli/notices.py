"""`holdfast job notice`, and what `holdfast job add` says in a notice where nobody else does."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import typer
from sqlalchemy.ext.asyncio import AsyncSession

import db.notices
from db import jobs, people
from db.errors import Missing, NotFound
from db.jobs import NoticeFields
from db.models import Job, JobRole, LegalBasis
from media_server.aio.data_folder import DataFolder
from web import notices
from web.cli.common import ConfigOption, DataOption, JsonOption, fail, print_json, read_settings, run, workshop
from web.languages import LANGUAGES
from web.link_base import link_base
from web.notice_versions import keep_current
from web.settings import NoticeSettings, Settings

ControllerOption = Annotated[
    str, typer.Option("--controller", metavar="TEXT", help="Who is responsible: name and address.")
]
ContactOption = Annotated[str, typer.Option("--contact", metavar="TEXT", help="Whom candidates can ask about data.")]
PurposeOption = Annotated[str, typer.Option("--purpose", metavar="TEXT", help="Why it is recorded.")]
RecipientsOption = Annotated[str, typer.Option("--recipients", metavar="TEXT", help="Who watches.")]
RightsOption = Annotated[str, typer.Option("--rights", metavar="TEXT", help="What candidates can ask for.")]
LegalBasisOption = Annotated[
    LegalBasis | None, typer.Option("--legal-basis", help="What allows the recording (GDPR Art. 6(1)).")
]

_FIELDS = ("controller", "contact", *db.notices.SPOKEN)


@dataclass(frozen=True, slots=True)
class Said:
    """What the flags say; empty: nothing."""

    controller: str = ""
    "Who is responsible."
    contact: str = ""
    "Whom to ask."
    purpose: str = ""
    "Why."
    recipients: str = ""
    "Who watches."
    rights: str = ""
    "What can be asked for."
    legal_basis: LegalBasis | None = None
    "What allows it."

    def whole(self, settings: NoticeSettings, owner: str) -> NoticeFields:
        """A complete notice: the flags, then the settings, then the owner's address and our own sentences."""
        words = notices.first_words(settings, controller=owner, contact=owner)
        filled = bool(self.left_open(settings))
        return {**words, **self.changes(words.get("notice_texts", {})), "notice_unread": filled}

    def changes(self, texts: notices.Texts, language: str | None = None) -> NoticeFields:
        """What they change of a job that says `texts`; purpose, recipients and rights in one language, or in all."""
        changed: NoticeFields = {}
        if self.controller:
            changed["notice_controller"] = self.controller
        if self.contact:
            changed["notice_contact"] = self.contact
        if self.legal_basis is not None:
            changed["notice_legal_basis"] = self.legal_basis
        spoken = {field: getattr(self, field) for field in db.notices.SPOKEN if getattr(self, field)}
        if spoken:
            everywhere, alone = (spoken, {}) if language is None else ({}, {language: spoken})
            changed["notice_texts"] = notices.said_anew(texts, everywhere, alone)
        return changed

    def left_open(self, settings: NoticeSettings) -> list[str]:
        """The fields that neither the flags nor the settings say."""
        return [field for field in _FIELDS if not getattr(self, field) and not getattr(settings, field)]


def notice(
    job: Annotated[int, typer.Argument(metavar="ID", help="The job's id.")],
    controller: ControllerOption = "",
    contact: ContactOption = "",
    purpose: PurposeOption = "",
    recipients: RecipientsOption = "",
    rights: RightsOption = "",
    legal_basis: LegalBasisOption = None,
    language: Annotated[
        str | None, typer.Option("--language", metavar="TAG", help="Change the words of this language alone: en or de.")
    ] = None,
    fill: Annotated[
        bool, typer.Option("--fill", help="Fill in what is missing, as job add does; read it afterwards.")
    ] = False,
    data: DataOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Change what candidates of a job are told before the camera opens; say what it is now, and what is missing."""
    settings = read_settings(config, data)
    if language is not None and language not in LANGUAGES:
        fail(f"There is no language {language}. Choose one of {', '.join(LANGUAGES)}.")
    said = Said(controller, contact, purpose, recipients, rights, legal_basis)
    changed = run(_change(settings, job, said, language, fill=fill))
    lacking = notices.missing(changed)
    texts = list(notices.current(changed, settings.notice).values())
    if as_json:
        missing = [{"field": each.field, "language": each.language} for each in lacking]
        print_json({"job_id": job, "missing": missing, "notices": [_told(text) for text in texts]})
        return
    for text in texts:
        typer.echo(f"{LANGUAGES[text.language]}, version {text.version}")
        typer.echo("".join(f"  {passage.title}: {passage.text}\n" for passage in text.passages))
    if lacking:
        typer.echo(f"Nobody can be invited yet: it does not say {notices.lacking_sentence(lacking)}.")


def filled_lines(settings: Settings, job_id: int, said: Said, owner: str) -> Sequence[str]:
    """What `job add` tells of the words that are its own; nothing where there are none."""
    left = said.left_open(settings.notice)
    if not left:
        return ()
    open_fields = notices.lacking_sentence(tuple(Missing(field) for field in left))
    address = f" ({people.normal_email(owner)})" if {"controller", "contact"} & set(left) else ""
    page = f"{link_base(settings, DataFolder(settings.data))}/hr/jobs/{job_id}#notice"
    return (
        f"Its notice for candidates says in words of ours, or with the owner's address{address}: {open_fields}.",
        f"Read it before you invite anybody, and change what is not right: {page}",
    )


async def _change(settings: Settings, job_id: int, said: Said, language: str | None, *, fill: bool) -> Job:
    async with workshop(settings) as shop, shop.database.writing() as db_session:
        job = await jobs.get_job(db_session, job_id)
        if changes := said.changes(job.notice_texts, language):
            job = await jobs.edit_notice(db_session, job_id, {**changes, "notice_unread": False})
        if fill and notices.missing(job):
            owner = await _owner_of(db_session, job_id)
            words = notices.first_words(settings.notice, controller=owner, contact=owner)
            job = await jobs.edit_notice(db_session, job_id, notices.filled_in(job, words))
        await keep_current(db_session, job, settings.notice, shop.clock.utc_now())
        return job


async def _owner_of(db_session: AsyncSession, job_id: int) -> str:
    members = await jobs.members_of(db_session, job_id)
    owners = [member.email for member in members if member.role is JobRole.OWNER]
    if not owners:
        raise NotFound(f"job {job_id} has no owner whose address could be named")
    return owners[0]


def _told(text: notices.NoticeText) -> dict[str, Any]:
    return {"version": text.version, "language": text.language, "legal_basis": text.legal_basis.value, **text.content}
