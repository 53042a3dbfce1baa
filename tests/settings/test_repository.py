import asyncio
from dataclasses import fields, replace

import pytest
from sqlalchemy import insert, select, update

from bot.settings.repository import (
    CHANGES_SECONDS,
    KEPT_CHANGES,
    GuildSettings,
    SettingChange,
    SettingsRepository,
)
from bot.settings.schema import guild_settings, setting_changes
from bot.storage import NOW, Database, DatabaseUrl
from tests import database as databases

engine = databases.engine
address = databases.address
database = databases.database


@pytest.fixture
def store(database: Database) -> SettingsRepository:
    return SettingsRepository(database)


def words(before: GuildSettings, after: GuildSettings) -> str:
    return f"{before.server_id} to {after.server_id}"


async def choose(store: SettingsRepository, guild_id: int, server_id: int) -> GuildSettings:
    return await store.change(guild_id, 7, lambda s: replace(s, server_id=server_id), words)


def test_every_column_is_read() -> None:
    assert {each.name for each in fields(GuildSettings)} == {*guild_settings.columns.keys()}


async def test_a_change_is_found_again_whole(store: SettingsRepository) -> None:
    largest = 2**63 - 1

    def edit(settings: GuildSettings) -> GuildSettings:
        return replace(
            settings, role_ids=frozenset({3, largest}), server_id=2, log_channel_id=largest
        )

    changed = await store.change(largest, 7, edit, words)
    assert changed == GuildSettings(largest, frozenset({3, largest}), 2, largest, version=1)
    assert await store.changed_since(0) == [changed]


async def test_no_roles_are_told_apart_from_roles_never_chosen(store: SettingsRepository) -> None:
    await store.change(1, 7, lambda s: replace(s, role_ids=frozenset()), words)
    await choose(store, 2, 5)
    assert [s.role_ids for s in await store.changed_since(0)] == [frozenset(), None]


@pytest.mark.parametrize("stored", ["all", '{"any": [5]}', "[[5]]", "5", '["5"]'])
async def test_roles_that_cannot_be_read_let_nobody_in_and_leave_the_other_guilds_alone(
    store: SettingsRepository, database: Database, stored: str
) -> None:
    for guild_id in (1, 2):
        await store.change(guild_id, 7, lambda s: replace(s, role_ids=frozenset({5})), words)
    same = guild_settings.c.guild_id == 1
    await database.execute(update(guild_settings).where(same).values(role_ids=stored))
    found = await store.changed_since(0)
    assert [s.role_ids for s in found] == [frozenset(), frozenset({5})]
    again = await store.change(1, 7, lambda s: replace(s, role_ids=frozenset({6})), words)
    assert again.role_ids == frozenset({6})


async def test_only_later_changes_are_returned_in_their_order(store: SettingsRepository) -> None:
    for guild_id in (3, 1, 2):
        await choose(store, guild_id, 5)
    await choose(store, 3, 6)
    assert [(s.guild_id, s.version) for s in await store.changed_since(1)] == [
        (1, 2),
        (2, 3),
        (3, 4),
    ]
    assert await store.changed_since(4) == []


async def test_an_edit_that_changes_nothing_writes_nothing(store: SettingsRepository) -> None:
    assert await store.change(1, 7, lambda s: s, words) == GuildSettings(1)
    first = await choose(store, 1, 5)
    assert await choose(store, 1, 5) == first
    assert await store.changed_since(0) == [first]
    assert len(await store.changes(1, 10)) == 1


async def test_an_edit_that_raises_changes_nothing_and_raises(store: SettingsRepository) -> None:
    first = await choose(store, 1, 5)

    def edit(_: GuildSettings) -> GuildSettings:
        raise LookupError("no such role")

    with pytest.raises(LookupError, match="no such role"):
        await store.change(1, 7, edit, words)
    assert await store.changed_since(0) == [first]


async def test_a_description_that_raises_undoes_the_change(store: SettingsRepository) -> None:
    def describe(_before: GuildSettings, _after: GuildSettings) -> str:
        raise LookupError("no words")

    with pytest.raises(LookupError, match="no words"):
        await store.change(1, 7, lambda s: replace(s, server_id=5), describe)
    assert await store.changed_since(0) == []
    assert (await choose(store, 1, 6)).version == 1


async def test_the_history_names_each_change_the_newest_first(
    store: SettingsRepository, database: Database
) -> None:
    assert await store.changes(1, 1) == []
    start = await database.run(lambda c: c.execute(select(NOW)).scalar_one())
    await choose(store, 1, 5)
    await choose(store, 2, 9)
    await choose(store, 1, 6)
    newest, oldest = await store.changes(1, 10)
    assert (newest.member_id, newest.what) == (7, "5 to 6")
    assert (oldest.member_id, oldest.what) == (7, "None to 5")
    # SQLite's clock is a Julian day, exact to a fraction of a millisecond.
    assert start - 0.001 <= oldest.changed_at <= newest.changed_at
    assert await store.changes(1, 1) == [newest]


async def test_of_each_guild_the_last_changes_are_kept(
    store: SettingsRepository, database: Database
) -> None:
    await choose(store, 2, 9)
    change = {"guild_id": 1, "member_id": 7, "changed_at": NOW, "what": "earlier"}
    await database.execute(insert(setting_changes).values([change] * (KEPT_CHANGES - 1)))
    for number in range(3):
        await choose(store, 1, number)
    kept = [each.what for each in await store.changes(1, 2 * KEPT_CHANGES)]
    assert len(kept) == KEPT_CHANGES
    assert kept[:4] == ["1 to 2", "0 to 1", "None to 0", "earlier"]
    assert len(await store.changes(2, 10)) == 1


async def test_a_change_is_deleted_after_a_year_and_the_settings_stay(
    store: SettingsRepository, database: Database
) -> None:
    for number in range(2):
        await choose(store, 1, number)
    age = (CHANGES_SECONDS + 60, CHANGES_SECONDS - 60)
    for change_id, seconds in zip((1, 2), age, strict=True):
        await database.execute(
            update(setting_changes)
            .where(setting_changes.c.id == change_id)
            .values(changed_at=NOW - seconds)
        )
    assert [await store.purge(), await store.purge()] == [1, 0]
    assert [each.what for each in await store.changes(1, 10)] == ["0 to 1"]
    assert [each.server_id for each in await store.changed_since(0)] == [1]


async def test_changes_at_once_are_all_applied_one_after_the_other(
    store: SettingsRepository,
) -> None:
    def add(settings: GuildSettings) -> GuildSettings:
        return replace(settings, server_id=(settings.server_id or 0) + 1)

    results = await asyncio.gather(*(store.change(1, 7, add, words) for _ in range(20)))
    assert sorted(s.version for s in results) == list(range(1, 21))
    assert [s.server_id for s in await store.changed_since(0)] == [20]
    assert len(await store.changes(1, 100)) == 20


async def test_somebody_who_follows_the_versions_misses_no_change(
    store: SettingsRepository,
) -> None:
    writing = asyncio.gather(*(choose(store, guild_id, 5) for guild_id in range(1, 21)))
    seen: list[int] = []
    version = 0
    while len(seen) < 20:
        finished = writing.done()
        for settings in await store.changed_since(version):
            seen.append(settings.guild_id)
            version = settings.version
        assert len(seen) == 20 or not finished
    await writing
    assert sorted(seen) == list(range(1, 21))


async def test_a_change_is_there_after_the_database_was_closed(
    address: DatabaseUrl,
) -> None:
    async with databases.opened(address) as database:
        changed = await choose(SettingsRepository(database), 1, 5)
    async with databases.opened(address) as database:
        store = SettingsRepository(database)
        assert await store.changed_since(0) == [changed]
        (change,) = await store.changes(1, 1)
        assert change == SettingChange(7, change.changed_at, "None to 5")


async def test_the_latest_version_is_that_of_the_last_change(store: SettingsRepository) -> None:
    assert await store.latest() == (0, None)
    await choose(store, 1, 5)
    changed = await choose(store, 2, 6)
    latest, row = await store.latest()
    assert changed.version == latest == 2
    assert row is not None
    assert row[0] == changed.guild_id
