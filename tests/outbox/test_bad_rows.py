"""Rows, tables and notes that would stop everybody if they were not set aside."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from sqlalchemy import text

from bot.outbox import NoteState, WaitingNotes
from bot.outbox.recovery import MOST_RECOVERIES
from bot.outbox.schema import notes
from bot.sandbox.sonoran import Fault, SonoranServer
from bot.storage import Database, DatabaseUrl, UnusableDatabaseError
from tests.cases import case
from tests.outbox.parts import repository_of
from tests.outbox.workers import Worker, in_state, on_sqlite, stored, working
from tests.timing import PATIENCE


async def test_a_row_in_an_unknown_state_is_set_aside_and_the_others_go_on(
    database: Database,
    cad: SonoranServer,
    session: aiohttp.ClientSession,
    caplog: pytest.LogCaptureFixture,
) -> None:
    store = Worker(database, cad, session).outbox.store
    odd = await in_state(store, NoteState.ADDED, "odd", 124)
    await database.execute(notes.update().values(state="archived", settled=False))
    record = await in_state(store, NoteState.QUEUED)
    async with working(Worker(database, cad, session)) as worker:
        await worker.became(record, NoteState.ADDED)
        assert worker.outbox.unreadable == 1
        assert await worker.outbox.store.get(odd.id) is None
        (found,) = await worker.outbox.history.latest(1, limit=10)
        assert found.id == record.id
    (line,) = (each.message for each in caplog.records if "set aside" in each.message)
    assert str(odd.id) in line
    states = await database.run(lambda c: set(c.scalars(text("SELECT state FROM notes"))))
    assert states == {"archived", "added"}


@on_sqlite
@pytest.mark.parametrize(
    "damage",
    [
        "label = CAST(x'44ff' AS TEXT)",
        "text = x'44'",
        "position = 'x'",
        "updated_at = 'x'",
        "round_started_at = x'00'",
        "round_started_at = 9e999",
        "id = 'x'",
        "server_id = 1.5",
        "unconfirmed_sends = 9223372036854775807",
    ],
)
@pytest.mark.parametrize("state", [NoteState.QUEUED, NoteState.SENDING, NoteState.ADDED])
async def test_a_damaged_row_of_a_file_is_set_aside_and_the_others_go_on(
    database: Database,
    cad: SonoranServer,
    session: aiohttp.ClientSession,
    damage: str,
    state: NoteState,
) -> None:
    store = Worker(database, cad, session).outbox.store
    await in_state(store, state, "odd", 124)
    await database.execute(text(f"UPDATE notes SET settled = 0, {damage}"))  # noqa: S608
    record = await in_state(store, NoteState.QUEUED)
    async with working(Worker(database, cad, session)) as worker:
        await worker.became(record, NoteState.ADDED)
        (found,) = await worker.outbox.history.latest(1, limit=10)
        assert found.id == record.id
        assert worker.outbox.unreadable == 1
    assert stored(cad) == ["some note here"]


@on_sqlite
@pytest.mark.parametrize("damage", ["confirmed = 'x'", "unconfirmed = x'00'"])
async def test_a_damaged_row_of_what_a_call_has_keeps_no_other_calls_notes_in_doubt(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession, damage: str
) -> None:
    store = Worker(database, cad, session).outbox.store
    await in_state(store, NoteState.ADDED)
    await database.execute(text(f"UPDATE delivery_ledger SET {damage}"))  # noqa: S608
    odd = await in_state(store, NoteState.CHECKING, "odd")
    record = await in_state(store, NoteState.CHECKING, call=124)
    async with working(Worker(database, cad, session)) as worker:
        await worker.became(record, NoteState.ADDED)
        await worker.became(odd, NoteState.UNCONFIRMED)
    assert stored(cad, 124) == ["some note here"]


async def test_a_note_that_ends_each_process_that_has_it_is_given_up(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    store = Worker(database, cad, session).outbox.store
    waiting = (NoteState.QUEUED, NoteState.SENDING, NoteState.CHECKING)
    records = {state: await in_state(store, state, call=123 + n) for n, state in enumerate(waiting)}
    await database.execute(notes.update().values(recoveries=MOST_RECOVERIES))
    async with working(Worker(database, cad, session)) as worker:
        for state, record in records.items():
            with case(state):
                end = NoteState.FAILED if state is NoteState.QUEUED else NoteState.UNCONFIRMED
                given_up = await worker.became(record, end)
                assert given_up.recoveries == MOST_RECOVERIES + 1
                assert given_up.unconfirmed_sends == (state is not NoteState.QUEUED)
        assert worker.outbox.waiting_count == 0
    assert cad.note_requests == []


async def test_notes_that_were_handed_over_are_not_counted_as_recovered(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    leaving = Worker(database, cad, session)
    record = await in_state(leaving.outbox.store, NoteState.QUEUED)
    await leaving.outbox.hand_over()
    async with working(Worker(database, cad, session)) as worker:
        assert (await worker.became(record, NoteState.ADDED)).recoveries == 0
    assert stored(cad) == ["some note here"]


class OddDatabase(Database):
    """A database whose driver fails in a way of its own when notes move on to these states."""

    odd: tuple[NoteState, ...] = ()

    async def run(self, job: Any, *args: Any, **kwargs: Any) -> Any:
        if self.odd and self.odd[0] in args:
            self.odd = self.odd[1:]
            raise LookupError("odd")
        return await super().run(job, *args, **kwargs)


@pytest.fixture
async def odd_database(address: DatabaseUrl) -> AsyncIterator[OddDatabase]:
    database = OddDatabase(address, seconds=PATIENCE)
    await database.open()
    yield database
    await database.close()


@on_sqlite
@pytest.mark.parametrize("odd", [(NoteState.ADDED,), (NoteState.ADDED, NoteState.CHECKING)])
async def test_an_unexpected_error_after_the_cad_has_the_note_leaves_it_in_doubt(
    odd_database: OddDatabase,
    cad: SonoranServer,
    session: aiohttp.ClientSession,
    odd: tuple[NoteState, ...],
) -> None:
    odd_database.odd = odd
    async with working(Worker(odd_database, cad, session)) as worker:
        record = await worker.note()
        behind = await worker.note("behind")
        await worker.became(record, NoteState.CHECKING)
        await worker.became(record, NoteState.ADDED)
        await worker.became(behind, NoteState.ADDED)
    assert stored(cad) == ["some note here", "behind"]


@on_sqlite
@pytest.mark.parametrize("refused", [False, True])
async def test_a_note_that_cannot_be_queued_for_an_unexpected_error_is_queued_later(
    odd_database: OddDatabase, cad: SonoranServer, session: aiohttp.ClientSession, refused: bool
) -> None:
    if refused:
        cad.faults.add(Fault(on="any", status=429, body="{}", times=None))
    verdict = WaitingNotes.SEND if refused else WaitingNotes.KEEP
    async with working(
        Worker(odd_database, cad, session, waiting_notes=lambda _: verdict)
    ) as worker:
        if refused:
            first = await worker.note("first", call=124)
            await worker.until(lambda told: any(each.id == first.id for each in told))
        odd_database.odd = (NoteState.QUEUED,)
        await worker.queued(await worker.note())
        assert not odd_database.odd


@on_sqlite
async def test_notes_are_taken_over_after_an_unexpected_error(
    odd_database: OddDatabase, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    gone = repository_of(odd_database, "gone")
    left = [await in_state(gone, NoteState.SENDING, call=call) for call in (124, 125)]
    odd_database.odd = (NoteState.CHECKING,)
    async with working(Worker(odd_database, cad, session)) as worker:
        for record in left:
            await worker.became(record, NoteState.ADDED)
        assert not odd_database.odd


@pytest.mark.parametrize("change", ["DROP TABLE notes", "DELETE FROM outbox_position"])
async def test_tables_that_are_changed_end_delivery_in_a_sentence(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession, change: str
) -> None:
    async with working(Worker(database, cad, session)) as worker:
        await worker.became(await worker.note(), NoteState.ADDED)
        await database.execute(text(change))
        with pytest.raises(UnusableDatabaseError, match="have been deleted or changed"):
            await worker.until(lambda _: False)


async def test_a_note_is_refused_in_a_sentence_where_the_last_position_is_gone(
    database: Database,
) -> None:
    await database.execute(text("DELETE FROM outbox_position"))
    store = repository_of(database, "one")
    for _ in range(2):
        with pytest.raises(UnusableDatabaseError, match="have been deleted or changed"):
            await in_state(store, NoteState.RECEIVED)


@on_sqlite
@pytest.mark.parametrize("table", ["leases", "notes"])
async def test_tables_that_are_gone_before_delivery_begins_end_it_in_a_sentence(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession, table: str
) -> None:
    await database.execute(text(f"DROP TABLE {table}"))
    async with working(Worker(database, cad, session)) as worker:
        with pytest.raises(UnusableDatabaseError, match="have been deleted or changed"):
            await worker.until(lambda _: False)


@on_sqlite
async def test_a_note_that_cannot_be_taken_over_keeps_nothing_else_from_beginning(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    await in_state(Worker(database, cad, session).outbox.store, NoteState.QUEUED, "odd", 124)
    await database.execute(
        text(
            "CREATE TRIGGER odd BEFORE UPDATE ON notes WHEN OLD.call_id = 124 "
            "BEGIN SELECT RAISE(ABORT, 'odd'); END"
        )
    )
    cad.faults.add(Fault(on="note", applied=True, abort="before"))
    async with working(Worker(database, cad, session)) as worker:
        record = await worker.note()
        await worker.became(record, NoteState.CHECKING)
        await worker.became(record, NoteState.ADDED)
    assert stored(cad) == ["some note here"]


async def test_a_process_that_does_not_hold_its_lease_sends_nothing(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    # The margin is as long as the lease, so that it is never held; SQLite has no other process.
    worker = Worker(database, cad, session, lease_margin=24.0, lease_timeout=24.0)
    async with working(worker):
        record = await worker.note()
        if database.address.path is not None:
            await worker.became(record, NoteState.ADDED)
        else:
            await worker.until(
                lambda told: sum(each.state is NoteState.QUEUED for each in told) > 3
            )
            assert cad.note_requests == []
