"""Quick ways to the notes that wait for a call, and to a repetition, however many are kept."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Replace the indexes that led to all notes of a call, and to all in a state."""
    waiting = sa.text("state IN ('checking', 'queued', 'received', 'sending')")
    op.create_index(
        "notes_waiting",
        "notes",
        ["server_id", "call_id", "position"],
        postgresql_where=waiting,
        sqlite_where=waiting,
    )
    op.create_index("notes_repetition", "notes", ["fingerprint", "accepted_at"])
    op.drop_index("notes_call", "notes")
    op.drop_index("notes_state", "notes")
