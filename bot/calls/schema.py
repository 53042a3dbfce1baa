"""The table of the call cards that are kept in channels, as the newest revision leaves it."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Double, Index, Integer, String, Table, Text

from bot.storage.tables import metadata

call_cards = Table(
    "call_cards",
    metadata,
    Column("message_id", BigInteger, primary_key=True, autoincrement=False),
    Column("guild_id", BigInteger, nullable=False),
    Column("channel_id", BigInteger, nullable=False),
    Column("community", Text, nullable=False),
    Column("server_id", Integer, nullable=False),
    Column("call_id", BigInteger, nullable=False),
    Column("kept_at", Double, nullable=False),
    Column("shown", String(16), nullable=False),
    Column("owner", String(32)),
    Index("call_cards_guild", "guild_id", "kept_at"),
)
"""A message with a call's card. `shown` is a fingerprint of what it says, `owner` the id of the
process that alone edits it, as in the leases, and `kept_at` seconds since 1970."""
