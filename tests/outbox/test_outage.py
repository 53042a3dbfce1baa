"""The CAD or the database out of reach while notes wait, and processes that end at any time."""

from __future__ import annotations

import asyncio
from pathlib import Path

import aiohttp
import pytest

from bot.outbox import HOST, NoteRecord, NoteState
from bot.outbox.models import Acknowledgement
from bot.sandbox.sonoran import Fault, SonoranServer
from bot.storage import Database, DatabaseUrl
from bot.timing import Timing, loop_time
from tests.database import file_in, make_file, opened
from tests.disturbed_database import locked_file
from tests.gate import Gate
from tests.loop_clock import let_pass
from tests.outbox import workers
from tests.outbox.workers import (
    Worker,
    come_round,
    eventually,
    on_sqlite,
    stored,
    with_limits,
    working,
)
from tests.world import PATIENCE

pytestmark = pytest.mark.long


PATIENT = 10.0
CALLS = (123, 124, 125)


def requests(cad: SonoranServer, kind: str) -> int:
    return sum(request.kind == kind for request in cad.requests)


async def accept_many(worker: Worker, count: int) -> list[NoteRecord]:
    """Accept notes for three calls in turn, numbered from 0."""
    return [await worker.note(f"note {n}", CALLS[n % 3], member=n % 5) for n in range(count)]


async def all_added(worker: Worker, records: list[NoteRecord]) -> None:
    for record in records:
        await worker.became(record, NoteState.ADDED)


def expected(count: int, call: int) -> list[str]:
    return [f"note {n}" for n in range(count) if CALLS[n % 3] == call]


def everything_is_there_once_and_in_order(cad: SonoranServer, count: int) -> bool:
    return all(stored(cad, call) == expected(count, call) for call in CALLS)


@on_sqlite
async def test_an_outage_with_twenty_notes_waiting_costs_the_cad_a_handful_of_requests(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    cad.faults.add(Fault(on="any", status=503, times=None))
    limits = with_limits(longest_pause_seconds=30.0, call_reads_per_minute=3)
    async with working(Worker(database, cad, session, limits)) as worker:
        began = loop_time()
        records = await accept_many(worker, 20)
        ids = {each.id for each in records}
        await worker.until(lambda told: ids <= {each.id for each in told})
        sent = requests(cad, "note")
        while loop_time() - began < 12:
            await let_pass(0.5)
        await come_round(worker)
        assert worker.outbox.waiting_count == 21
        assert requests(cad, "note") == sent <= len(CALLS)
        # The pauses are at least 1, 2, 4 s and so on, so the time that it took bounds the probes.
        probes = requests(cad, "version")
        assert probes >= 3
        assert 2 ** (probes - 1) - 1 <= loop_time() - began
        assert requests(cad, "calls") <= 3
        assert stored(cad) == []


@pytest.mark.parametrize(
    ("engine", "applied"),
    [("sqlite", False), ("sqlite", True), ("postgresql", True)],
    indirect=["engine"],
)
async def test_notes_that_waited_out_an_outage_are_added_once_and_in_order(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession, applied: bool
) -> None:
    cad.faults.add(Fault(on="note", applied=applied, abort="before"))
    cad.faults.add(Fault(on="any", status=503, times=None))
    async with working(Worker(database, cad, session)) as worker:
        records = await accept_many(worker, 9)
        await eventually(lambda: requests(cad, "version") >= 3)
        cad.faults.clear()
        await all_added(worker, records)
    assert everything_is_there_once_and_in_order(cad, 9)
    assert requests(cad, "note") <= 9 + len(CALLS)


@on_sqlite
async def test_when_the_cad_is_back_one_note_goes_ahead_of_the_others(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    cad.faults.add(Fault(on="any", status=503, times=None))
    async with working(Worker(database, cad, session, answer_seconds=PATIENT)) as worker:
        records = await accept_many(worker, 6)
        await eventually(lambda: requests(cad, "version") >= 2)
        before = requests(cad, "note")
        answer = asyncio.Event()
        cad.faults.clear()
        cad.faults.add(Fault(on="note", applied=True, hold=answer))
        await asyncio.wait_for(cad.received(before + 1), PATIENCE)
        await come_round(worker)
        assert requests(cad, "note") == before + 1
        answer.set()
        await all_added(worker, records)
    assert everything_is_there_once_and_in_order(cad, 6)


@on_sqlite
async def test_a_cad_that_cannot_be_connected_to_is_sent_nothing_and_then_everything(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    await cad.stop()
    async with working(Worker(database, cad, session)) as worker:
        records = await accept_many(worker, 6)
        for record in records:
            await worker.became(record, NoteState.QUEUED)
        await cad.start()
        await all_added(worker, records)
    assert everything_is_there_once_and_in_order(cad, 6)
    assert requests(cad, "note") == 6
    assert requests(cad, "calls") == 0


@on_sqlite
async def test_notes_wait_out_the_delay_that_the_cad_asked_for(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    cad.faults.add(Fault(on="note", status=429, body="{}", headers={"Retry-After": "3600"}))
    limits = with_limits(give_up_seconds=7200.0)
    async with working(Worker(database, cad, session, limits)) as worker:
        first = await worker.note("first", 126)
        await eventually(lambda: worker.outbox.last_failure(HOST) is not None)
        records = await accept_many(worker, 3)
        await let_pass(3500)
        await come_round(worker)
        assert len(cad.requests) == 1
        await let_pass(200)
        await all_added(worker, [first, *records])


async def test_a_note_that_was_about_to_be_sent_when_another_one_failed_waits_instead(
    cad: SonoranServer, session: aiohttp.ClientSession, tmp_path: Path
) -> None:
    """The second one's move to SENDING waits for the database until the first has failed."""
    answer = asyncio.Event()
    cad.faults.add(
        Fault(on="note", hold=answer, status=429, body="{}", headers={"Retry-After": "3600"})
    )
    address = make_file(file_in(tmp_path))
    assert address.path is not None
    async with (
        opened(address) as database,
        working(Worker(database, cad, session, answer_seconds=PATIENT)) as worker,
    ):
        await worker.note("first")
        await asyncio.wait_for(cad.received(1), PATIENCE)
        second = await worker.receive("second", 124)
        async with locked_file(address.path):
            await worker.outbox.acknowledged(second, Acknowledgement(1))
            answer.set()
            await eventually(lambda: worker.outbox.last_failure(HOST) is not None)
        await worker.became(second, NoteState.QUEUED)
    assert len(cad.note_requests) == 1


@on_sqlite
async def test_a_note_is_given_up_as_failed_when_its_time_is_over(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    cad.faults.add(Fault(on="any", status=429, body="{}", times=None))
    async with working(Worker(database, cad, session)) as worker:
        records = await accept_many(worker, 2)
        for record in records:
            await worker.became(record, NoteState.QUEUED)
        await let_pass(workers.QUICK.give_up_seconds)
        for record in records:
            failed = await worker.became(record, NoteState.FAILED)
            assert failed.failure is not None
        assert worker.outbox.waiting_count == 0
    assert stored(cad) == []


@on_sqlite
async def test_a_note_in_doubt_is_given_up_as_unconfirmed_when_its_time_is_over(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    cad.faults.add(Fault(on="note", applied=True, abort="before"))
    cad.faults.add(Fault(on="calls", status=503, times=None))
    limits = with_limits(call_reads_per_minute=1)
    async with working(Worker(database, cad, session, limits)) as worker:
        record = await worker.note()
        await worker.became(record, NoteState.CHECKING)
        await let_pass(limits.give_up_seconds)
        await worker.became(record, NoteState.UNCONFIRMED)
    assert len(cad.note_requests) == 1


@on_sqlite
@pytest.mark.parametrize(
    ("applied", "end"), [(True, NoteState.ADDED), (False, NoteState.FAILED)], ids=["there", "not"]
)
async def test_a_note_sent_shortly_before_its_time_is_over_is_looked_for_and_not_sent_again(
    database: Database,
    cad: SonoranServer,
    session: aiohttp.ClientSession,
    applied: bool,
    end: NoteState,
) -> None:
    cad.faults.add(Fault(on="note", applied=applied, abort="before"))
    cad.faults.add(Fault(on="calls", status=503))
    limits = with_limits(give_up_seconds=20.0, settle_seconds=40.0)
    async with working(Worker(database, cad, session, limits)) as worker:
        record = await worker.note()
        await worker.became(record, NoteState.CHECKING)
        await let_pass(Timing().first_poll)
        await eventually(lambda: requests(cad, "calls") == 1)
        await let_pass(limits.settle_seconds)
        ended = await worker.became(record, end)
        assert ended.unconfirmed_sends == 0
    assert len(cad.note_requests) == 1


async def test_no_note_is_lost_or_doubled_when_the_database_goes_away_under_way(
    behind_gate: tuple[DatabaseUrl, Gate], cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    address, gate = behind_gate
    limits = with_limits(notes_per_minute=1200, notes_burst=1)
    async with (
        opened(address) as database,
        working(Worker(database, cad, session, limits)) as worker,
    ):
        records = await accept_many(worker, 12)
        for count in (3, 7):
            await asyncio.wait_for(cad.received(count), PATIENCE)
            await gate.refuse()
            await database.fails()
            await gate.let_pass()
        await all_added(worker, records)
    assert everything_is_there_once_and_in_order(cad, 12)


async def test_no_note_is_lost_or_doubled_when_the_database_stalls_under_way(
    behind_gate: tuple[DatabaseUrl, Gate], cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    address, gate = behind_gate
    limits = with_limits(notes_per_minute=1200, notes_burst=1)
    async with (
        opened(address, seconds=1.0) as database,
        working(Worker(database, cad, session, limits)) as worker,
    ):
        records = await accept_many(worker, 9)
        for count in (2, 6):
            await asyncio.wait_for(cad.received(count), PATIENCE)
            gate.stall()
            await database.fails()
            await gate.cut()
            await gate.let_pass()
        await all_added(worker, records)
    assert everything_is_there_once_and_in_order(cad, 9)


async def test_no_note_is_lost_or_doubled_when_the_file_is_locked_under_way(
    tmp_path: Path, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    address = make_file(file_in(tmp_path))
    assert address.path is not None
    limits = with_limits(notes_per_minute=1200, notes_burst=1)
    async with (
        opened(address, seconds=1.0) as database,
        working(Worker(database, cad, session, limits)) as worker,
    ):
        records = await accept_many(worker, 9)
        for count in (2, 6):
            await asyncio.wait_for(cad.received(count), PATIENCE)
            async with locked_file(address.path):
                await database.fails()
        await all_added(worker, records)
    assert everything_is_there_once_and_in_order(cad, 9)
