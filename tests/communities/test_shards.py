"""A process that serves a part of Discord's shards judges no other part's guilds by its own."""

from __future__ import annotations

from dataclasses import replace

from bot.communities.shards import Shards
from bot.outbox import HOST, WaitingNotes
from bot.settings.repository import SettingsRepository
from bot.sonoran import Credentials
from bot.storage import Database
from tests import database as databases
from tests.communities.unreached import communities_in, connections_of
from tests.settings_cache import cache_of

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
    settings = cache_of(SettingsRepository(database))
    connections = connections_of(settings, communities_in(database), shards=Shards(6, [3]))
    assert connections.in_guild(OTHERS) is None
    assert connections.waiting_notes(OTHERS, HOST) is WaitingNotes.KEEP  # nothing is read yet
    await settings.refresh()
    assert connections.waiting_notes(OTHERS, HOST) is WaitingNotes.SEND
    assert connections.waiting_notes(OURS, HOST) is WaitingNotes.KEEP  # Discord has not said yet
    await settings.set(OTHERS, 7, "disconnected", connected=False)
    assert connections.waiting_notes(OTHERS, HOST) is WaitingNotes.KEEP


async def test_the_credentials_of_a_guild_that_another_process_serves_count(
    database: Database,
) -> None:
    communities = communities_in(database)
    settings = cache_of(SettingsRepository(database), refreshing=communities.refresh)
    connections = connections_of(settings, communities, shards=Shards(6, [3]))
    await settings.refresh()
    for guild_id, key in ((OTHERS, "old-key-of-paleto"), (OTHERS + 1, "new-key-of-paleto")):
        if guild_id != OTHERS:
            assert connections.waiting_notes(OTHERS, "paleto") is WaitingNotes.SEND
            assert connections.waiting_notes(OTHERS, HOST) is WaitingNotes.WITHDRAW
        await settings.change(
            guild_id,
            7,
            lambda settings: replace(settings, connected=False),
            lambda _, __: "connected",
            communities.entered.writing(guild_id, "paleto", Credentials(key)),
        )
        await settings.refresh()
        await communities.refresh(None)
    assert connections.waiting_notes(OTHERS, "paleto") is WaitingNotes.KEEP
    assert connections.waiting_notes(OTHERS + 1, "paleto") is WaitingNotes.SEND
    assert connections.waiting_notes(OTHERS + 2, "paleto") is WaitingNotes.WITHDRAW
