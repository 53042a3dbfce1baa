"""Processes that end at any moment, and two that deliver at once."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest
from sqlalchemy import text

from bot.outbox import HOST, NoteRecord, NoteState
from bot.outbox.models import Acknowledgement
from bot.sandbox.sonoran import Fault, SonoranServer
from bot.storage import Database, DatabaseUrl
from bot.timing import Timing
from tests.cases import case
from tests.database import opened
from tests.gate import Gate
from tests.loop_clock import idle, let_pass
from tests.outbox.parts import repository_of
from tests.outbox.workers import WAYS, Worker, eventually, in_state, on_sqlite, stored, working
from tests.postgresql import postgresql
from tests.timing import QUICK
from tests.world import PATIENCE

pytestmark = pytest.mark.long


async def test_after_a_kill_at_any_moment_the_next_process_goes_on_from_there(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    store = repository_of(database, "killed")
    records = {}
    for call, state in enumerate(WAYS, start=1):
        cad.add_call(call)
        records[state] = await in_state(store, state, call=call)
    received = records[NoteState.RECEIVED]
    async with working(Worker(database, cad, session)) as second:
        for state, record in records.items():
            if state is not NoteState.QUEUED:  # which is sent before anything is said of it
                with case(state):
                    shown = NoteState.CHECKING if state is NoteState.SENDING else state
                    await second.became(record, shown)
        (taken,) = [each for each in second.told if each.id == received.id]
        assert stored(cad, received.note.call_id) == []
        await second.outbox.acknowledged(taken, Acknowledgement(1))
        for state, record in records.items():
            if state.waiting:
                with case(state):
                    await second.became(record, NoteState.ADDED)
    for state, record in records.items():
        with case(state):
            there = ["some note here"] if state.waiting else []
            assert stored(cad, record.note.call_id) == there


@pytest.mark.parametrize(
    ("engine", "applied"),
    [("sqlite", False), ("sqlite", True), ("postgresql", False)],
    indirect=["engine"],
)
async def test_a_process_that_is_killed_while_it_sends_is_followed_by_one_that_adds_the_rest_once(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession, applied: bool
) -> None:
    first = Worker(database, cad, session)
    first.start()
    cad.faults.add(Fault(on="note", applied=True))
    cad.faults.add(Fault(on="note", applied=applied, hold=asyncio.Event()))
    records = [await first.note(f"note {n}", member=n) for n in range(4)]
    await asyncio.wait_for(cad.received(2), PATIENCE)
    for record in records:
        await first.queued(record)
    await first.kill()
    await first.outbox.hand_over()  # what 24 s of silence do
    async with working(Worker(database, cad, session)) as second:
        await eventually(lambda: len(stored(cad)) >= len(records))
        await second.until(lambda told: told[-1].id == records[-1].id and told[-1].state.final)
    assert stored(cad) == [f"note {n}" for n in range(4)]


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
async def test_processes_that_are_killed_again_and_again_lose_and_double_nothing(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    number = 0
    received = 0
    for _ in range(4):
        worker = Worker(database, cad, session)
        worker.start()
        for _ in range(2):
            await worker.queued(await worker.note(f"note {number}", member=number))
            number += 1
        received += 1
        await asyncio.wait_for(cad.received(received), PATIENCE)
        received = len(cad.note_requests)
        await worker.kill()
        await worker.outbox.hand_over()
    async with working(Worker(database, cad, session)) as last:
        final = await last.note("the last one")
        await last.became(final, NoteState.ADDED)
    assert stored(cad) == [*(f"note {n}" for n in range(number)), "the last one"]


@on_sqlite
async def test_a_process_that_is_asked_to_end_lets_the_send_under_way_end(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    answer = asyncio.Event()
    cad.faults.add(Fault(on="note", applied=True, hold=answer))
    worker = Worker(database, cad, session, answer_seconds=10.0)
    worker.start()
    first = await worker.note("first")
    second = await worker.note("second")
    await asyncio.wait_for(cad.received(1), PATIENCE)
    stopping = asyncio.create_task(worker.stop())
    await idle(database)
    assert not stopping.done()
    answer.set()
    await stopping
    assert (first.id, NoteState.ADDED) in [(each.id, each.state) for each in worker.told]
    assert stored(cad) == ["first"]
    left = await worker.outbox.store.get(second.id)
    assert left is not None
    assert (left.state, left.owner) == (NoteState.QUEUED, None)


@on_sqlite
async def test_a_process_that_cannot_hand_over_says_so_and_ends(
    database: Database,
    cad: SonoranServer,
    session: aiohttp.ClientSession,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await database.execute(
        text("CREATE TRIGGER odd BEFORE DELETE ON leases BEGIN SELECT RAISE(ABORT, 'odd'); END")
    )
    worker = Worker(database, cad, session)
    worker.start()
    await worker.became(await worker.note(), NoteState.ADDED)
    await worker.stop()
    assert "handing over failed unexpectedly" in caplog.text


async def test_two_processes_that_deliver_to_the_same_calls_keep_the_order_and_double_nothing(
    request: pytest.FixtureRequest, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    for _ in range(2):
        cad.faults.add(Fault(on="note", applied=True))
        cad.faults.add(Fault(on="note", applied=True, abort="before"))
        cad.faults.add(Fault(on="note", abort="before"))
    async with (
        postgresql(request.config) as address,
        opened(address) as one_database,
        opened(address) as two_database,
        working(Worker(one_database, cad, session)) as one,
        working(Worker(two_database, cad, session)) as two,
    ):
        records: list[tuple[Worker, NoteRecord]] = []
        for number in range(12):
            worker = (one, two)[number % 2]
            call = (123, 124)[number // 2 % 2]
            records.append((worker, await worker.note(f"note {number}", call, member=number)))
        for worker, record in records:
            await worker.became(record, NoteState.ADDED)
    for index, call in enumerate((123, 124)):
        assert stored(cad, call) == [f"note {n}" for n in range(12) if n // 2 % 2 == index]


async def test_a_note_is_not_stored_before_other_processes_can_know_whose_it_is(
    request: pytest.FixtureRequest, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    """Else one would take it for that of a process which ended, and its member would wait."""
    async with (
        postgresql(request.config) as address,
        opened(address) as one_database,
        opened(address) as two_database,
        working(Worker(two_database, cad, session)) as two,
    ):
        one = Worker(one_database, cad, session)
        taking = asyncio.create_task(one.note())
        for _ in range(5):  # looks of the other process for what is left
            await let_pass(QUICK.recovery_interval)
        assert not taking.done()
        async with working(one):
            await one.became(await taking, NoteState.ADDED)
            assert two.told == []  # before the first one leaves its finished note to the second
    assert stored(cad) == ["some note here"]


async def test_the_notes_of_a_process_that_hangs_are_added_once_by_another(
    request: pytest.FixtureRequest, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    """The first goes on as if nothing had happened after its notes were taken over."""
    cad.faults.add(Fault(on="any", status=429, body="{}", times=None))
    async with (
        postgresql(request.config) as address,
        opened(address) as one_database,
        opened(address) as two_database,
        working(Worker(one_database, cad, session)) as one,
    ):
        records = [await one.note(f"note {n}", member=n) for n in range(6)]
        await eventually(lambda: one.outbox.last_failure(HOST) is not None)
        for record in records:
            await one.queued(record)
        await one.outbox.hand_over()  # what 24 s of silence do
        async with working(Worker(two_database, cad, session)) as two:
            await eventually(lambda: two.outbox.waiting_count == 6)
            cad.faults.clear()
            await two.became(records[-1], NoteState.ADDED)
            await eventually(lambda: one.outbox.waiting_count == 0)
    assert stored(cad) == [f"note {n}" for n in range(6)]


async def test_a_note_that_let_another_request_go_before_is_not_sent_once_the_lease_is_over(
    behind_gate: tuple[DatabaseUrl, Gate], cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    """As in a process that is suspended meanwhile: another one may have sent the note since."""
    answer = asyncio.Event()
    cad.faults.add(Fault(on="note", applied=True, hold=answer))
    address, gate = behind_gate
    async with (
        opened(address) as database,
        working(Worker(database, cad, session, answer_seconds=PATIENCE)) as worker,
    ):
        await worker.note("the CAD's verdict of which others wait for", 123)
        await asyncio.wait_for(cad.received(1), PATIENCE)
        record = await worker.note("some note here", 124)
        await idle(database)
        gate.stall()
        await let_pass(Timing().lease_timeout, stuck=True)
        sent = len(cad.note_requests)
        answer.set()
        await gate.cut()
        await gate.let_pass()
        await worker.became(record, NoteState.ADDED)
        assert sent == 1
    assert stored(cad, 124) == ["some note here"]


@on_sqlite
async def test_a_queued_note_that_was_taken_over_is_announced_only_if_it_has_to_wait(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    """A thousand of them would else be shown before the first one is sent."""
    one, other = [
        await in_state(repository_of(database, "gone"), NoteState.QUEUED, call=call)
        for call in (123, 124)
    ]
    async with working(Worker(database, cad, session, announce_after=PATIENCE)) as second:
        await second.became(one, NoteState.ADDED)
        await second.became(other, NoteState.ADDED)
        assert NoteState.QUEUED not in {record.state for record in second.told}
