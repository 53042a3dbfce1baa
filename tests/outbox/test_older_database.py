"""A database that has become older than what it confirmed: after a failover, or from a backup."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import aiohttp
import pytest
from sqlalchemy import delete, update

from bot.outbox import NoteState
from bot.outbox.models import Acknowledgement
from bot.outbox.schema import delivery_ledger, leases, notes, outbox_position
from bot.sandbox.sonoran import Fault, SonoranServer
from bot.storage import NOW, Database
from tests.loop_clock import let_pass
from tests.outbox.workers import (
    Worker,
    in_state,
    put_back,
    sending,
    stored,
    working,
)
from tests.timing import QUICK
from tests.world import PATIENCE


@pytest.mark.parametrize("row", ["older", "gone"])
async def test_an_outcome_is_stored_again(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession, row: str
) -> None:
    async with sending(database, cad, session) as (worker, record, answer):
        if row == "older":
            await put_back(database, record)
        else:
            await database.execute(delete(notes), update(outbox_position).values(value=0))
        answer.set()
        added = await worker.became(record, NoteState.ADDED)
        assert await worker.outbox.store.get(record.id) == added
        assert worker.outbox.waiting_count == 0
        behind = await worker.note("behind")
        assert behind.position > record.position
        await worker.became(behind, NoteState.ADDED)
    assert stored(cad) == ["some note here", "behind"]


@pytest.mark.parametrize("state", [NoteState.RECEIVED, NoteState.QUEUED, NoteState.SENDING])
async def test_a_finished_note_that_waits_by_its_row_is_stored_as_finished_again(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession, state: NoteState
) -> None:
    async with working(Worker(database, cad, session)) as worker:
        record = await worker.note()
        added = await worker.became(record, NoteState.ADDED)
        worker.told.clear()
        older = replace(added, state=state, revision=added.revision - 1)
        older = record if state is NoteState.RECEIVED else older
        await put_back(database, older, delete(delivery_ledger))
        await worker.became(record, NoteState.ADDED)
        assert len(cad.note_requests) == 1
        cad.faults.add(Fault(on="note", abort="before"))
        equal = await worker.note(member=8)  # which is not to be taken for the first
        await worker.became(equal, NoteState.ADDED)
    assert stored(cad) == ["some note here"] * 2


async def test_a_finished_note_that_another_process_knew_is_looked_for(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    async with working(Worker(database, cad, session)) as worker:
        record = await in_state(worker.outbox.store, NoteState.SENDING)
        cad.add_note(123, record.note.text, label=record.note.label)
        await worker.became(record, NoteState.CHECKING)
        await worker.became(record, NoteState.ADDED)
    assert stored(cad) == ["some note here"]


@pytest.mark.parametrize("state", [NoteState.RECEIVED, NoteState.QUEUED])
async def test_a_waiting_note_whose_row_is_gone_goes_on(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession, state: NoteState
) -> None:
    cad.faults.add(Fault(on="any", status=429, body="{}", times=None))
    async with working(Worker(database, cad, session)) as worker:
        record = await worker.receive()
        if state is NoteState.QUEUED:
            await worker.outbox.acknowledged(record, Acknowledgement(1))
        await database.execute(delete(notes))
        if state is NoteState.RECEIVED:
            await worker.outbox.acknowledged(record, Acknowledgement(1))
        cad.faults.clear()
        await worker.became(record, NoteState.ADDED)
    assert stored(cad) == ["some note here"]


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
@pytest.mark.parametrize("state", [NoteState.RECEIVED, NoteState.QUEUED, NoteState.SENDING])
async def test_a_note_whose_row_is_gone_after_a_long_outage_is_unconfirmed(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession, state: NoteState
) -> None:
    """The lease was over meanwhile, so another process may have had the note, and sent it."""
    answer = asyncio.Event()
    cad.faults.add(Fault(on="note", applied=True, hold=answer))
    worker = Worker(database, cad, session, answer_seconds=PATIENCE, heartbeat=0.1)
    async with working(worker):
        before = await worker.note("before")
        await asyncio.wait_for(cad.received(1), PATIENCE)
        record = await worker.receive()
        if state is NoteState.QUEUED:
            await worker.acknowledge(record)
            await worker.queued(record)
        gone = before if state is NoteState.SENDING else record
        await database.execute(
            delete(notes).where(notes.c.id == gone.id),
            update(leases).values(heartbeat_at=NOW - 3600.0),
        )
        await let_pass(2 * QUICK.recovery_interval)
        answer.set()
        if state is not NoteState.QUEUED:
            await worker.acknowledge(record)
        unconfirmed = await worker.became(gone, NoteState.UNCONFIRMED)
        assert unconfirmed.message_id == gone.id + 1
        assert await worker.outbox.store.get(gone.id) == unconfirmed
        check = worker.outbox.member_actions.resume
        await check(unconfirmed, NoteState.CHECKING, (gone.id + 1, "token"))
        for each in (before, record):
            await worker.became(each, NoteState.ADDED)
    assert stored(cad) == ["before", "some note here"]


async def test_a_note_accepted_by_an_older_database_is_behind_those_that_it_lacks(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    cad.faults.add(Fault(on="any", status=503, times=None))
    async with working(Worker(database, cad, session, recovery_interval=3600.0)) as worker:
        await worker.became(await worker.note("first"), NoteState.CHECKING)
        second = await worker.note("second")
        await worker.queued(second)
        await database.execute(
            delete(notes).where(notes.c.id == second.id), update(outbox_position).values(value=1)
        )
        third = await worker.note("third")
        assert third.position > second.position
        cad.faults.clear()
        await worker.became(third, NoteState.ADDED)
    assert stored(cad) == ["first", "second", "third"]


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


@pytest.mark.parametrize("in_use", [False, True])
async def test_finished_notes_that_an_older_database_lacks_are_stored_again(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession, in_use: bool
) -> None:
    async with working(Worker(database, cad, session)) as worker:
        added = [
            await worker.became(await worker.note(member=number), NoteState.ADDED)
            for number in range(3)
        ]
        back = update(outbox_position).values(value=added[0].position - 1)
        await database.execute(delete(notes), delete(delivery_ledger), back)
        worker.told.clear()
        if in_use:
            await worker.note(call=124)
        for record in added:
            await worker.became(record, NoteState.ADDED)
        assert [await worker.outbox.store.get(each.id) for each in added] == added
        cad.faults.add(Fault(on="note", abort="before"))
        await worker.became(await worker.note(member=3), NoteState.ADDED)
    assert stored(cad) == ["some note here"] * 4


async def test_finished_notes_are_stored_again_though_the_last_one_is_before_them(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    answer = asyncio.Event()
    async with working(Worker(database, cad, session, answer_seconds=PATIENCE)) as worker:
        added = await worker.became(await worker.note(), NoteState.ADDED)
        cad.faults.add(Fault(on="note", applied=True, hold=answer))
        last = await worker.note("last")
        await asyncio.wait_for(cad.received(2), PATIENCE)
        worker.told.clear()
        back = update(outbox_position).values(value=0)
        await database.execute(delete(notes), delete(delivery_ledger), back)
        answer.set()
        for record in (last, added):
            await worker.became(record, NoteState.ADDED)
        assert await worker.outbox.store.get(added.id) == added
    assert stored(cad) == ["some note here", "last"]
