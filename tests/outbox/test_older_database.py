"""A database that has become older than what it confirmed, as after a failover."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import aiohttp
import pytest
from sqlalchemy import delete, insert, select, update

from bot.outbox import NoteRecord, NoteState, OutboxRepository
from bot.outbox.cleanup import LEAST_KEPT_SECONDS, Cleanup
from bot.outbox.ledger import explained
from bot.outbox.models import Acknowledgement
from bot.outbox.schema import delivery_ledger, leases, notes, outbox_position
from bot.outbox.shown_marks import Mark, store_marks
from bot.sandbox.sonoran import Fault, SonoranServer
from bot.storage import NOW, Database
from tests.loop_clock import let_pass
from tests.outbox.workers import (
    Worker,
    eventually,
    in_state,
    put_back,
    shift,
    stored,
    working,
)
from tests.timing import QUICK
from tests.world import PATIENCE


@pytest.fixture
def engine() -> str:
    """Give only PostgreSQL, as nothing puts a SQLite file back under a running process."""
    return "postgresql"


@asynccontextmanager
async def sending(
    database: Database,
    cad: SonoranServer,
    session: aiohttp.ClientSession,
    left: NoteRecord | None = None,
) -> AsyncIterator[tuple[Worker, NoteRecord, asyncio.Event]]:
    """Give a worker, a note that it is sending, and what lets the CAD answer, which has it.

    The note is a new one, or one that another process has `left`.
    """
    answer = asyncio.Event()
    cad.faults.add(Fault(on="note", applied=True, hold=answer))
    async with working(Worker(database, cad, session, answer_seconds=PATIENCE)) as worker:
        record = left or await worker.note()
        await asyncio.wait_for(cad.received(1), PATIENCE)
        yield worker, record, answer


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


async def test_a_row_that_another_process_has_is_left_to_it(database: Database) -> None:
    one, two = OutboxRepository(database, "one"), OutboxRepository(database, "two")
    record = await in_state(one, NoteState.QUEUED)
    older = replace(record, revision=record.revision - 1)
    await put_back(database, older)
    taken = await two.member_transition(older, NoteState.SENDING, None, waiting_limit=9)
    await one.restore(replace(record, revision=record.revision + 5))
    assert await one.get(record.id) == taken


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


async def test_a_note_goes_on_when_the_database_forgets_that_a_member_took_it_up_again(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    failed = await in_state(OutboxRepository(database, "gone"), NoteState.FAILED)
    cad.faults.add(Fault(on="any", status=429, body="{}", times=None))
    async with working(Worker(database, cad, session, recovery_interval=PATIENCE)) as worker:
        resume = worker.outbox.member_actions.resume
        again = await resume(failed, NoteState.QUEUED, (1, "token"))
        await worker.until(lambda told: any(each.failure for each in told))
        await put_back(database, failed)
        cad.faults.clear()
        await worker.became(again, NoteState.ADDED)
    assert stored(cad) == ["some note here"]


@pytest.mark.parametrize("state", [NoteState.RECEIVED, NoteState.QUEUED])
async def test_a_note_taken_over_and_added_is_not_sent_again_when_the_database_knows_neither(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession, state: NoteState
) -> None:
    left = await in_state(OutboxRepository(database, "gone"), state)
    async with working(Worker(database, cad, session)) as worker:
        if state is NoteState.RECEIVED:
            await worker.acknowledge(await worker.became(left, NoteState.RECEIVED))
        await worker.became(left, NoteState.ADDED)
        worker.told.clear()
        await put_back(database, left, delete(delivery_ledger))
        await worker.became(left, NoteState.ADDED)
        (counted,) = (await explained(database, replace(left, id=1))).values()
        assert (counted.confirmed, counted.unconfirmed) == (1, 0)
    assert stored(cad) == ["some note here"]


async def test_an_outcome_is_stored_when_the_database_forgets_that_the_note_was_taken_over(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    left = await in_state(OutboxRepository(database, "gone"), NoteState.QUEUED)
    async with sending(database, cad, session, left) as (worker, _, answer):
        await put_back(database, left)
        answer.set()
        await worker.became(left, NoteState.ADDED)
        (counted,) = (await explained(database, replace(left, id=1))).values()
        assert (counted.confirmed, counted.unconfirmed) == (1, 0)
    assert stored(cad) == ["some note here"]


async def test_an_outcome_is_given_up_when_the_process_that_had_the_note_lives_after_all(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    left = await in_state(OutboxRepository(database, "gone"), NoteState.QUEUED)
    async with sending(database, cad, session, left) as (worker, _, answer):
        await put_back(database, left, insert(leases).values(id="gone", heartbeat_at=NOW))
        answer.set()
        async with asyncio.timeout(PATIENCE):
            while worker.outbox.waiting_count:
                await database.execute(update(leases).values(heartbeat_at=NOW))
                await let_pass(1.0)
        assert await worker.outbox.store.get(left.id) == left
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


@pytest.mark.parametrize("state", [NoteState.RECEIVED, NoteState.QUEUED])
async def test_a_note_that_another_process_finished_and_deleted_is_not_taken_for_a_lost_one(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession, state: NoteState
) -> None:
    """This one stood still until its lease was over; `HISTORY_DAYS` is 0."""
    one = Worker(database, cad, session, history_days=0)
    one.start()
    earlier = await one.receive("earlier")
    record = await one.receive()
    if state is NoteState.QUEUED:
        await one.acknowledge(record)  # which waits for the earlier one
        await one.queued(record)
    await one.kill()
    await database.execute(delete(leases))
    async with working(Worker(database, cad, session, history_days=0)) as two:
        await two.outbox.discard(await two.became(earlier, NoteState.RECEIVED))
        if state is NoteState.RECEIVED:
            await two.acknowledge(await two.became(record, NoteState.RECEIVED))
        added = await two.became(record, NoteState.ADDED)
        await database.run(store_marks, Mark(added, logged=True))
        await shift(database, LEAST_KEPT_SECONDS + 1, "updated_at")
        while await Cleanup(database, 0.0).purge():
            pass
        assert await two.outbox.store.get(record.id) is None
        record = replace(record, updated_at=record.updated_at - LEAST_KEPT_SECONDS - 1)
        for item in one.outbox.deliveries.items():
            if item.record.id == record.id:
                item.record = replace(item.record, updated_at=record.updated_at)
        one.start()
        async with asyncio.timeout(PATIENCE):
            while len(await database.run(lambda c: c.scalars(select(leases.c.id)).all())) < 2:  # noqa: ASYNC110 - a row
                await asyncio.sleep(0.01)
        if state is NoteState.RECEIVED:
            await one.acknowledge(record)
        await one.outbox.discard(earlier)
        await eventually(lambda: one.outbox.waiting_count == 0)
        await one.stop()
        assert await two.outbox.store.get(record.id) is None
    assert stored(cad) == ["some note here"]
