"""The tables of the settings, as the newest revision in `migrations` leaves them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Double, Index, Integer, Table, Text

from bot.storage.tables import COUNTED_ID, counter, metadata

settings_version = counter("settings_version")
"""The version of the last change of any guild's settings."""

guild_settings = Table(
    "guild_settings",
    metadata,
    Column("guild_id", BigInteger, primary_key=True, autoincrement=False),
    Column("role_ids", Text),
    Column("server_id", Integer),
    Column("log_channel_id", BigInteger),
    Column("connected", Boolean),
    Column("unit_numbers", Boolean),
    Column("call_cards", Boolean),
    Column("version", BigInteger, nullable=False),
    Index("guild_settings_version", "version"),
)
"""A guild's own settings; NULL is what was never chosen. `role_ids` is a JSON list."""

setting_changes = Table(
    "setting_changes",
    metadata,
    Column("id", COUNTED_ID, primary_key=True),
    Column("guild_id", BigInteger, nullable=False),
    Column("member_id", BigInteger, nullable=False),
    Column("changed_at", Double, nullable=False),
    Column("what", Text, nullable=False),
    Index("setting_changes_guild", "guild_id", "id"),
)
"""Who changed what and when, in seconds since 1970; member 0 is Discord itself."""
