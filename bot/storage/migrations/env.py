"""Runs the revisions on the connection that `bot.storage.upgrade` hands over; Alembic loads it."""

from alembic import context

from bot.storage.migrations import VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"],
    version_table=VERSION_TABLE,
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
