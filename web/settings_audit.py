"""The settings that a server runs with, as the audit tells of them: what differs from the defaults, secrets never."""

import hashlib
import hmac
import json
from collections.abc import Iterator

from pydantic import BaseModel, SecretStr
from sqlalchemy import select

from db import audit
from db.audit import SYSTEM, AuditEvent, Details
from db.engine import Database
from db.models import AuditRow
from web.audit_log import AuditLog
from web.settings import Settings


def effective(settings: Settings, server_key: bytes) -> dict[str, str]:
    """Each setting that differs from its default. Of a secret: a mark that changes with it and tells nothing else."""
    return dict(sorted(_differing(settings, "", server_key)))


def fingerprint(told: dict[str, str]) -> str:
    """SHA-256 of them all."""
    return hashlib.sha256(audit.spelled(told).encode("ascii")).hexdigest()


async def note_start(audit_log: AuditLog, database: Database, settings: Settings, server_key: bytes) -> None:
    """A server begins: with which settings, and what of them has changed since the last one began."""
    now_so = effective(settings, server_key)
    async with database.reading() as db_session:
        query = select(AuditRow.details).where(AuditRow.event == AuditEvent.SETTINGS_CHANGED.value)
        last = await db_session.scalar(query.order_by(AuditRow.number.desc()).limit(1))
    before: dict[str, str] = {} if last is None else json.loads(json.loads(last)["settings"])
    changed = sorted(name for name in before.keys() | now_so.keys() if before.get(name) != now_so.get(name))
    audit_log.note(AuditEvent.SERVER_STARTED, SYSTEM, details={"settings": fingerprint(now_so)})
    if changed:
        details: Details = {"changed": " ".join(changed), "settings": audit.spelled(now_so)}
        audit_log.note(AuditEvent.SETTINGS_CHANGED, SYSTEM, details=details)


def _differing(section: BaseModel, prefix: str, server_key: bytes) -> Iterator[tuple[str, str]]:
    for name, field in type(section).model_fields.items():
        value = getattr(section, name)
        if isinstance(value, BaseModel):
            yield from _differing(value, f"{prefix}{name}.", server_key)
        elif isinstance(value, SecretStr):
            yield f"{prefix}{name}", _mark(value, server_key)
        elif value != field.default:
            yield f"{prefix}{name}", str(value)


def _mark(secret: SecretStr, server_key: bytes) -> str:
    # Keyed: a short password cannot be found by trying.
    digest = hmac.new(server_key, b"setting " + secret.get_secret_value().encode(), hashlib.sha256)
    return f"secret {digest.hexdigest()[:16]}"
