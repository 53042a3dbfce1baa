"""A database that has become older than what it confirmed, as after a failover."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest
from sqlalchemy import delete, text

from bot.outbox import NoteRecord, NoteState
from bot.outbox.schema import delivery_ledger, notes
from bot.sandbox.sonoran import Fault, SonoranServer
from bot.storage import Database
from tests import database as databases
from tests.outbox import workers
from tests.outbox.workers import Worker, stored, working
from tests.world import PATIENCE

address = databases.address
database = databases.database
cad = workers.cad
session = workers.session


@pytest.fixture
def engine() -> str:
    """Give only PostgreSQL, as nothing puts a SQLite file back under a running process."""
    return "postgresql"


async def put_back(database: Database, record: NoteRecord) -> None:
    """Let a note's row be as it was."""
    await database.execute(
        notes.update()
        .where(notes.c.id == record.id)
        .values(state=record.state.value, revision=record.revision, shown=0, settled=False)
    )


async def test_an_outcome_is_stored_again_over_an_older_row(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    answer = asyncio.Event()
    cad.faults.add(Fault(on="note", applied=True, hold=answer))
    async with working(Worker(database, cad, session, answer_seconds=PATIENCE)) as worker:
        record = await worker.note()
        await asyncio.wait_for(cad.received(1), PATIENCE)
        await put_back(database, record)
        answer.set()
        await worker.became(record, NoteState.ADDED)
        now = await worker.outbox.store.get(record.id)
        assert now is not None
        assert now.state is NoteState.ADDED
        assert len(worker.outbox) == 0
    assert stored(cad) == ["some note here"]


async def test_an_outcome_is_stored_again_where_the_row_is_gone(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    answer = asyncio.Event()
    cad.faults.add(Fault(on="note", applied=True, hold=answer))
    async with working(Worker(database, cad, session, answer_seconds=PATIENCE)) as worker:
        record = await worker.note()
        await asyncio.wait_for(cad.received(1), PATIENCE)
        await database.execute(delete(notes), text("UPDATE outbox_position SET value = 0"))
        answer.set()
        await worker.became(record, NoteState.ADDED)
        behind = await worker.note("behind")
        assert behind.position > record.position
        await worker.became(behind, NoteState.ADDED)
    assert stored(cad) == ["some note here", "behind"]


async def test_a_finished_note_that_is_being_sent_again_by_its_row_is_looked_for(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    async with working(Worker(database, cad, session)) as worker:
        record = await worker.note()
        added = await worker.became(record, NoteState.ADDED)
        worker.told.clear()
        await database.execute(
            notes.update().values(state="sending", revision=added.revision - 1, settled=False),
            delete(delivery_ledger),  # which was changed in the same transaction
        )
        await worker.became(record, NoteState.CHECKING)
        await worker.became(record, NoteState.ADDED)
    assert stored(cad) == ["some note here"]
    assert len(cad.note_requests) == 1


async def test_a_waiting_note_whose_row_is_older_goes_on(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    cad.faults.add(Fault(on="any", status=429, body="{}", times=None))
    async with working(Worker(database, cad, session)) as worker:
        record = await worker.note()
        await worker.until(lambda told: any(each.failure for each in told))
        await put_back(database, record)
        cad.faults.clear()
        await worker.became(record, NoteState.ADDED)
    assert stored(cad) == ["some note here"]
