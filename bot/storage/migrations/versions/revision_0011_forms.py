"""From which message a note was made, and whether a guild wants unit numbers beside its notes."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Add the columns; no note was made of a message so far, and no guild has chosen."""
    op.add_column("notes", sa.Column("source_id", sa.BigInteger()))
    op.add_column("guild_settings", sa.Column("unit_numbers", sa.Boolean()))
