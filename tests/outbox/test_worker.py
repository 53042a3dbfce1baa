"""What becomes of notes between the outbox and the CAD."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest

from bot.outbox import HOST, NoteState
from bot.sandbox.sonoran import Fault, SonoranServer
from bot.storage import Database
from tests.outbox.workers import Worker, eventually, on_sqlite, stored, with_limits, working
from tests.world import PATIENCE

# What is no usable answer is one error to the outbox, as the client's tests show of each kind.


@pytest.mark.parametrize(
    ("engine", "version"), [("sqlite", 1), ("postgresql", 2)], indirect=["engine"]
)
async def test_a_note_reaches_the_cad_once_is_stored_three_times_and_told_as_added(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession, version: int
) -> None:
    async with working(Worker(database, cad, session, version=version)) as worker:
        record = await worker.note()
        added = await worker.became(record, NoteState.ADDED)
    assert stored(cad) == ["some note here"]
    assert added.answer == "NOTE 'some note here' added to call #123"
    assert added.revision == 3  # RECEIVED, SENDING and ADDED, as nothing stands before it


@pytest.mark.parametrize(
    ("engine", "version", "in_time"),
    [("sqlite", 2, False), ("postgresql", 1, True)],
    indirect=["engine"],
)
async def test_a_note_that_was_not_stored_is_sent_again_after_a_look(
    database: Database,
    cad: SonoranServer,
    session: aiohttp.ClientSession,
    version: int,
    in_time: bool,
) -> None:
    if in_time:  # but no text
        cad.faults.add(Fault(on="note", status=200, body=b"\xff\xfe"))
    else:
        cad.faults.add(Fault(on="note", hold=asyncio.Event()))
    waiting = PATIENCE if in_time else 1.5
    worker = Worker(database, cad, session, version=version, answer_seconds=waiting)
    async with working(worker):
        record = await worker.note()
        await worker.became(record, NoteState.CHECKING)
        await worker.became(record, NoteState.ADDED)
    assert stored(cad) == ["some note here"]
    assert len(cad.note_requests) == 2


@pytest.mark.parametrize(
    ("engine", "version", "in_time"),
    [("sqlite", 1, False), ("postgresql", 2, True)],
    indirect=["engine"],
)
async def test_a_note_that_was_stored_is_found_and_not_sent_again(
    database: Database,
    cad: SonoranServer,
    session: aiohttp.ClientSession,
    version: int,
    in_time: bool,
) -> None:
    if in_time:  # but cut
        cad.faults.add(Fault(on="note", applied=True, abort="truncated"))
    else:  # stored after the time-out
        cad.faults.add(Fault(on="note", applied=True, delay=2.0, survives_disconnect=True))
    limits = with_limits(settle_seconds=1.0)
    waiting = PATIENCE if in_time else 1.5
    worker = Worker(database, cad, session, limits, version, answer_seconds=waiting)
    async with working(worker):
        record = await worker.note()
        await worker.became(record, NoteState.CHECKING)
        added = await worker.became(record, NoteState.ADDED)
    assert added.answer == "NOTE 'some note here' added to call #123"
    assert stored(cad) == ["some note here"]
    assert len(cad.note_requests) == 1


@on_sqlite
async def test_equal_notes_that_are_both_meant_are_both_delivered(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    async with working(Worker(database, cad, session)) as worker:
        first = await worker.note(member=1)
        await worker.became(first, NoteState.ADDED)
        cad.faults.add(Fault(on="note", abort="before"))
        second = await worker.note(member=2)
        await worker.became(second, NoteState.ADDED)
        cad.faults.add(Fault(on="note", applied=True, abort="before"))
        third = await worker.note(member=3)
        await worker.became(third, NoteState.ADDED)
    assert stored(cad) == ["some note here"] * 3


@on_sqlite
async def test_notes_of_a_call_keep_their_order_across_doubt_and_outage(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    cad.faults.add(Fault(on="note", abort="before"))
    cad.faults.add(Fault(on="version", status=503, times=3))
    async with working(Worker(database, cad, session)) as worker:
        records = [await worker.note(f"note {n}") for n in range(6)]
        for record in records:
            await worker.became(record, NoteState.ADDED)
    assert stored(cad) == [f"note {n}" for n in range(6)]


@on_sqlite
async def test_another_call_does_not_wait_for_one_in_doubt(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    cad.faults.add(Fault(on="note", abort="before"))
    cad.faults.add(Fault(on="calls", status=503, times=None))
    limits = with_limits(call_reads_per_minute=1)
    async with working(Worker(database, cad, session, limits)) as worker:
        doubtful = await worker.note(call=123)
        await worker.became(doubtful, NoteState.CHECKING)
        other = await worker.note(call=124)
        await worker.became(other, NoteState.ADDED)
        shown = [each.state for each in worker.told if each.id == doubtful.id]
        assert shown == [NoteState.CHECKING]
    assert stored(cad, 123) == []


@on_sqlite
async def test_a_note_that_comes_when_the_cad_is_back_goes_ahead_without_being_queued(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    cad.faults.add(Fault(on="note", abort="before"))
    limits = with_limits(settle_seconds=600.0)
    async with working(Worker(database, cad, session, limits)) as worker:
        await worker.became(await worker.note(), NoteState.CHECKING)
        breaker = worker.outbox.deliveries.of(HOST).breaker
        await eventually(lambda: breaker.allows_request)
        assert breaker.last_failure is not None
        record = await worker.note("the one that goes ahead", 124)
        added = await worker.became(record, NoteState.ADDED)
    assert added.revision == record.revision + 2  # SENDING and ADDED
    assert stored(cad, 124) == ["the one that goes ahead"]


@on_sqlite
async def test_a_delay_that_the_cad_asked_for_holds_across_a_restart(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    cad.faults.add(Fault(on="note", status=429, headers={"Retry-After": "3600"}))
    async with working(Worker(database, cad, session)) as first:
        record = await first.note()
        await first.until(lambda told: any(each.failure is not None for each in told))
    async with working(Worker(database, cad, session, announce_after=0.05)) as second:
        await second.became(record, NoteState.QUEUED)
        await second.note(call=124)
        await second.outbox.member_actions.cancel(second.told[0])
        assert second.outbox.last_failure(HOST) is not None
    assert len(cad.requests) == 1
