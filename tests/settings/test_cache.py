"""The settings in force, when the database becomes older than what it confirmed, or unusable."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from bot.observer import Observer
from bot.settings.repository import GuildSettings, SettingsRepository
from bot.storage import UNUSABLE_AT_LAST, Database, DatabaseUrl, UnusableDatabaseError
from tests import database as databases
from tests.settings_cache import cache_of
from tests.timing import PATIENCE, QUICK

engine = databases.engine
address = databases.address
database = databases.database


def words(before: GuildSettings, after: GuildSettings) -> str:
    return f"{before.server_id} to {after.server_id}"


async def test_all_settings_are_read_again_and_a_confirmed_change_is_used(
    database: Database,
) -> None:
    cache = cache_of(SettingsRepository(database), timing=QUICK)
    await cache.refresh()
    for guild_id in (1, 2):
        await cache.change(guild_id, 7, lambda s: replace(s, role_ids=frozenset({5, 6})), words)
    await cache.refresh()
    await database.execute(  # as before the second change
        text("UPDATE settings_version SET value = 1"),
        text("DELETE FROM guild_settings WHERE guild_id = 2"),
    )
    await cache.change(1, 7, lambda s: replace(s, role_ids=frozenset({5})), words)
    assert cache.dispatcher_roles(1) == frozenset({5})
    await cache.refresh()
    assert cache.dispatcher_roles(1) == frozenset({5})
    assert not cache.has_settings(2)
    await database.execute(text("UPDATE settings_version SET value = 0"))
    await database.execute(text("DELETE FROM guild_settings"))
    await cache.refresh()
    assert not cache.has_settings(1)


@pytest.mark.parametrize("earlier", [0, 1])
async def test_a_change_of_its_own_that_the_database_lost_before_a_refresh_is_noticed(
    database: Database, earlier: int
) -> None:
    """A failover loses the latest changes, so one that no refresh has read yet."""
    cache = cache_of(SettingsRepository(database), timing=QUICK)
    await cache.refresh()
    for guild_id in range(earlier):
        await cache.change(guild_id, 7, lambda s: replace(s, server_id=5), words)
    await cache.refresh()
    await cache.change(9, 7, lambda s: replace(s, server_id=5), words)
    await database.execute(
        text(f"UPDATE settings_version SET value = {earlier}"),  # noqa: S608
        text("DELETE FROM guild_settings WHERE guild_id = 9"),
    )
    await cache.refresh()
    assert not cache.has_settings(9)


async def test_a_change_by_another_process_just_after_the_versions_fell_is_not_missed(
    database: Database,
) -> None:
    store = SettingsRepository(database)
    cache = cache_of(store, timing=QUICK)
    await cache.refresh()
    for guild_id in (1, 2):
        await cache.change(guild_id, 7, lambda s: replace(s, server_id=5), words)
    await cache.refresh()
    await database.execute(text("UPDATE settings_version SET value = 1"))
    await cache.change(1, 7, lambda s: replace(s, server_id=6), words)
    await store.change(3, 7, lambda s: replace(s, server_id=9), words)
    await cache.refresh()
    assert cache.server_id(3) == 9


async def test_a_change_by_another_process_that_got_the_version_of_a_lost_one_is_not_missed(
    database: Database,
) -> None:
    store = SettingsRepository(database)
    cache = cache_of(SettingsRepository(database), timing=QUICK)
    await store.change(2, 7, lambda s: replace(s, server_id=5), words)
    await cache.refresh()
    await database.execute(
        text("UPDATE settings_version SET value = 0"), text("DELETE FROM guild_settings")
    )
    await store.change(3, 7, lambda s: replace(s, server_id=9), words)
    await cache.refresh()
    assert cache.server_id(3) == 9
    assert not cache.has_settings(2)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "damage", ["role_ids = x'ff'", "version = 'x'", "server_id = 'x'", "guild_id = 'x'"]
)
async def test_a_damaged_row_of_a_file_lets_nobody_in_there_and_leaves_the_other_guilds_alone(
    database: Database, damage: str
) -> None:
    store = SettingsRepository(database)
    for guild_id in (1, 2):
        await store.change(guild_id, 7, lambda s: replace(s, server_id=5), words)
    await database.execute(
        text(f"UPDATE guild_settings SET {damage} WHERE guild_id = 1")  # noqa: S608
    )
    cache = cache_of(store, default_roles=frozenset({4}), timing=QUICK)
    for _ in range(2):
        await cache.refresh()
        if "guild_id" not in damage:
            assert cache.dispatcher_roles(1) == frozenset()
        assert cache.server_id(2) == 5
        await store.change(2, 7, lambda s: replace(s, log_channel_id=6), words)


async def test_tables_that_are_gone_end_the_refreshing_at_the_third_time_in_a_row(
    database: Database,
) -> None:
    tries = 0

    class Counting(SettingsRepository):
        async def latest(self) -> Any:
            nonlocal tries
            tries += 1
            renamed = text("ALTER TABLE settings_version RENAME TO away")
            back = text("ALTER TABLE away RENAME TO settings_version")
            if tries in (2, 5):  # gone for two times, there for one, and gone again
                await database.execute(renamed)
            elif tries == 4:
                await database.execute(back)
            return await super().latest()

    cache = cache_of(Counting(database), timing=replace(QUICK, settings_refresh=0.01))
    with pytest.raises(UnusableDatabaseError, match="have been deleted or changed"):
        await asyncio.wait_for(cache.keep_fresh(), PATIENCE)
    assert tries == 4 + UNUSABLE_AT_LAST
    assert cache.down


async def test_settings_are_neither_read_nor_changed_without_their_counter(
    database: Database,
) -> None:
    await database.execute(text("DELETE FROM settings_version"))
    store = SettingsRepository(database)
    cache = cache_of(store, timing=replace(QUICK, settings_refresh=0.01))
    with pytest.raises(UnusableDatabaseError, match="have been deleted or changed"):
        await asyncio.wait_for(cache.keep_fresh(), PATIENCE)
    with pytest.raises(UnusableDatabaseError, match="have been deleted or changed"):
        await store.change(1, 7, lambda s: replace(s, log_channel_id=6), words)


async def test_where_nobody_chose_anything_a_refresh_asks_for_the_version_alone(
    address: DatabaseUrl,
) -> None:
    class Counting(Observer):
        count = 0

        def transaction_ended(self, seconds: float, *, failed: bool) -> None:
            self.count += 1

    observer = Counting()
    database = Database(address, observer=observer)
    await database.open()
    try:
        cache = cache_of(SettingsRepository(database), timing=QUICK)
        await cache.refresh()
        observer.count = 0
        await cache.refresh()
        assert observer.count == 1
        await SettingsRepository(database).change(
            1, 7, lambda settings: replace(settings, server_id=5), words
        )
        await cache.refresh()
        assert cache.server_id(1) == 5
    finally:
        await database.close()


async def test_a_change_made_while_all_settings_are_read_anew_is_in_force(
    database: Database,
) -> None:
    """All are read anew after a guild that left long ago was deleted, by any process."""
    changes = [5]

    async def meanwhile(_: object) -> None:  # as credentials are read here, which takes a while
        if cache.known and changes:
            server = changes.pop()
            await cache.change(1, 7, lambda s: replace(s, server_id=server), words)

    cache = cache_of(SettingsRepository(database), refreshing=meanwhile, timing=QUICK)
    await cache.refresh()
    await cache.change(2, 7, lambda s: replace(s, server_id=9), words)
    await database.execute(text("DELETE FROM guild_settings WHERE guild_id = 2"))
    cache.notice_deletions(set())
    await cache.refresh()
    assert cache.of(1).server_id == 5
    assert not cache.has_settings(2)


async def test_a_newer_change_of_another_process_is_used_when_all_are_read_anew(
    database: Database,
) -> None:
    other = SettingsRepository(database)
    confirmed = asyncio.Event()

    class LateConfirmation(SettingsRepository):
        async def change(self, *args: Any) -> GuildSettings:
            made = await super().change(*args)
            await other.change(1, 8, lambda s: replace(s, role_ids=frozenset()), words)
            await confirmed.wait()
            return made

        async def changed_since(self, version: int) -> list[GuildSettings]:
            found = await super().changed_since(version)
            if version == 0 and cache.known:
                confirmed.set()
                await changing
            return found

    cache = cache_of(LateConfirmation(database), timing=QUICK)
    await cache.refresh()
    changing = asyncio.create_task(cache.set(1, 7, "roles", role_ids=frozenset({5})))
    while not await other.changed_since(1):  # noqa: ASYNC110 - a row
        await asyncio.sleep(0.005)
    cache._read_all = True
    await cache.refresh()
    await cache.refresh()
    assert cache.dispatcher_roles(1) == frozenset()


@pytest.mark.parametrize("values", [{"unit_numbers": True}, {"log_channel_id": None}])
async def test_to_choose_what_holds_anyway_changes_nothing(
    database: Database, values: dict[str, object], caplog: pytest.LogCaptureFixture
) -> None:
    store = SettingsRepository(database)
    cache = cache_of(store, timing=QUICK)
    await cache.refresh()
    await cache.set(1, 7, "server", server_id=5)
    await cache.refresh()
    await cache.set(2, 7, "as it was", **values)
    assert caplog.text == ""
    assert not cache.has_settings(2)
    assert await store.changes(2, 1) == []


async def test_what_was_not_chosen_is_not_stored(database: Database) -> None:
    await SettingsRepository(database).change(1, 7, lambda s: replace(s, server_id=5), words)
    chosen = text("SELECT server_id, unit_numbers, call_cards, connected FROM guild_settings")
    row = await database.run(lambda connection: connection.execute(chosen).one())
    assert tuple(row) == (5, None, None, None)
