"""Which messages are call cards, and whether a guild lets them be kept in its channels."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add the table, and the setting, which no guild has chosen so far."""
    op.create_table(
        "call_cards",
        sa.Column("message_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("community", sa.Text(), nullable=False),
        sa.Column("server_id", sa.Integer(), nullable=False),
        sa.Column("call_id", sa.BigInteger(), nullable=False),
        sa.Column("kept_at", sa.Double(), nullable=False),
        sa.Column("shown", sa.String(16), nullable=False),
        sa.Column("owner", sa.String(32)),
        sa.PrimaryKeyConstraint("message_id"),
    )
    op.create_index("call_cards_guild", "call_cards", ["guild_id", "kept_at"])
    op.add_column("guild_settings", sa.Column("call_cards", sa.Boolean()))
