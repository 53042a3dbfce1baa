"""The names that queues have: outbox, ledger, lease, attempt, failure."""

from alembic import op

revision = "0004"
down_revision = "0003"

_COLUMNS = (
    ("notes", "cause", "failure"),
    ("notes", "uncertain", "unconfirmed_sends"),
    ("notes", "tries", "attempts"),
    ("notes", "since", "round_started_at"),
    ("delivered_notes", "added", "confirmed"),
    ("delivered_notes", "uncertain", "unconfirmed"),
    ("processes", "seen_at", "heartbeat_at"),
)
_TABLES = (
    ("journal_position", "outbox_position"),
    ("delivered_notes", "delivery_ledger"),
    ("processes", "leases"),
)


def upgrade() -> None:
    """Rename columns, tables and the index that has a table's name in its own."""
    op.drop_index("delivered_notes_updated", "delivered_notes")
    for table, old, new in _COLUMNS:
        op.execute(f"ALTER TABLE {table} RENAME COLUMN {old} TO {new}")
    for old, new in _TABLES:
        op.rename_table(old, new)
    op.create_index("delivery_ledger_updated", "delivery_ledger", ["updated_at"])
