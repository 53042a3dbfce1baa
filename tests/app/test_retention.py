"""The bot deletes what is too old from every table."""

from __future__ import annotations

import asyncio

from sqlalchemy import Connection, func, insert, literal, select, union_all

from bot.communities import schema as communities
from bot.outbox import NoteState
from bot.outbox import schema as outbox
from bot.settings import schema as settings
from bot.storage.tables import metadata
from tests import engines
from tests.database import at_once, make_file, opened
from tests.loop_clock import tick
from tests.world import PATIENCE, World

kept = engines.kept

LONG_AGO = 1_000_000_000.0
SAMPLES = {int: 7, float: LONG_AGO, str: "old", bool: True}
READABLE = {"state": NoteState.ADDED.value, "role_ids": "[7]"}
ONE_ROW = {outbox.outbox_position, settings.settings_version}
"""Tables of one number, which goes on for as long as the database."""


def fill(connection: Connection, guild_id: int) -> None:
    """Put a row into each table that has none.

    They are of a guild that the bot left long ago, but for a change of settings in this guild.
    """
    for table in metadata.sorted_tables:
        if table not in ONE_ROW:
            row = {column.name: SAMPLES[column.type.python_type] for column in table.columns}
            if table is settings.setting_changes:
                row["guild_id"] = guild_id
            row |= {key: value for key, value in READABLE.items() if key in row}
            connection.execute(insert(table).values(row))


_COUNTS = union_all(
    *(
        select(literal(table.name), func.count()).select_from(table)
        for table in metadata.sorted_tables
    )
)


def counts(connection: Connection) -> dict[str, int]:
    return {str(name): count for name, count in connection.execute(_COUNTS)}


async def test_of_every_table_what_is_old_goes(kept: World) -> None:
    assert {communities.departures, settings.guild_settings} < {*metadata.sorted_tables}
    address = make_file(kept.database or kept.file(0))
    await at_once(address, lambda connection: fill(connection, kept.guild.id))
    assert set((await at_once(address, counts)).values()) == {1}
    kept.let(first_purge=0.0, purge_interval=0.1, purge_pause=0.0)
    await kept.start()
    expected = {table.name: int(table in ONE_ROW) for table in metadata.sorted_tables}
    expected["leases"] = 1  # that of the running bot
    async with opened(address, shared=True) as database, asyncio.timeout(PATIENCE):
        while await database.run(counts) != expected:
            await tick()
