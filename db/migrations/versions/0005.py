"""What trust needs: notices, retention, requests, an audit

Revision: 0005
Before it: 0004
"""

import json

import sqlalchemy as sa
from alembic import op

import db.columns

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

LANGUAGES = ("en", "de")
"Those that candidates were spoken to in when this was written."


def upgrade() -> None:
    """Each room has a function of its own."""
    _up_audit()
    _up_own()
    _up_notices()
    _up_adopt()
    _up_secure()
    _up_retention()


def downgrade() -> None:
    """The same, backwards."""
    _down_retention()
    _down_notices()
    _down_adopt()
    _down_audit()
    _down_own()


def _up_secure() -> None:
    # Addresses are kept shortened from here on; those of before go whole, and are found again at the next sign-in.
    op.execute("UPDATE user_tokens SET address = '' WHERE address <> ''")


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


def _up_notices() -> None:
    op.create_table(
        "notices",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("legal_basis", sa.String(length=32), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("made_at", db.columns.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_notices_job_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
        sa.UniqueConstraint("job_id", "version", name=op.f("uq_notices_job_id_version")),
    )
    op.execute(
        "CREATE TRIGGER notices_never_change BEFORE UPDATE ON notices "
        "BEGIN SELECT RAISE(ABORT, 'a notice never changes, a new text is a new version'); END"
    )
    with op.batch_alter_table("jobs") as jobs:
        jobs.add_column(sa.Column("notice_legal_basis", sa.String(length=32), server_default="consent", nullable=False))
        jobs.add_column(sa.Column("notice_texts", sa.JSON(), server_default="{}", nullable=False))
        jobs.add_column(sa.Column("notice_unread", sa.Boolean(), server_default="0", nullable=False))
    _move_words()
    with op.batch_alter_table("jobs") as jobs:
        jobs.drop_column("notice_purpose")
        jobs.drop_column("notice_recipients")
    with op.batch_alter_table("consents") as consents:
        consents.add_column(sa.Column("language", sa.String(length=16), server_default="", nullable=False))
        consents.add_column(sa.Column("notice_id", sa.Integer(), nullable=True))
        consents.create_foreign_key(op.f("fk_consents_notice_id"), "notices", ["notice_id"], ["id"])


def _move_words() -> None:
    """A job's own words were shown as they were in every language."""
    connection = op.get_bind()
    found = connection.execute(sa.text("SELECT id, notice_purpose, notice_recipients FROM jobs")).all()
    for job_id, purpose, recipients in found:
        words = {field: said for field, said in (("purpose", purpose), ("recipients", recipients)) if said}
        if words:
            connection.execute(
                sa.text("UPDATE jobs SET notice_texts = :texts WHERE id = :id"),
                {"texts": json.dumps(dict.fromkeys(LANGUAGES, words)), "id": job_id},
            )


def _down_notices() -> None:
    with op.batch_alter_table("consents") as consents:
        consents.drop_constraint(op.f("fk_consents_notice_id"), type_="foreignkey")
        consents.drop_column("notice_id")
        consents.drop_column("language")
    with op.batch_alter_table("jobs") as jobs:
        jobs.add_column(sa.Column("notice_purpose", sa.Text(), server_default="", nullable=False))
        jobs.add_column(sa.Column("notice_recipients", sa.Text(), server_default="", nullable=False))
    connection = op.get_bind()
    for job_id, texts in connection.execute(sa.text("SELECT id, notice_texts FROM jobs")).all():
        words = json.loads(texts).get("en", {})
        connection.execute(
            sa.text("UPDATE jobs SET notice_purpose = :purpose, notice_recipients = :recipients WHERE id = :id"),
            {"purpose": words.get("purpose", ""), "recipients": words.get("recipients", ""), "id": job_id},
        )
    with op.batch_alter_table("jobs") as jobs:
        jobs.drop_column("notice_unread")
        jobs.drop_column("notice_texts")
        jobs.drop_column("notice_legal_basis")
    op.drop_table("notices")
def _up_adopt() -> None:
    op.add_column("interview_sessions", sa.Column("keep_until", db.columns.UtcDateTime(), nullable=True))
    op.create_table(
        "adopted_files",
        sa.Column("source", sa.String(64), nullable=False),
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("adopted_at", db.columns.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("source", name="pk_adopted_files"),
    )
    op.create_index("ix_adopted_files_session_id", "adopted_files", ["session_id"])


def _down_adopt() -> None:
    op.drop_table("adopted_files")
    op.drop_column("interview_sessions", "keep_until")
def _up_retention() -> None:
    """What is held, what was deleted, and when the clock was last believed."""
    op.create_table(
        "legal_holds",
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("held_at", db.columns.UtcDateTime(), nullable=False),
        sa.Column("held_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["session_id"], ["interview_sessions.session_id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("session_id"),
    )
    op.create_table(
        "erasures",
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("job_id", sa.Integer(), nullable=False),
        sa.Column("created_at", db.columns.UtcDateTime(), nullable=False),
        sa.Column("begun_at", db.columns.UtcDateTime(), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("size_bytes", sa.Integer(), nullable=True),
        sa.Column("erased_at", db.columns.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("session_id"),
    )
    op.create_index("ix_erasures_begun_at", "erasures", ["begun_at"])
    op.create_index("ix_erasures_sha256", "erasures", ["sha256"])
    op.create_index("ix_erasures_erased_at", "erasures", ["erased_at"])
    op.create_table(
        "sweep_clock",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("seen_at", db.columns.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )


def _down_retention() -> None:
    op.drop_table("sweep_clock")
    op.drop_table("erasures")
    op.drop_table("legal_holds")
