"""Notes that are moved behind the back of whoever is about to move them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from bot.outbox import JournalStore, MovedOnError, NoteRecord, NoteState
from bot.outbox.circuit_breaker import Line
from bot.outbox.sender import Sender
from bot.outbox.work_queue import Desk, Tracked
from bot.sandbox.sonoran import Fault, SonoranServer
from bot.storage import Database, StorageError
from tests import database as databases
from tests.database import file_in, locked_file, make_file, opened
from tests.outbox import workers
from tests.outbox.workers import Office, in_state, stored, with_limits, working
from tests.world import PATIENCE

engine = databases.engine
address = databases.address
database = databases.database
cad = workers.cad
session = workers.session


@asynccontextmanager
async def waiting(
    database: Database,
    cad: SonoranServer,
    session: aiohttp.ClientSession,
    give_up_seconds: float = 30.0,
) -> AsyncIterator[tuple[Office, NoteRecord]]:
    """Give an office with a note that waits, as the CAD takes none until `cad.faults.clear()`."""
    cad.faults.add(Fault(on="version", status=503, times=None))
    cad.faults.add(Fault(on="note", status=429, body="{}", times=None))
    limits = with_limits(give_up_seconds=give_up_seconds)
    async with working(Office(database, cad, session, limits)) as office:
        first = await office.note("first", call=124)
        await office.until(lambda told: any(each.id == first.id for each in told))
        record = await office.note()
        queued = await office.became(record, NoteState.QUEUED)
        assert office.delivery.problem is not None
        yield office, queued


async def test_a_note_whose_sending_was_written_down_unconfirmed_is_looked_for_and_sent(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    async with waiting(database, cad, session) as (office, record):
        await office.delivery.store.move(record, NoteState.SENDING)
        cad.faults.clear()
        await office.became(record, NoteState.ADDED)
    assert stored(cad) == ["some note here"]


async def test_a_note_whose_sending_was_written_down_unconfirmed_is_given_up_in_time(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    async with waiting(database, cad, session, give_up_seconds=4.0) as (office, record):
        await office.delivery.store.move(record, NoteState.SENDING)
        ended = (record.id, NoteState.UNCONFIRMED), (record.id, NoteState.FAILED)
        await office.until(lambda told: any((each.id, each.state) in ended for each in told))
    assert stored(cad) == []


async def test_a_note_whose_cancelling_was_not_confirmed_is_told_and_not_sent(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    async with waiting(database, cad, session) as (office, record):
        await office.delivery.store.move(record, NoteState.CANCELLED)
        cad.faults.clear()
        await office.became(record, NoteState.CANCELLED)
        assert (record.id, NoteState.ADDED) not in [(each.id, each.state) for each in office.told]
    assert stored(cad) == []


@pytest.mark.parametrize("sent", [False, True])
async def test_a_note_that_another_process_took_and_left_while_sending_is_added_once(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession, sent: bool
) -> None:
    async with waiting(database, cad, session) as (office, record):
        other = JournalStore(database, "a process that is gone")
        await other.move(record, NoteState.SENDING, take=True)
        if sent:
            cad.add_note(123, record.note.text, label=record.note.label)
        while True:  # the office takes it back
            now = await other.get(record.id)
            assert now is not None
            if now.owner == office.delivery.store.owner:
                break
            await asyncio.sleep(0.05)
        cad.faults.clear()
        await office.became(record, NoteState.ADDED)
    assert stored(cad) == ["some note here"]


async def test_a_note_that_another_process_has_finished_is_not_sent_again(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    async with waiting(database, cad, session) as (office, record):
        other = JournalStore(database, "a process that is gone")
        sending = await other.move(record, NoteState.SENDING, take=True)
        await other.move(sending, NoteState.ADDED)
        cad.faults.clear()
        await office.became(record, NoteState.ADDED)
        last = await office.note("last")
        await office.became(last, NoteState.ADDED)
    assert stored(cad) == ["last"]


async def test_a_note_that_is_cancelled_while_the_database_is_locked_ends_nothing_else(
    cad: SonoranServer, session: aiohttp.ClientSession, tmp_path: Path
) -> None:
    """The cancellation comes between two tries to write down that the note was given up."""
    cad.faults.add(Fault(on="note", abort="before", times=2))
    cad.faults.add(Fault(on="calls", status=503, times=None))
    limits = with_limits(give_up_seconds=4.0, call_reads_per_minute=1)
    address = make_file(file_in(tmp_path))
    assert address.path is not None
    async with opened(address) as database:  # with more time than there is below
        store = JournalStore(database, "a process that is gone")
        notes = [await in_state(store, NoteState.QUEUED, call=call) for call in (123, 124)]
    async with (
        opened(address, seconds=0.3) as database,
        working(Office(database, cad, session, limits)) as office,
    ):
        records = [await office.became(note, NoteState.CHECKING) for note in notes]
        async with locked_file(address.path):
            # Both are given up meanwhile, with pauses between the tries that grow.
            await asyncio.sleep(8.0)
        await cancelled(office, records[0])
        await office.became(records[1], NoteState.UNCONFIRMED)


async def cancelled(office: Office, record: NoteRecord) -> None:
    """Cancel a note, whichever of the states it is in that allow it, however long that takes."""
    while record.state is not NoteState.CANCELLED:
        try:
            record = await office.delivery.cancel(record)
        except MovedOnError as error:
            record = error.record or record
        except StorageError:
            continue  # which may be of a busy machine, too, with so little time


class DeskJustBefore(Desk):
    """A desk on which a note comes due between one look at it and the next."""

    late = False

    def sendable(self) -> list[NoteRecord]:
        found = super().sendable()
        if found and not self.late:
            self.late = True
            return []
        return found


async def test_a_note_that_comes_due_between_two_looks_does_not_wait_for_another(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    office = Office(database, cad, session)
    store = office.delivery.store
    desk, line, limits = DeskJustBefore(), Line(office.client, longest_pause=0.1), workers.QUICK
    told = asyncio.Queue[NoteRecord]()
    sender = Sender(desk, store, office.client, line, limits, told.put_nowait)
    record = await in_state(store, NoteState.QUEUED)
    desk.put(Tracked(record, since=0.0, deadline=1e12), record)
    task = asyncio.create_task(sender.run())
    try:
        added = await asyncio.wait_for(told.get(), PATIENCE)
        assert added.state is NoteState.ADDED
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await sender.finish(PATIENCE)
