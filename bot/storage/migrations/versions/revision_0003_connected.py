"""Whether a server was connected to the CAD from inside Discord."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the column; no server has been asked yet."""
    op.add_column("guild_settings", sa.Column("connected", sa.Boolean()))
