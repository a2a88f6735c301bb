"""Whether the audit is whole."""

from db import audit_chain
from db.engine import Database
from db.migrate import migration_status
from media_server.aio.data_folder import DataFolder
from web.doctor.finding import Finding, fail, ok
from web.settings import Settings


async def examine_audit(settings: Settings, data_folder: DataFolder) -> list[Finding]:
    """Every row, and the triggers that keep rows from being changed."""
    if not data_folder.database_path.exists() or not migration_status(data_folder.database_path).up_to_date:
        return []
    database = await Database.open(data_folder.database_path, settings.database)
    try:
        async with database.reading() as db_session:
            verdict = await audit_chain.verify(db_session)
    finally:
        await database.close()
    if verdict.fault is not None:
        remedy = "Keep a copy of the database as it is; holdfast audit verify says more (docs/operate.md)."
        return [fail("audit", verdict.fault.said, remedy)]
    return [ok("audit", f"Its {verdict.rows} rows follow one another, unchanged")]
