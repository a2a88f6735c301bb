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
    _up_own()


def downgrade() -> None:
    """The same, backwards."""
    _down_audit()
    _down_own()


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


def _up_own() -> None:
    """What candidates ask for afterwards."""
    op.create_table(
        'deletion_requests',
        sa.Column('session_id', sa.Text(), nullable=False),
        sa.Column('requested_at', db.columns.UtcDateTime(), nullable=False),
        sa.Column('due_at', db.columns.UtcDateTime(), nullable=False),
        sa.Column('mailed_at', db.columns.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(['session_id'], ['interview_sessions.session_id'], ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('session_id'),
    )
    op.create_index('ix_deletion_requests_due_at', 'deletion_requests', ['due_at'])
    op.create_table(
        'own_codes',
        sa.Column('session_id', sa.Text(), nullable=False),
        sa.Column('code_hash', sa.String(length=64), nullable=False),
        sa.Column('expires_at', db.columns.UtcDateTime(), nullable=False),
        sa.Column('tries_left', sa.Integer(), nullable=False),
        sa.Column('sent_at', db.columns.UtcDateTime(), nullable=False),
        sa.Column('counted_from', db.columns.UtcDateTime(), nullable=False),
        sa.Column('sent_count', sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(['session_id'], ['interview_sessions.session_id'], ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('session_id'),
    )
    op.create_table(
        'own_visits',
        sa.Column('token_hash', sa.String(length=64), nullable=False),
        sa.Column('session_id', sa.Text(), nullable=False),
        sa.Column('link_version', sa.Integer(), nullable=False),
        sa.Column('by_code', sa.Boolean(), nullable=False),
        sa.Column('began_at', db.columns.UtcDateTime(), nullable=False),
        sa.Column('expires_at', db.columns.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(['session_id'], ['interview_sessions.session_id'], ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('token_hash'),
    )
    op.create_index('ix_own_visits_session_id', 'own_visits', ['session_id'])
    with op.batch_alter_table('interview_sessions', schema=None) as batch_op:
        batch_op.add_column(sa.Column('own_released_at', db.columns.UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column('deleted_at', db.columns.UtcDateTime(), nullable=True))


def _down_own() -> None:
    with op.batch_alter_table('interview_sessions', schema=None) as batch_op:
        batch_op.drop_column('deleted_at')
        batch_op.drop_column('own_released_at')
    op.drop_table('own_visits')
    op.drop_table('own_codes')
    op.drop_table('deletion_requests')
