"""A process that serves a part of Discord's shards judges no other part's guilds by its own."""

from __future__ import annotations

from bot.communities.connections import Connections
from bot.communities.shards import Shards
from bot.outbox import WaitingNotes
from bot.settings.cache import SettingsCache
from bot.settings.repository import SettingsRepository
from bot.storage import Database
from tests import database as databases

engine = databases.engine
address = databases.address
database = databases.database

OURS, OTHERS = 3 << 22, 4 << 22


def test_a_guild_is_on_the_shard_that_its_id_says() -> None:
    assert [n for n in range(6) if Shards(6, [n]).serve(OURS)] == [3]
    assert not Shards(6, [3]).serve(OTHERS)


async def test_nothing_is_known_of_a_guild_that_another_process_serves(
    database: Database,
) -> None:
    settings = SettingsCache(SettingsRepository(database))
    connections = Connections(settings, shards=Shards(6, [3]))
    assert connections.in_guild(OTHERS) is None
    assert connections.waiting_notes(OTHERS) is WaitingNotes.KEEP  # the settings are not read yet
    await settings.refresh()
    assert connections.waiting_notes(OTHERS) is WaitingNotes.SEND
    assert connections.waiting_notes(OURS) is WaitingNotes.KEEP  # Discord has not said yet
    await settings.set(OTHERS, 7, "disconnected", connected=False)
    assert connections.waiting_notes(OTHERS) is WaitingNotes.KEEP
