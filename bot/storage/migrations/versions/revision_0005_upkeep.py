"""How often a note was taken over from a process that ended, and quick ways to tokens and notes."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the column, in which no note of the earlier version was counted, and the indexes."""
    op.add_column(
        "notes", sa.Column("recoveries", sa.Integer(), nullable=False, server_default="0")
    )
    for name, column in (("notes_guild_call", "call_id"), ("notes_guild_member", "member_id")):
        op.create_index(name, "notes", ["guild_id", column, "position"])
    kept = sa.text("token IS NOT NULL")
    op.create_index(
        "notes_token", "notes", ["round_started_at"], postgresql_where=kept, sqlite_where=kept
    )
