"""Each community's notes are delivered apart from all others'."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import aiohttp
import pytest
from sqlalchemy import Table, delete, func, select

from bot.outbox import (
    HOST,
    AccessRefusedError,
    NoteRecord,
    NoteState,
    OutboxFullError,
    WaitingNotes,
)
from bot.outbox.ledger import explained
from bot.outbox.schema import call_list_reads, delivery_ledger, notes, send_times
from bot.outbox.sender import MOST_SENDS
from bot.sandbox.sonoran import Fault, SonoranServer
from bot.sonoran.transport import CONNECTIONS
from bot.storage import Database
from tests.outbox import workers
from tests.outbox.parts import repository_of
from tests.outbox.workers import KEY, Worker, eventually, in_state, stored, with_limits, working
from tests.world import PATIENCE

CALL = 123

TROUBLES: dict[str, tuple[Fault, ...]] = {
    "outage": (Fault(on="any", times=None, status=503),),
    "wrong key": (Fault(on="any", times=None, status=401, body='{"title": "", "status": 401}'),),
    "plan": (Fault(on="any", times=None, status=400, body="VERSION PLUS REQUIRED"),),
    "limited": (Fault(on="any", times=None, status=429, headers={"Retry-After": "60"}),),
    "no answer": (Fault(on="any", times=None, abort="before"),),
    "answer cut off": (Fault(on="any", times=None, abort="truncated"),),
    "web page": (Fault(on="any", times=None, status=403, body="<html>", content_type="text/html"),),
    "odd list": (Fault(abort="before"), Fault(on="calls", times=None, status=200, body="[")),
    "huge answer": (
        Fault(on="calls", oversize=9_000_000),
        Fault(on="any", times=None, oversize=200_000),
    ),
}
"""What may be wrong with a community's CAD."""


@pytest.fixture
async def several(database: Database) -> AsyncIterator[dict[str, SonoranServer]]:
    """One community in each kind of trouble, a slow one, and three that are well."""
    async with AsyncExitStack() as stack:
        servers = {}
        for name in [*TROUBLES, "slow", *(f"well {n}" for n in range(3))]:
            servers[name] = await stack.enter_async_context(SonoranServer(name, KEY))
            servers[name].add_call(CALL)
        yield servers


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_no_community_feels_anothers_trouble(
    database: Database,
    cad: SonoranServer,
    session: aiohttp.ClientSession,
    several: dict[str, SonoranServer],
) -> None:
    worker = Worker(database, cad, session, others=several, answer_seconds=PATIENCE)
    async with working(worker):
        answered = asyncio.Event()
        slow = (Fault(on="any", times=None, hold=answered),)
        for name, faults in {**TROUBLES, "slow": slow}.items():
            for fault in faults:
                several[name].faults.add(fault)
            await worker.note("trouble", community=name)
        await eventually(lambda: all(several[name].requests for name in TROUBLES))
        for name in several.keys() - TROUBLES.keys() - {"slow"}:
            record = await worker.note("well", community=name)
            added = await worker.became(record, NoteState.ADDED)
            assert added.attempts == 1, name
            assert worker.outbox.last_failure(name) is None
        answered.set()
    for name, server in several.items():
        if name not in (*TROUBLES, "slow"):
            assert stored(server) == ["well"]


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_a_note_goes_to_its_own_community_and_only_there(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    async with SonoranServer("second", KEY) as second:
        second.add_call(CALL)
        async with working(Worker(database, cad, session, others={"second": second})) as worker:
            ours = await worker.note("for the host's")
            theirs = await worker.note("for the second", community="second")
            await worker.became(ours, NoteState.ADDED)
            await worker.became(theirs, NoteState.ADDED)
        assert stored(cad) == ["for the host's"]
        assert stored(second) == ["for the second"]


async def test_notes_of_all_communities_are_recovered(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    gone = repository_of(database, "gone")
    await in_state(gone, NoteState.QUEUED, "for the host's")
    await in_state(gone, NoteState.CHECKING, "for the second", community="second")
    async with SonoranServer("second", KEY) as second:
        second.add_call(CALL)
        async with working(Worker(database, cad, session, others={"second": second})) as worker:
            await eventually(lambda: bool(stored(cad) and stored(second)))
            await eventually(lambda: not worker.outbox.waiting_count)
        assert stored(cad) == ["for the host's"]
        assert stored(second) == ["for the second"]


async def test_a_note_holds_up_none_of_another_communitys_call_of_the_same_number(
    database: Database,
) -> None:
    store = repository_of(database, "one")
    await in_state(store, NoteState.QUEUED)
    theirs = await in_state(store, NoteState.QUEUED, community="second")
    assert (await store.transition(theirs, NoteState.SENDING)).state is NoteState.SENDING


async def test_what_one_community_has_explains_nothing_in_another(database: Database) -> None:
    store = repository_of(database, "one")
    await in_state(store, NoteState.ADDED)
    theirs = await in_state(store, NoteState.CHECKING, community="second")
    assert await explained(database, theirs) == {}


async def test_a_repetition_is_one_only_within_a_community(database: Database) -> None:
    store = repository_of(database, "one")
    await in_state(store, NoteState.ADDED)
    new = workers.new_note(community="second")
    record, ago = await store.accept(new, waiting_limit=10)
    assert record.state is NoteState.RECEIVED
    assert ago is None


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_a_full_queue_is_full_for_its_community_alone(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    cad.faults.add(Fault(on="any", times=None, status=503))
    async with SonoranServer("second", KEY) as second:
        second.add_call(CALL)
        limits = with_limits(waiting_limit=2)
        worker = Worker(database, cad, session, limits, others={"second": second})
        async with working(worker):
            await worker.note("one", guild=1)
            await worker.note("two", guild=2)
            with pytest.raises(OutboxFullError):
                await worker.note("three", guild=2)
            record = await worker.note("theirs", community="second")
            await worker.became(record, NoteState.ADDED)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_a_confirmed_refusal_of_one_key_refuses_no_other_communitys_notes(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    async with SonoranServer("second", "another key") as second:
        worker = Worker(database, cad, session, others={"second": second})
        async with working(worker):
            await worker.note(community="second")
            await eventually(lambda: worker.outbox.deliveries.of("second").cad.refusal is not None)
            with pytest.raises(AccessRefusedError):
                await worker.note(community="second")
            await worker.became(await worker.note("ours"), NoteState.ADDED)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_what_is_withdrawn_of_one_community_stays_with_another(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    async with SonoranServer("second", KEY) as second:
        second.add_call(CALL)
        worker = Worker(
            database,
            cad,
            session,
            others={"second": second},
            waiting_notes=lambda note: (
                WaitingNotes.WITHDRAW if note.community == HOST else WaitingNotes.SEND
            ),
        )
        async with working(worker):
            before = await worker.note("typed for the community before")
            after = await worker.note("typed since", community="second")
            await worker.became(after, NoteState.ADDED)
            await worker.became(before, NoteState.CANCELLED)
        assert stored(cad) == []
        assert stored(second) == ["typed since"]


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_slow_cads_leave_connections_to_the_others(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    async with SonoranServer("slow", KEY) as slow:
        slow.rate_limited = False
        slow.faults.add(Fault(on="note", times=None, hold=asyncio.Event()))
        worker = Worker(database, cad, session, others={"slow": slow}, answer_seconds=PATIENCE)
        async with working(worker):
            for call in range(1, 2 * MOST_SENDS):
                slow.add_call(call)
                await worker.note(call=call, community="slow")
            await eventually(lambda: len(slow.note_requests) >= MOST_SENDS)
            await worker.became(await worker.note("ours"), NoteState.ADDED)
            assert len(slow.note_requests) == MOST_SENDS
            await worker.kill()
    assert 30 * MOST_SENDS < CONNECTIONS


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_what_fails_unexpectedly_for_one_community_holds_up_no_other(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    faulty = asyncio.Event()

    def verdict(note: NoteRecord) -> WaitingNotes:
        if note.community == HOST and faulty.is_set():
            return WaitingNotes.WITHDRAW
        if faulty.is_set():
            raise RuntimeError("a fault of the program")
        return WaitingNotes.KEEP

    worker = Worker(database, cad, session, waiting_notes=verdict, announce_after=0.05)
    async with working(worker):
        await worker.became(await worker.note(community="second"), NoteState.QUEUED)
        ours = await worker.note("ours")
        faulty.set()
        await worker.became(ours, NoteState.CANCELLED)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_a_note_that_its_member_cancels_as_it_is_withdrawn_disturbs_no_other(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    worker = Worker(database, cad, session, waiting_notes=lambda _: WaitingNotes.WITHDRAW)
    queued = await in_state(worker.outbox.store, NoteState.QUEUED)
    delivery = worker.outbox.deliveries.of(HOST)
    item = delivery.queue.track(queued)
    cancelled = await worker.outbox.store.transition(queued, NoteState.CANCELLED)
    async with asyncio.TaskGroup() as group:
        delivery.expiry.check(group)
        delivery.queue.put(item, cancelled)
    assert worker.told == []


async def test_a_communitys_rows_can_be_deleted_without_anothers(database: Database) -> None:
    store = repository_of(database, "one")
    for community in (HOST, "second"):
        await in_state(store, NoteState.ADDED, community=community)
        await database.execute(
            call_list_reads.insert().values(community=community, read_at=1.0),
            send_times.insert().values(community=community, latest="1.0", updated_at=1.0),
        )
    tables = (notes, delivery_ledger, call_list_reads, send_times)
    await database.execute(
        *(delete(table).where(table.c.community == "second") for table in tables)
    )
    for table in tables:
        assert await count(database, table) == 1


async def count(database: Database, table: Table) -> int:
    counted = select(func.count()).select_from(table)
    return await database.run(lambda connection: connection.scalar(counted)) or 0
