"""The tables of departed guilds and of credentials, part of the same schema as the settings'."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Double, Table, Text

from bot.storage.tables import metadata

departures = Table(
    "departures",
    metadata,
    Column("guild_id", BigInteger, primary_key=True, autoincrement=False),
    Column("left_at", Double, nullable=False),
)
"""The guilds that the bot is not in any more, and since when, in seconds since 1970; a row is
removed when the bot is back, or nothing is stored of the guild any more."""

guild_credentials = Table(
    "guild_credentials",
    metadata,
    Column("guild_id", BigInteger, primary_key=True, autoincrement=False),
    Column("community", Text, nullable=False),
    Column("sealed", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
)
"""The credentials that a guild's administrators entered, for which community; `sealed` is as
`Sealer.seal` returns it. `version` is that of the change of settings that stored them; every change
here is also one of the guild's settings."""
