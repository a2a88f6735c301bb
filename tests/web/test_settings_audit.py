"""What the audit says of settings: which differ, which changed, and never a secret."""

import json
from pathlib import Path

from sqlalchemy import select

from db.clock import SystemClock
from db.engine import Database
from db.models import AuditRow
from web.audit_log import AuditLog
from web.settings import load_settings
from web.settings_audit import effective, fingerprint, note_start

KEY = b"k" * 32
SECRET = "a secret that coturn knows too"


def test_what_differs_and_no_secret() -> None:
    settings = load_settings(
        None, {"web": {"port": 9000}, "signaling": {"ice_servers": ["turn:t.example.org"], "turn_secret": SECRET}}
    )
    told = effective(settings, KEY)
    assert told["web.port"] == "9000"
    assert set(told) == {"web.port", "signaling.ice_servers", "signaling.turn_secret"}
    assert SECRET not in json.dumps(told)
    assert effective(settings, b"l" * 32)["signaling.turn_secret"] != told["signaling.turn_secret"]
    assert effective(load_settings(), KEY) == {}
    assert fingerprint(told) != fingerprint({})


async def test_a_start_says_what_changed_since_the_last_one(tmp_path: Path) -> None:
    database = await Database.open(tmp_path / "holdfast.db")

    async def start(**web: object) -> list[tuple[str, dict[str, str]]]:
        log = AuditLog(database, SystemClock())
        await note_start(log, database, load_settings(None, {"web": web}), KEY)
        await log.flush()
        async with database.reading() as db_session:
            rows = list(await db_session.scalars(select(AuditRow).order_by(AuditRow.number)))
        return [(row.event, json.loads(row.details)) for row in rows]

    assert [event for event, _ in await start()] == ["server_started"]  # nothing but defaults
    rows = await start(port=9000)
    assert [event for event, _ in rows] == ["server_started", "server_started", "settings_changed"]
    assert rows[-1][1]["changed"] == "web.port"
    assert json.loads(rows[-1][1]["settings"]) == {"web.port": "9000"}
    assert len(await start(port=9000)) == 4
    rows = await start(login_days=3)
    assert rows[-1][1]["changed"] == "web.login_days web.port"
    assert rows[-2][1]["settings"] == fingerprint({"web.login_days": "3"})
    await database.close()
