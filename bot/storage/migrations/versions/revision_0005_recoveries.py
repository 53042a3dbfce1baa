"""How often a note was taken over from a process that ended."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the column; no note of the earlier version was counted."""
    op.add_column(
        "notes", sa.Column("recoveries", sa.Integer(), nullable=False, server_default="0")
    )
