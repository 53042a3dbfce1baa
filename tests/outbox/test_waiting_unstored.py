"""The second in which an acknowledged note waits for its turn before it is stored as QUEUED."""

from __future__ import annotations

import asyncio

import aiohttp

from bot.outbox import HOST, NoteState, WaitingNotes
from bot.outbox.models import Acknowledgement
from bot.outbox.states import RECEIVED_SECONDS
from bot.sandbox.sonoran import Fault, SonoranServer
from bot.storage import Database
from tests.loop_clock import let_pass
from tests.note_records import record
from tests.outbox.parts import new_queue
from tests.outbox.workers import QUICK, Worker, eventually, on_sqlite, stored, working
from tests.world import PATIENCE


@on_sqlite
async def test_a_note_that_waits_for_a_moment_is_stored_no_more_often_than_one_that_goes_first(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    async with working(Worker(database, cad, session, store_queued=PATIENCE)) as worker:
        first = await worker.receive("first")
        second = await worker.note("second")
        await worker.acknowledge(first)
        added = [await worker.became(each, NoteState.ADDED) for each in (first, second)]
    assert [each.revision for each in added] == [3, 3]  # received, sending, added
    assert stored(cad) == ["first", "second"]


@on_sqlite
async def test_a_process_that_ends_stores_the_acknowledgement_of_a_note_that_waits(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    async with working(Worker(database, cad, session, store_queued=PATIENCE)) as worker:
        await worker.receive("first")
        second = await worker.note("second")
    found = await worker.outbox.store.get(second.id)
    assert found is not None
    assert (found.state, found.message_id) == (NoteState.QUEUED, second.id + 1)


@on_sqlite
async def test_a_note_that_is_acknowledged_again_while_it_waits_is_sent_once(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    verdict = WaitingNotes.KEEP
    worker = Worker(database, cad, session, waiting_notes=lambda _: verdict, store_queued=1.0)
    async with working(worker):
        note = await worker.note()
        await let_pass(0.7)
        await worker.acknowledge(note)
        await worker.queued(note)
        verdict = WaitingNotes.SEND
        await worker.became(note, NoteState.ADDED)
    assert stored(cad) == ["some note here"]


@on_sqlite
async def test_a_note_that_is_withdrawn_while_it_waits_is_cancelled(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    verdict = WaitingNotes.KEEP
    async with working(Worker(database, cad, session, waiting_notes=lambda _: verdict)) as worker:
        note = await worker.note()
        verdict = WaitingNotes.WITHDRAW
        await worker.became(note, NoteState.CANCELLED)
    assert stored(cad) == []


@on_sqlite
async def test_a_note_that_waits_when_the_cad_takes_no_more_is_told_and_goes_later(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    answer = asyncio.Event()
    cad.faults.add(Fault(on="any", status=429, body="{}", hold=answer, times=None))
    async with working(Worker(database, cad, session, answer_seconds=PATIENCE)) as worker:
        first = await worker.note("first")
        await asyncio.wait_for(cad.received(1), PATIENCE)
        second = await worker.note("second")
        answer.set()
        await eventually(lambda: worker.outbox.last_failure(HOST) is not None)
        await worker.became(second, NoteState.QUEUED)
        cad.faults.clear()
        await worker.became(first, NoteState.ADDED)
        await worker.became(second, NoteState.ADDED)
    assert stored(cad) == ["first", "second"]


async def test_a_note_keeps_its_place_however_long_it_cannot_be_stored() -> None:
    queue = new_queue()
    first, second = (
        queue.track(record(id=position, position=position, state=NoteState.RECEIVED))
        for position in (1, 2)
    )
    for item in (first, second):
        item.acknowledgement = Acknowledgement(1)
        queue.put(item, item.record)
    with first.moving():  # as while the database is away
        await let_pass(RECEIVED_SECONDS + 1.0)
        assert queue.sendable() == []
        assert queue.next_try() is None
    assert queue.sendable() == [first.record]


@on_sqlite
async def test_a_note_whose_acknowledgement_is_found_late_has_the_time_of_its_command(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    """Without a permission its message can be changed for only as long as its token works."""
    await cad.stop()
    async with working(Worker(database, cad, session)) as worker:
        received = await worker.receive()
        await let_pass(0.75 * QUICK.give_up_seconds)
        await worker.acknowledge(received)
        await let_pass(0.5 * QUICK.give_up_seconds)
        now = await worker.outbox.store.get(received.id)
        assert now is not None
        assert now.state is NoteState.FAILED
