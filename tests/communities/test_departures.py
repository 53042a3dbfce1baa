"""What is stored of a guild that removed the bot: kept for 30 days, then deleted."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import Connection, Table, delete, insert, select, text, update

from bot.calls.card_store import CardStore, KeptCard
from bot.calls.schema import call_cards
from bot.communities.departures import KEPT_SECONDS, Departures
from bot.communities.schema import departures, guild_credentials
from bot.outbox import NoteState
from bot.outbox.schema import delivery_ledger, notes
from bot.settings.repository import GuildSettings, SettingsRepository
from bot.settings.schema import guild_settings, setting_changes
from bot.sonoran import Credentials
from bot.storage import Database
from bot.storage.batches import BATCH
from bot.timing import Timing
from tests import database as databases
from tests.communities.unreached import communities_in
from tests.database import opened
from tests.disturbed_database import somebody_waits, transaction
from tests.outbox.parts import repository_of
from tests.outbox.workers import in_state
from tests.postgresql import postgresql
from tests.settings_cache import cache_of

engine = databases.engine
address = databases.address
database = databases.database

GONE, HERE, UNKNOWN = 1, 2, 3
GUILDS: dict[int, bool | None] = {GONE: False, HERE: True, UNKNOWN: None}
STORED = (notes, setting_changes, guild_credentials, guild_settings)


class Place:
    """One process's settings and departures, with what is known of `guilds`."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.guilds = dict(GUILDS)
        self.communities = communities_in(database)
        self.settings = cache_of(SettingsRepository(database), refreshing=self.communities.refresh)
        self.departures = Departures(
            database, self.settings, self.guilds.__getitem__, others=(call_cards,)
        )

    async def fill(self) -> None:
        """Store settings, credentials and a finished note of every guild."""
        store = repository_of(self.database, "one")
        await self.settings.refresh()
        for guild_id in GUILDS:
            await self.settings.change(
                guild_id,
                7,
                lambda settings: replace(settings, connected=True),
                lambda _, __: "connected",
                self.communities.entered.writing(guild_id, str(guild_id), Credentials("a-key")),
            )
        await in_state(store, NoteState.ADDED, guild=GONE, call=GONE)
        await self.database.run(_copy_the_note)

    async def guilds_in(self, table: Table) -> set[int]:
        query = select(table.c.guild_id)
        return await self.database.run(lambda connection: set(connection.scalars(query)))

    async def marked(self) -> set[int]:
        return await self.guilds_in(departures)

    async def let_pass(self, seconds: float) -> None:
        earlier = departures.c.left_at - seconds
        await self.database.execute(update(departures).values(left_at=earlier))

    async def purged(self) -> list[int]:
        """Purge to the end; returns how many rows went with each batch."""
        batches = []
        while count := await self.departures.purge():
            batches.append(count)
        return batches


def _copy_the_note(connection: Connection) -> None:
    """Let the others have a note as the first guild's, and what else is stored of it."""
    for table in (notes, delivery_ledger):
        row = connection.execute(select(table).where(table.c.call_id == GONE)).one()._asdict()
        for guild_id in GUILDS.keys() - {GONE}:
            its_own = {"guild_id": guild_id, "call_id": guild_id, "id": row.get("id", 0) - guild_id}
            values = {name: its_own.get(name, value) for name, value in row.items()}
            connection.execute(insert(table), values)


@pytest.fixture
async def place(database: Database) -> Place:
    place = Place(database)
    await place.fill()
    return place


async def test_a_guild_that_is_surely_gone_is_marked_and_loses_all_after_30_days_and_no_other(
    place: Place,
) -> None:
    assert await place.departures.review() == []
    assert await place.marked() == {GONE}
    await place.let_pass(KEPT_SECONDS - 60)
    assert await place.purged() == []
    for table in STORED:
        assert await place.guilds_in(table) == GUILDS.keys()
    await place.let_pass(120)
    assert await place.purged() == [1, 1, 1, 1]
    for table in STORED:
        assert await place.guilds_in(table) == {HERE, UNKNOWN}
    assert await place.marked() == set()
    ledger = select(delivery_ledger.c.call_id)
    assert await place.database.run(lambda c: set(c.scalars(ledger))) == GUILDS.keys()


async def test_the_deleted_settings_are_not_used_any_more_not_even_by_another_process(
    place: Place,
) -> None:
    other = Place(place.database)
    await other.settings.refresh()
    await place.departures.review()
    await place.let_pass(KEPT_SECONDS + 60)
    await place.purged()
    for process in (place, other):
        process.guilds[GONE] = True
        await process.departures.review()
        await process.settings.refresh()
        assert process.settings.of(GONE) == GuildSettings(GONE)
        assert process.communities.of_guild(GONE) is None
        assert process.settings.of(HERE).connected
        assert process.communities.current(HERE)


async def test_a_guild_that_is_back_is_as_before_and_its_30_days_begin_anew(place: Place) -> None:
    """Also after a time in which it is not known where the bot is, which deletes nothing."""
    await place.departures.review()
    await place.let_pass(KEPT_SECONDS + 60)
    place.guilds[GONE] = None
    assert await place.purged() == []
    assert await place.marked() == {GONE}
    place.guilds[GONE] = True
    assert await place.purged() == []
    assert await place.marked() == set()
    place.guilds[GONE] = False
    assert await place.purged() == []
    assert await place.marked() == {GONE}
    for table in STORED:
        assert await place.guilds_in(table) == GUILDS.keys()


async def test_a_note_that_waits_is_left_to_the_outbox(place: Place) -> None:
    waiting = await in_state(repository_of(place.database, "one"), NoteState.QUEUED, guild=GONE)
    await place.departures.review()
    await place.let_pass(KEPT_SECONDS + 60)
    assert await place.purged() == [1, 1, 1, 1]
    left = select(notes.c.id).where(notes.c.guild_id == GONE)
    assert await place.database.run(lambda c: c.scalars(left).all()) == [waiting.id]
    assert await place.marked() == {GONE}
    await place.database.execute(update(notes).values(state=NoteState.CANCELLED.value))
    assert await place.purged() == [1]
    assert await place.marked() == set()


async def test_its_cards_are_deleted_too_and_count_as_stored(database: Database) -> None:
    place, cards = Place(database), CardStore(database, "one", Timing())
    await place.settings.refresh()
    for guild_id in GUILDS:
        await cards.add(KeptCard(guild_id, guild_id, 1, "", 1, 123, "shown"), 10)
    await place.departures.review()
    await place.let_pass(KEPT_SECONDS + 60)
    assert await place.purged() == [1]
    assert await place.guilds_in(call_cards) == {HERE, UNKNOWN}
    assert await place.marked() == set()


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_a_damaged_row_of_a_file_keeps_no_other_from_being_deleted(
    database: Database,
) -> None:
    place, cards = Place(database), CardStore(database, "one", Timing())
    await place.settings.refresh()
    for guild_id in GUILDS:
        await cards.add(KeptCard(guild_id, guild_id, 1, "", 1, 123, "shown"), 10)
    damaged = "UPDATE call_cards SET guild_id = CAST(x'44ff' AS TEXT) WHERE guild_id = 2"
    await database.execute(text(damaged))
    await place.departures.review()
    await place.let_pass(KEPT_SECONDS + 60)
    assert await place.purged() == [1]
    assert await place.marked() == set()


async def test_many_notes_are_deleted_in_batches(place: Place) -> None:
    one = select(notes).where(notes.c.guild_id == GONE)
    row = await place.database.run(lambda c: c.execute(one).one()._asdict())
    more = [{**row, "id": n, "position": -n} for n in range(1, BATCH + 50)]
    await place.database.run(lambda c: c.execute(insert(notes), more))
    await place.departures.review()
    await place.let_pass(KEPT_SECONDS + 60)
    assert await place.purged() == [BATCH, 50, 1, 1, 1]


async def test_two_processes_may_do_the_same_at_once(place: Place) -> None:
    async with opened(place.database.address, shared=True) as second:
        other = Place(second)
        await asyncio.gather(place.departures.review(), other.departures.review())
        assert await place.marked() == {GONE}
        await place.let_pass(KEPT_SECONDS + 60)
        done = await asyncio.gather(place.purged(), other.purged())
    assert sorted(done[0] + done[1]) == [1, 1, 1, 1]
    assert await place.guilds_in(guild_settings) == {HERE, UNKNOWN}
    assert await place.marked() == set()


async def test_a_guild_whose_last_row_another_process_deletes_is_not_marked_again(
    request: pytest.FixtureRequest,
) -> None:
    async with postgresql(request.config) as address, opened(address) as database:
        place = Place(database)
        await place.fill()
        await place.departures.review()
        deleted = [f"DELETE FROM {table} WHERE guild_id = {GONE}" for table in STORED]  # noqa: S608
        lock = "LOCK TABLE departures; DELETE FROM departures"
        async with transaction(address, "; ".join([lock, *deleted])):
            review = asyncio.create_task(place.departures.review())
            await somebody_waits(address)
        await review
        assert await place.marked() == set()


async def test_a_mark_that_another_process_is_removing_deletes_nothing(
    request: pytest.FixtureRequest,
) -> None:
    async with postgresql(request.config) as address, opened(address) as database:
        place = Place(database)
        await place.fill()
        await place.departures.review()
        await place.let_pass(KEPT_SECONDS + 60)
        async with transaction(address, "DELETE FROM departures"):  # not committed yet
            purge = asyncio.create_task(place.departures.purge())
            await somebody_waits(address)
        assert await purge == 0
        for table in STORED:
            assert await place.guilds_in(table) == GUILDS.keys()


async def test_a_guild_is_found_by_each_table_that_names_it(database: Database) -> None:
    for table in STORED:
        place = Place(database)
        await place.fill()
        others = [other for other in (*STORED, departures, delivery_ledger) if other is not table]
        await database.execute(*map(delete, others))
        await place.departures.review()
        assert await place.marked() == {GONE}, table.name
        await database.execute(delete(table))


async def test_a_change_of_settings_is_no_departure_and_the_other_way_round(place: Place) -> None:
    before = place.settings.of(GONE)
    await place.departures.review()
    await place.settings.refresh()
    assert place.settings.of(GONE) == before
    await place.settings.change(GONE, 7, lambda s: replace(s, server_id=5), lambda *_: "server")
    assert await place.marked() == {GONE}
