"""Several processes with one database agree on whose key is in force."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace

import pytest
from sqlalchemy import text

from bot.app.logging import EnteredSecrets
from bot.communities.credentials import StoredCredentials
from bot.communities.registry import Communities
from bot.communities.sealing import Sealer, new_key
from bot.outbox import HOST
from bot.settings.repository import SettingsRepository
from bot.sonoran import Credentials, SonoranClient, Transport
from bot.storage import Database
from tests import database as databases
from tests.loop_clock import let_pass
from tests.settings_cache import cache_of
from tests.timing import PATIENCE, QUICK

engine = databases.engine
address = databases.address
database = databases.database

SEALER = Sealer([new_key()])
OLD, NEW = Credentials("key-of-paleto-1", "Paleto"), Credentials("key-of-paleto-2", "Paleto")
HOSTS = Credentials("key-of-the-host", "Rockford")


class Process:
    """What one process has of the settings and the credentials."""

    def __init__(
        self, database: Database, sealer: Sealer | None = SEALER, host: Credentials | None = HOSTS
    ) -> None:
        self.made: list[SonoranClient] = []
        self.secrets = EnteredSecrets()
        self.communities = Communities(
            database,
            sealer,
            host=host,
            new_client=self._new_client,
            keep_secret=self.secrets.add,
            timing=QUICK,
        )
        self.settings = cache_of(
            SettingsRepository(database), refreshing=self.communities.refresh, timing=QUICK
        )

    def _new_client(self, credentials: Credentials | None) -> SonoranClient:
        client = SonoranClient.__new__(SonoranClient)
        SonoranClient.__init__(client, NOWHERE, credentials)
        self.made.append(client)
        return client

    async def enter(self, guild_id: int, credentials: Credentials, community: str) -> None:
        settings = await self.settings.change(
            guild_id,
            7,
            lambda settings: settings,
            lambda _, __: "connected",
            self.communities.entered.writing(guild_id, community, credentials),
        )
        row = StoredCredentials(community, credentials, settings.version)
        self.communities.entered.stored(guild_id, row)

    async def delete(self, guild_id: int) -> None:
        settings = await self.settings.change(
            guild_id,
            7,
            lambda settings: replace(settings, connected=False),
            lambda _, __: "disconnected",
            self.communities.entered.deleting(guild_id),
        )
        self.communities.entered.deleted(guild_id, settings.version)

    def in_use(self, community: str) -> Credentials | None:
        return self.communities.client(community).credentials


NOWHERE = Transport.__new__(Transport)


@pytest.fixture
async def processes(database: Database) -> tuple[Process, Process]:
    both = Process(database), Process(database)
    for process in both:
        await process.settings.refresh()
    return both


async def test_another_process_uses_what_was_entered_renewed_and_deleted(
    processes: tuple[Process, Process],
) -> None:
    first, second = processes
    await first.enter(1, OLD, "paleto")
    assert second.communities.of_guild(1) is None
    await second.settings.refresh()
    assert second.communities.of_guild(1) == "paleto"
    client = second.communities.client("paleto")
    assert client.credentials == OLD
    await first.enter(2, NEW, "paleto")
    await second.settings.refresh()
    for process in processes:
        assert process.in_use("paleto") == NEW
        assert not process.communities.current(1)
        assert process.communities.current(2)
    assert second.communities.client("paleto") is client
    assert {OLD.api_key, NEW.api_key} <= second.secrets.forms
    await first.delete(2)
    await second.settings.refresh()
    for process in processes:
        assert process.communities.of_guild(2) is None
        assert process.in_use("paleto") == OLD
        assert process.communities.current(1)
    await first.delete(1)
    await second.settings.refresh()
    assert client.credentials is None


async def test_the_hosts_key_and_id_are_the_hosts_community(database: Database) -> None:
    before = Process(database, host=None)
    await before.settings.refresh()
    await before.enter(1, replace(HOSTS, community_id="another"), "another")
    await before.enter(2, Credentials("an-older-key", "rockford"), "rockford")
    assert before.communities.of_guild(1) == "another"
    since = Process(database)
    await since.settings.refresh()
    assert since.communities.of_guild(1) == since.communities.of_guild(2) == HOST
    assert since.communities.current(1)
    assert not since.communities.current(2)
    assert since.in_use(HOST) == HOSTS


class SlowSealer(Sealer):
    """Opens what was sealed once it is let."""

    def __init__(self) -> None:
        super().__init__([new_key()])
        self.begun, self.let = threading.Event(), threading.Event()

    def open(self, guild_id: int, community: str, sealed: str) -> Credentials | None:
        self.begun.set()
        assert self.let.wait(PATIENCE)
        return super().open(guild_id, community, sealed)


@pytest.mark.parametrize("all_anew", [False, True])
async def test_what_is_deleted_while_it_is_being_read_stays_deleted(
    database: Database, all_anew: bool
) -> None:
    sealer = SlowSealer()
    process, other = Process(database, sealer), Process(database, sealer)
    await process.settings.refresh()
    await other.settings.refresh()
    await other.enter(2, OLD, "first")
    sealer.let.set()
    await process.settings.refresh()
    sealer.begun.clear()
    sealer.let.clear()
    await other.enter(1, OLD, "paleto")
    if all_anew:
        process.settings.notice_deletions(set())
    refreshing = asyncio.create_task(process.settings.refresh())
    assert await asyncio.to_thread(sealer.begun.wait, PATIENCE)
    await process.delete(1)
    sealer.let.set()
    await refreshing
    assert process.communities.of_guild(1) is None
    assert process.settings.of(1).connected is False


async def test_all_is_read_anew_when_the_database_is_older_than_before(
    database: Database, processes: tuple[Process, Process]
) -> None:
    first, second = processes
    await first.enter(1, OLD, "paleto")
    await second.settings.refresh()
    await database.execute(
        text("UPDATE settings_version SET value = 0"),
        text("DELETE FROM guild_settings"),
        text("DELETE FROM guild_credentials"),
    )
    await second.settings.refresh()
    assert second.communities.of_guild(1) is None


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_a_damaged_row_of_a_file_leaves_the_other_guilds_theirs(
    database: Database, processes: tuple[Process, Process]
) -> None:
    first, second = processes
    await first.enter(1, OLD, "paleto")
    await first.enter(2, NEW, "paleto")
    await database.execute(text("UPDATE guild_credentials SET version = 'x' WHERE guild_id = 1"))
    await second.settings.refresh()
    assert second.in_use("paleto") == NEW


async def test_an_idle_client_is_dropped_but_never_made_twice(
    processes: tuple[Process, Process],
) -> None:
    process, _ = processes
    await process.enter(1, OLD, "paleto")
    held = process.communities.client("paleto")
    await let_pass(QUICK.keep_idle_community + 1)
    for number in range(3):
        process.communities.client(f"other-{number}")
    await process.enter(2, NEW, "paleto")
    assert held.credentials == NEW
    assert process.communities.client("paleto") is held
    del held
    process.made.clear()
    await let_pass(QUICK.keep_idle_community + 1)
    process.communities.client("other-0")
    process.communities.client("paleto")
    assert len(process.made) == 2
