"""Notes that changed hands, in a database that has become older and may have forgotten it."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import aiohttp
import pytest
from sqlalchemy import delete, insert, select, update

from bot.outbox import NoteState
from bot.outbox.cleanup import LEAST_KEPT_SECONDS, Cleanup
from bot.outbox.ledger import explained
from bot.outbox.schema import delivery_ledger, leases
from bot.outbox.shown_marks import Mark, store_marks
from bot.sandbox.sonoran import Fault, SonoranServer
from bot.storage import NOW, Database
from bot.timing import Timing
from tests.loop_clock import let_pass
from tests.outbox.parts import repository_of
from tests.outbox.workers import (
    Worker,
    eventually,
    in_state,
    put_back,
    sending,
    shift,
    stored,
    working,
)
from tests.world import PATIENCE


@pytest.fixture
def engine() -> str:
    """Give only PostgreSQL, as a SQLite file has one process at a time."""
    return "postgresql"


async def test_a_row_that_another_process_has_is_left_to_it(database: Database) -> None:
    one, two = repository_of(database, "one"), repository_of(database, "two")
    record = await in_state(one, NoteState.QUEUED)
    older = replace(record, revision=record.revision - 1)
    await put_back(database, older)
    taken = await two.member_transition(older, NoteState.SENDING, None, waiting_limit=9)
    await one.restore(replace(record, revision=record.revision + 5))
    assert await one.get(record.id) == taken


async def test_a_note_goes_on_when_the_database_forgets_that_a_member_took_it_up_again(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    failed = await in_state(repository_of(database, "gone"), NoteState.FAILED)
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
    left = await in_state(repository_of(database, "gone"), state)
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
    left = await in_state(repository_of(database, "gone"), NoteState.QUEUED)
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
    left = await in_state(repository_of(database, "gone"), NoteState.QUEUED)
    async with sending(database, cad, session, left) as (worker, _, answer):
        await put_back(database, left, insert(leases).values(id="gone", heartbeat_at=NOW))
        answer.set()
        async with asyncio.timeout(PATIENCE):
            while worker.outbox.waiting_count:
                await database.execute(update(leases).values(heartbeat_at=NOW))
                await let_pass(1.0)
        assert await worker.outbox.store.get(left.id) == left
    assert stored(cad) == ["some note here"]


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
        await database.run(store_marks, Mark(added, logged=True, shown=True))
        await shift(database, LEAST_KEPT_SECONDS + 1, "updated_at")
        while await Cleanup(database, 0.0, (), Timing()).purge():
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
