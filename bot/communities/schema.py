"""The table of the guilds that removed the bot, part of the same schema as the settings'."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Double, Table

from bot.storage.tables import metadata

departures = Table(
    "departures",
    metadata,
    Column("guild_id", BigInteger, primary_key=True, autoincrement=False),
    Column("left_at", Double, nullable=False),
)
"""The guilds that the bot is not in any more, and since when, in seconds since 1970; a row is
removed when the bot is back, or nothing is stored of the guild any more."""
