"""How often all processes together read the call list."""

from __future__ import annotations

import asyncio

import aiohttp
from sqlalchemy import func, select, update

from bot.outbox import HOST, NoteState
from bot.outbox.read_slots import ReadSlots
from bot.outbox.schema import call_list_reads
from bot.sandbox.sonoran import Fault, SonoranServer
from bot.storage import Database, DatabaseUrl
from tests.loop_clock import let_pass
from tests.outbox import workers
from tests.outbox.workers import Worker, on_sqlite, with_limits, working


async def test_all_processes_together_keep_to_the_limit_of_reads(database: Database) -> None:
    one, two = ReadSlots(database, HOST, 3), ReadSlots(database, HOST, 3)
    waits = [await slots.acquire() for slots in (one, two, one, two, one)]
    assert waits[:3] == [0.0, 0.0, 0.0]
    assert all(0 < wait <= 60 for wait in waits[3:])


async def test_reads_that_are_taken_at_once_keep_to_the_limit(
    database: Database, address: DatabaseUrl
) -> None:
    several = [ReadSlots(database, HOST, 3) for _ in range(12)]
    waits = await asyncio.gather(*(slots.acquire() for slots in several))
    assert sum(wait == 0 for wait in waits) == 3


async def pass_reads(database: Database, seconds: float) -> None:
    """Let the reads have been so many seconds earlier."""
    await database.execute(
        update(call_list_reads).values(read_at=call_list_reads.c.read_at - seconds)
    )


async def test_a_read_is_free_again_when_its_minute_is_over(database: Database) -> None:
    slots = ReadSlots(database, HOST, 3)
    for _ in range(3):
        assert await slots.acquire() == 0
    await pass_reads(database, 59)
    assert 0 < await slots.acquire() <= 1
    await pass_reads(database, 1.1)
    assert [await slots.acquire() for _ in range(3)] == [0, 0, 0]


async def test_reads_of_a_clock_that_was_set_back_block_for_a_minute_and_no_longer(
    database: Database,
) -> None:
    slots = ReadSlots(database, HOST, 3)
    for _ in range(3):
        await slots.acquire()
    await pass_reads(database, -3600)
    assert 0 < await slots.acquire() <= 60
    await pass_reads(database, 60)
    assert await slots.acquire() == 0


async def test_a_clock_that_is_set_on_frees_reads_and_loses_none(database: Database) -> None:
    slots = ReadSlots(database, HOST, 3)
    for _ in range(3):
        await slots.acquire()
    await pass_reads(database, 3600)
    assert [await slots.acquire() for _ in range(3)] == [0, 0, 0]
    assert await slots.acquire() > 0
    count = select(func.count()).select_from(call_list_reads)
    assert await database.run(lambda c: c.scalar(count)) == 6


async def test_a_spare_read_leaves_one_to_others(database: Database) -> None:
    slots = ReadSlots(database, HOST, 3)
    assert [await slots.acquire(spare=True) for _ in range(2)] == [0, 0]
    assert 0 < await slots.acquire(spare=True) <= 60
    assert await slots.acquire() == 0


async def test_a_spare_read_goes_behind_those_that_wait(database: Database) -> None:
    slots = ReadSlots(database, HOST, 1)
    assert await slots.acquire(spare=True) == 0
    assert await slots.acquire() > 0
    await pass_reads(database, 61)
    assert await slots.acquire(spare=True) > 0
    assert await slots.acquire() == 0


@on_sqlite
async def test_no_more_is_read_than_all_processes_together_may(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    slots = ReadSlots(database, HOST, 3)
    assert [await slots.acquire() for _ in range(3)] == [0, 0, 0]
    cad.faults.add(Fault(on="note", abort="before"))
    limits = with_limits(call_reads_per_minute=3, give_up_seconds=600.0)
    async with working(Worker(database, cad, session, limits)) as worker:
        record = await worker.became(await worker.note(), NoteState.CHECKING)
        await let_pass(workers.QUICK.settle_seconds)
        assert not any(request.kind == "calls" for request in cad.requests)
        await pass_reads(database, 61.0)
        await let_pass(61.0)
        await worker.became(record, NoteState.ADDED)
