"""What the audit costs: a row in a transaction of its own, a row among many, and a look at all of a long one.

python -m bench.audit --rows 100000
"""

import argparse
import asyncio
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bench.report import print_table, print_verdict
from db import audit, audit_chain
from db.audit import Actor, ActorKind, AuditEvent
from db.clock import SystemClock
from db.engine import Database

BATCH = 200
ALONE = 300
HR = Actor(ActorKind.USER, "somebody@example.org")


async def measure(rows: int, folder: Path) -> None:
    """Fill an audit, look at all of it, and print what each took."""
    database = await Database.open(folder / "holdfast.db")
    now = SystemClock().utc_now()
    bare, alone = [], []
    for number in range(ALONE):
        began = time.perf_counter()
        async with database.writing() as db_session:
            await db_session.execute(text("UPDATE alembic_version SET version_num = version_num"))
        bare.append(time.perf_counter() - began)
        began = time.perf_counter()
        async with database.writing() as db_session:
            await db_session.execute(text("UPDATE alembic_version SET version_num = version_num"))
            await _record(db_session, number, now)
        alone.append(time.perf_counter() - began)
    began = time.perf_counter()
    for first in range(ALONE, rows, BATCH):
        async with database.writing() as db_session:
            for number in range(first, min(first + BATCH, rows)):
                await _record(db_session, number, now)
    filled_s = time.perf_counter() - began
    began, cpu = time.perf_counter(), time.process_time()
    async with database.reading() as db_session:
        verdict = await audit_chain.verify(db_session)
    verified_s, verified_cpu_s = time.perf_counter() - began, time.process_time() - cpu
    await database.close()
    size = (folder / "holdfast.db").stat().st_size
    print_table(
        f"An audit of {rows} rows",
        ["what", "took"],
        [
            ["a transaction that changes one row, ms (median)", median(bare) * 1000],
            ["the same with a row of the audit, ms (median)", median(alone) * 1000],
            [f"each row, {BATCH} in a transaction, ms", filled_s / max(1, rows - ALONE) * 1000],
            ["verifying all, s", verified_s],
            ["verifying all, s of CPU", verified_cpu_s],
            ["database, bytes for each row", size / rows],
        ],
    )
    whole = verdict.fault is None and verdict.rows == rows
    print_verdict("every row is there and the chain is whole", met=whole)


async def _record(db_session: AsyncSession, number: int, now: datetime) -> None:
    await audit.record(
        db_session,
        AuditEvent.DOWNLOADED,
        now + timedelta(seconds=number),
        actor=HR,
        session_id=f"interview-{number % 500}",
        job_id=1,
        details={"what": "recording"},
    )


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(arguments.rows, Path(folder)))


if __name__ == "__main__":
    main()
