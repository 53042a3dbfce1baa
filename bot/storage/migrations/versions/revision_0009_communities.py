"""Which community a note, what it delivered, and a read of a call list belong to."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_LEDGER = ("server_id", "call_id", "fingerprint", "confirmed", "unconfirmed", "updated_at")


def upgrade() -> None:
    """Add the community, which so far is the host's everywhere, and a table of sends."""
    for table in ("notes", "call_list_reads"):
        op.add_column(table, _community())
    op.drop_index("notes_waiting", "notes")
    is_open = sa.text("state IN ('checking', 'held', 'queued', 'received', 'sending')")
    op.create_index(
        "notes_waiting",
        "notes",
        ["community", "server_id", "call_id", "position"],
        postgresql_where=is_open,
        sqlite_where=is_open,
    )
    op.create_index("call_list_reads_community", "call_list_reads", ["community", "read_at"])
    _make_ledger_anew()
    op.create_table(
        "send_times",
        sa.Column("community", sa.Text(), nullable=False),
        sa.Column("latest", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("community"),
    )


def _make_ledger_anew() -> None:
    """Put the community into the primary key, which SQLite cannot do to a table that is there."""
    op.drop_index("delivery_ledger_updated", "delivery_ledger")
    op.rename_table("delivery_ledger", "former_ledger")
    op.create_table(
        "delivery_ledger",
        _community(),
        sa.Column("server_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("call_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("confirmed", sa.Integer(), nullable=False),
        sa.Column("unconfirmed", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("community", "server_id", "call_id", "fingerprint"),
    )
    columns = ", ".join(_LEDGER)
    op.execute(f"INSERT INTO delivery_ledger ({columns}) SELECT {columns} FROM former_ledger")  # noqa: S608
    op.drop_table("former_ledger")
    op.create_index("delivery_ledger_updated", "delivery_ledger", ["updated_at"])


def _community() -> sa.Column[str]:
    return sa.Column("community", sa.Text(), nullable=False, server_default="")
