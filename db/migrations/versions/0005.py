"""What trust needs: notices, retention, requests, an audit

Revision: 0005
Before it: 0004
"""

import sqlalchemy as sa
from alembic import op

import db.columns

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Each room has a function of its own."""
    _up_audit()


def downgrade() -> None:
    """The same, backwards."""
    _down_audit()


def _up_audit() -> None:
    op.create_table(
        "audit_events",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", db.columns.UtcDateTime(), nullable=False),
        sa.Column("event", sa.String(64), nullable=False),
        sa.Column("actor_kind", sa.String(16), nullable=False),
        sa.Column("actor_name", sa.Text(), nullable=False),
        sa.Column("session_id", sa.Text(), nullable=True),
        sa.Column("job_id", sa.Integer(), nullable=True),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_audit_events"),
    )
    op.create_index("ix_audit_events_session_id", "audit_events", ["session_id", "number"])
    op.create_index("ix_audit_events_job_id", "audit_events", ["job_id", "number"])
    op.create_index("ix_audit_events_event", "audit_events", ["event", "number"])
    op.create_index("ix_audit_events_at", "audit_events", ["at"])
    # The same words are in db.audit_chain.TRIGGERS, which looks whether they are still there; a test compares.
    op.execute(
        "CREATE TRIGGER audit_events_no_update BEFORE UPDATE ON audit_events "
        "BEGIN SELECT RAISE(ABORT, 'the audit is only ever added to'); END"
    )
    # Old rows may go once the chain itself says up to which number (event audit_pruned).
    op.execute(
        "CREATE TRIGGER audit_events_no_delete BEFORE DELETE ON audit_events "
        "WHEN NOT EXISTS (SELECT 1 FROM audit_events WHERE event = 'audit_pruned' AND number > OLD.number "
        "AND json_extract(details, '$.through') >= OLD.number) "
        "BEGIN SELECT RAISE(ABORT, 'the audit is only ever added to'); END"
    )
    # Also keeps INSERT OR REPLACE from being a way to change a row.
    op.execute(
        "CREATE TRIGGER audit_events_at_the_end BEFORE INSERT ON audit_events "
        "WHEN NEW.number <> (SELECT COALESCE(MAX(number), 0) + 1 FROM audit_events) "
        "BEGIN SELECT RAISE(ABORT, 'the audit is only ever added to'); END"
    )


def _down_audit() -> None:
    op.drop_table("audit_events")
