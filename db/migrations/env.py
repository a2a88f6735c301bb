"""Alembic executes this file for every command; `db.migrate` has put its connection into the attributes."""

from alembic import context

from db.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,  # SQLite alters a table by building it anew
    transactional_ddl=True,  # the whole way up is one transaction; a crash in it leaves the old database
)
with context.begin_transaction():
    context.run_migrations()
