"""The tables of the notes outbox, part of the same schema as the settings'."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Double,
    FromClause,
    Index,
    Integer,
    String,
    Table,
    Text,
    literal_column,
)

from bot.outbox.states import WAITING, NoteState
from bot.storage.tables import COUNTED_ID, counter, metadata, partial_index

FINGERPRINT_LENGTH = 64

_OPEN = tuple(sorted(map(str, [*WAITING, NoteState.HELD])))

outbox_position = counter("outbox_position")
"""The last position given out. Its lock puts the notes of all processes in order."""

notes = Table(
    "notes",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("position", BigInteger, nullable=False),
    Column("community", Text, nullable=False, server_default=""),
    Column("guild_id", BigInteger, nullable=False),
    Column("channel_id", BigInteger, nullable=False),
    Column("message_id", BigInteger),
    Column("member_id", BigInteger, nullable=False),
    Column("member_name", Text, nullable=False),
    Column("token", Text),
    Column("server_id", Integer, nullable=False),
    Column("call_id", BigInteger, nullable=False),
    Column("label", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("fingerprint", String(FINGERPRINT_LENGTH), nullable=False),
    Column("state", String(16), nullable=False),
    Column("failure", Text),
    Column("answer", Text),
    Column("unconfirmed_sends", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("recoveries", Integer, nullable=False, server_default="0"),
    Column("accepted_at", Double, nullable=False),
    Column("round_started_at", Double, nullable=False),
    Column("updated_at", Double, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("shown", Integer, nullable=False),
    Column("logged", Integer, nullable=False),
    Column("settled", Boolean, nullable=False),
    Column("owner", String(32)),
    Column("source_id", BigInteger),
    Index("notes_guild", "guild_id", "position"),
    Index("notes_guild_call", "guild_id", "call_id", "position"),
    Index("notes_guild_member", "guild_id", "member_id", "position"),
    Index("notes_repetition", "fingerprint", "accepted_at"),
    Index("notes_settled", "settled", "updated_at"),
    partial_index(
        "notes_waiting", "community", "server_id", "call_id", "position", where=f"state IN {_OPEN}"
    ),
    partial_index("notes_token", "round_started_at", where="token IS NOT NULL"),
)
"""A note each; `id` is its interaction's, `community` as in `NewNote`. `settled` is true when
nothing is left to do about it: it is final, and shown and logged as such."""


def is_open(table: FromClause = notes) -> ColumnElement[bool]:
    """Return whether a note waits or is held, in the very words of the index `notes_waiting`."""
    return table.c.state.in_([literal_column(f"'{state}'") for state in _OPEN])


def is_waiting(table: FromClause = notes) -> ColumnElement[bool]:
    """Return whether a note waits, such that the index `notes_waiting` serves."""
    return is_open(table) & (table.c.state != literal_column(f"'{NoteState.HELD}'"))


delivery_ledger = Table(
    "delivery_ledger",
    metadata,
    Column("community", Text, primary_key=True, server_default=""),
    Column("server_id", Integer, primary_key=True, autoincrement=False),
    Column("call_id", BigInteger, primary_key=True, autoincrement=False),
    Column("fingerprint", String(FINGERPRINT_LENGTH), primary_key=True),
    Column("confirmed", Integer, nullable=False),
    Column("unconfirmed", Integer, nullable=False),
    Column("updated_at", Double, nullable=False),
    Index("delivery_ledger_updated", "updated_at"),
)
"""How many equal notes of a call are, and may be, in the CAD; outlives the notes themselves."""

leases = Table(
    "leases",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("heartbeat_at", Double, nullable=False),
)
"""The running instances of Callnote and when each last said so."""

call_list_reads = Table(
    "call_list_reads",
    metadata,
    Column("id", COUNTED_ID, primary_key=True),
    Column("community", Text, nullable=False, server_default=""),
    Column("read_at", Double, nullable=False),
    Index("call_list_reads_community", "community", "read_at"),
)
"""When a community's call list was read lately, by any instance of Callnote."""

send_times = Table(
    "send_times",
    metadata,
    Column("community", Text, primary_key=True),
    Column("latest", Text, nullable=False),
    Column("updated_at", Double, nullable=False),
)
"""When a community's latest notes were sent, by any instance of Callnote, in seconds since 1970
with a blank between them, the oldest first. Only PostgreSQL has rows, as a SQLite file serves one
instance at a time."""
