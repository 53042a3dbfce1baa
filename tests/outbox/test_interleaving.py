"""Notes that are moved behind the back of whoever is about to move them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from bot.outbox import (
    HOST,
    NoteRecord,
    NoteState,
    StaleRevisionError,
    WaitingNotes,
)
from bot.outbox.circuit_breaker import CircuitBreaker
from bot.outbox.load_shedding import LoadShedder
from bot.outbox.sender import Sender
from bot.outbox.transitions import Transitions
from bot.outbox.work_queue import WorkItem, WorkQueue
from bot.sandbox.sonoran import Fault, SonoranServer
from bot.storage import Database, StorageError
from tests.database import file_in, make_file, opened
from tests.disturbed_database import locked_file
from tests.loop_clock import let_pass
from tests.outbox import workers
from tests.outbox.parts import leases_of, repository_of
from tests.outbox.workers import Worker, in_state, on_sqlite, stored, with_limits, working
from tests.timing import QUICK
from tests.world import PATIENCE


@asynccontextmanager
async def waiting(
    database: Database,
    cad: SonoranServer,
    session: aiohttp.ClientSession,
) -> AsyncIterator[tuple[Worker, NoteRecord]]:
    """Give a worker with a note that waits, as the CAD takes none until `cad.faults.clear()`."""
    cad.faults.add(Fault(on="version", status=503, times=None))
    cad.faults.add(Fault(on="note", status=429, body="{}", times=None))
    async with working(Worker(database, cad, session)) as worker:
        first = await worker.note("first", call=124)
        await worker.until(lambda told: any(each.id == first.id for each in told))
        record = await worker.note()
        queued = await worker.became(record, NoteState.QUEUED)
        assert worker.outbox.last_failure(HOST) is not None
        yield worker, queued


@on_sqlite
async def test_a_note_whose_sending_was_stored_unconfirmed_is_looked_for_and_sent(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    async with waiting(database, cad, session) as (worker, record):
        await worker.outbox.store.transition(record, NoteState.SENDING)
        cad.faults.clear()
        await worker.became(record, NoteState.ADDED)
    assert stored(cad) == ["some note here"]


@on_sqlite
async def test_a_note_whose_sending_was_stored_unconfirmed_is_given_up_in_time(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    async with waiting(database, cad, session) as (worker, record):
        await worker.outbox.store.transition(record, NoteState.SENDING)
        await let_pass(workers.QUICK.give_up_seconds)
        ended = (record.id, NoteState.UNCONFIRMED), (record.id, NoteState.FAILED)
        await worker.until(lambda told: any((each.id, each.state) in ended for each in told))
    assert stored(cad) == []


@on_sqlite
async def test_a_note_whose_cancelling_was_not_confirmed_is_told_and_not_sent(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    async with waiting(database, cad, session) as (worker, record):
        await worker.outbox.store.transition(record, NoteState.CANCELLED)
        cad.faults.clear()
        await worker.became(record, NoteState.CANCELLED)
        assert (record.id, NoteState.ADDED) not in [(each.id, each.state) for each in worker.told]
    assert stored(cad) == []


@pytest.mark.parametrize(
    ("engine", "sent"), [("sqlite", False), ("postgresql", True)], indirect=["engine"]
)
async def test_a_note_that_another_process_took_and_left_while_sending_is_added_once(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession, sent: bool
) -> None:
    async with waiting(database, cad, session) as (worker, record):
        other = repository_of(database, "a process that is gone")
        await other.member_transition(record, NoteState.SENDING, None, waiting_limit=9)
        if sent:
            cad.add_note(123, record.note.text, label=record.note.label)
        while True:  # the worker takes it back
            now = await other.get(record.id)
            assert now is not None
            if now.owner == worker.outbox.store.owner:
                break
            await asyncio.sleep(0.05)
        cad.faults.clear()
        await worker.became(record, NoteState.ADDED)
    assert stored(cad) == ["some note here"]


async def test_a_note_that_another_process_has_finished_is_not_sent_again(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    async with waiting(database, cad, session) as (worker, record):
        other, lease = repository_of(database, "gone"), leases_of(database, "gone")
        await lease.heartbeat()
        sending = await other.member_transition(record, NoteState.SENDING, None, waiting_limit=9)
        await other.transition(sending, NoteState.ADDED)
        await lease.release()
        cad.faults.clear()
        await worker.became(record, NoteState.ADDED)
        last = await worker.note("last")
        await worker.became(last, NoteState.ADDED)
    assert stored(cad) == ["last"]


async def test_a_note_that_is_cancelled_while_the_database_is_locked_ends_nothing_else(
    cad: SonoranServer, session: aiohttp.ClientSession, tmp_path: Path
) -> None:
    """The cancellation comes between two tries to write down that the note was given up."""
    cad.faults.add(Fault(on="note", abort="before", times=2))
    cad.faults.add(Fault(on="calls", status=503, times=None))
    limits = with_limits(call_reads_per_minute=1)
    address = make_file(file_in(tmp_path))
    assert address.path is not None
    async with opened(address) as database:
        store = repository_of(database, "a process that is gone")
        notes = [await in_state(store, NoteState.QUEUED, call=call) for call in (123, 124)]
    async with (
        opened(address, seconds=20.0) as database,
        working(
            Worker(
                database, cad, session, limits, first_store_retry=100.0, longest_store_retry=100.0
            )
        ) as worker,
    ):
        records = [await worker.became(note, NoteState.CHECKING) for note in notes]
        async with locked_file(address.path):
            await let_pass(limits.give_up_seconds, stuck=True)
            before = database.failures
            await let_pass(21.0, stuck=True)
            assert database.failures >= before + 2  # both were to be given up
        await cancelled(worker, records[0])
        await let_pass(100.0)
        await worker.became(records[1], NoteState.UNCONFIRMED)


async def cancelled(worker: Worker, record: NoteRecord) -> None:
    """Cancel a note, whichever of the states it is in that allow it, however long that takes."""
    while record.state is not NoteState.CANCELLED:
        try:
            record = await worker.outbox.member_actions.cancel(record)
        except StaleRevisionError as error:
            record = error.record or record
        except StorageError:
            continue  # which may be of a busy machine, too, with so little time


class QueueJustBefore(WorkQueue):
    """A work queue in which a note comes due between one look at it and the next."""

    late = False

    def sendable(self) -> list[NoteRecord]:
        found = super().sendable()
        if found and not self.late:
            self.late = True
            return []
        return found


@on_sqlite
async def test_a_note_that_comes_due_between_two_looks_does_not_wait_for_another(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    worker = Worker(database, cad, session)
    store = worker.outbox.store
    queue, breaker, limits = (
        QueueJustBefore(lambda _: WaitingNotes.SEND, limits=workers.QUICK, ask_again=0.5),
        CircuitBreaker(
            worker.client, asyncio.Event(), first_pause=1.0, longest_pause=0.1, community=HOST
        ),
        workers.QUICK,
    )
    told = asyncio.Queue[NoteRecord]()
    leases = leases_of(database, store.owner)
    await leases.register()
    transitions = Transitions(
        queue,
        store,
        leases,
        settle_seconds=limits.settle_seconds,
        changed=told.put_nowait,
        timing=QUICK,
    )
    sender = Sender(
        queue, store, transitions, leases, worker.client, breaker, LoadShedder(1), limits, QUICK
    )
    record = await in_state(store, NoteState.QUEUED)
    queue.put(WorkItem(record, enqueued_at=0.0, deadline=1e12), record)
    task = asyncio.create_task(sender.run())
    try:
        added = await asyncio.wait_for(told.get(), PATIENCE)
        assert added.state is NoteState.ADDED
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await sender.finish(PATIENCE)
