"""What is deleted when nobody needs it any more, and what is not."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest
from sqlalchemy import Connection, func, insert, select, update

from bot.outbox import HOST, NoteRecord, NoteState, OutboxRepository, schema
from bot.outbox.cleanup import Cleanup
from bot.outbox.ledger import explained
from bot.outbox.read_slots import ReadSlots
from bot.outbox.schema import call_list_reads, delivery_ledger, notes
from bot.outbox.shown_marks import Mark, store_marks
from bot.sandbox.sonoran import SonoranServer
from bot.storage import NOW, Database
from bot.storage.batches import BATCH, batch_of
from bot.timing import Timing
from tests.cases import case
from tests.database import opened
from tests.disturbed_database import somebody_waits, transaction
from tests.loop_clock import idle, let_pass, tick
from tests.outbox.parts import leases_of, repository_of
from tests.outbox.workers import WAYS, Worker, in_state, new_note, on_sqlite, shift, working
from tests.postgresql import postgresql
from tests.world import PATIENCE

DAY = 86_400.0


@pytest.fixture
def store(database: Database) -> OutboxRepository:
    return repository_of(database, "one")


async def purged(database: Database, history: float) -> list[int]:
    """Purge to the end; returns how many rows went with each batch."""
    cleanup, batches = Cleanup(database, history, (), Timing()), []
    while count := await cleanup.purge():
        batches.append(count)
    return batches


async def left(database: Database) -> set[NoteState]:
    states = await database.run(lambda c: c.scalars(select(notes.c.state)).all())
    return {NoteState(state) for state in states}


async def in_every_state(store: OutboxRepository, database: Database, *, told: bool = True) -> None:
    for number, state in enumerate(WAYS):
        record = await in_state(store, state, call=number + 1)
        if told:
            await database.run(store_marks, Mark(record, logged=True, shown=True))
    added = await in_state(store, NoteState.ADDED, call=60)
    if told:
        await database.run(store_marks, Mark(added, logged=True, shown=True))
    held, _ = await store.accept(new_note(call=60), waiting_limit=100)
    assert held.state is NoteState.HELD


TOLD = {NoteState.ADDED, NoteState.CANCELLED}
HELD = {NoteState.HELD}
ENDED = {state for state in NoteState if state.final}

GONE: dict[float, list[tuple[float, set[NoteState]]]] = {
    0: [
        (-DAY, set()),  # the clock was set back
        (800, set()),
        (901, TOLD | HELD),
        (DAY - 100, TOLD | HELD),
        (DAY + 1, ENDED | HELD),
        (10_000 * DAY, ENDED | HELD),
    ],
    30 * DAY: [
        (800, set()),
        (901, HELD),
        (29 * DAY, HELD),
        (30 * DAY + 1, ENDED | HELD),
    ],
}
"""By how long finished notes are kept: at which age of a note what is gone, in seconds."""


@pytest.mark.parametrize("history", GONE, ids=["no history", "history"])
async def test_each_kind_of_note_goes_when_its_time_is_over_and_none_that_waits(
    store: OutboxRepository, database: Database, history: float
) -> None:
    await in_every_state(store, database)
    reached = 0.0
    for age, gone in GONE[history]:
        with case(age):
            await shift(database, age - reached)
            reached = age
            await purged(database, history)
            assert await left(database) == set(NoteState) - gone


async def test_a_note_that_nobody_was_told_of_stays_for_a_day_without_history(
    store: OutboxRepository, database: Database
) -> None:
    await in_every_state(store, database, told=False)
    await shift(database, DAY - 100)
    await purged(database, 0)
    assert await left(database) == set(NoteState) - {NoteState.HELD}


async def test_notes_go_in_batches(store: OutboxRepository, database: Database) -> None:
    record = await in_state(store, NoteState.ADDED)
    row = await database.run(lambda c: c.execute(select(notes)).one()._asdict())
    more = [{**row, "id": n, "position": n} for n in range(1, 2 * BATCH + 50)]
    await database.run(lambda c: c.execute(insert(notes), more))
    await shift(database, DAY + 1)
    assert await purged(database, 0) == [BATCH, BATCH, 50]
    assert await store.get(record.id) is None


async def test_what_was_delivered_to_a_call_outlives_the_notes(
    store: OutboxRepository, database: Database
) -> None:
    record = await in_state(store, NoteState.ADDED)
    await shift(database, 40 * DAY)
    await purged(database, 0)
    assert [each.confirmed for each in (await explained(database, record)).values()] == [1]
    await database.execute(
        update(delivery_ledger).values(updated_at=delivery_ledger.c.updated_at - 91 * DAY)
    )
    assert await purged(database, 0) == [1]
    assert await explained(database, record) == {}


async def test_processes_and_reads_of_long_ago_are_forgotten_and_no_others(
    database: Database,
) -> None:
    await leases_of(database, "one").register()
    await ReadSlots(database, HOST, 3).acquire()
    old = NOW - 2 * DAY
    await database.execute(
        insert(schema.leases).values(id="gone", heartbeat_at=old),
        insert(call_list_reads).values(read_at=old),
    )
    assert await purged(database, 0) == [2]
    known = select(schema.leases.c.id)
    assert await database.run(lambda c: c.scalars(known).all()) == ["one"]
    reads = select(func.count()).select_from(call_list_reads)
    assert await database.run(lambda c: c.scalar(reads)) == 1


async def test_a_new_process_deletes_nothing_before_it_is_in_service(
    store: OutboxRepository, database: Database
) -> None:
    await in_state(store, NoteState.FAILED)
    await shift(database, DAY + 1)
    running = asyncio.create_task(Cleanup(database, 0, (), Timing()).run())
    await idle(database)
    await let_pass(Timing().first_purge - 1)
    assert await _count(database) == 1
    await let_pass(1)
    async with asyncio.timeout(PATIENCE):
        while await _count(database):
            await tick()
    running.cancel()


@pytest.mark.parametrize("age", [901, -3600], ids=["as time passed", "by a clock that is set back"])
async def test_a_token_is_forgotten_when_it_has_long_ceased_to_work(
    store: OutboxRepository, database: Database, age: float
) -> None:
    old = await in_state(store, NoteState.QUEUED)
    await shift(database, age, "round_started_at")
    new = await in_state(store, NoteState.QUEUED, call=124)
    await Cleanup(database, 30 * DAY, (), Timing()).delete_tokens()
    tokens = [(await store.get(each.id)) for each in (old, new)]
    assert [each and each.token for each in tokens] == [None, "interaction-token"]


async def test_a_token_is_forgotten_in_time_though_its_acknowledgement_was_found_late(
    store: OutboxRepository, database: Database
) -> None:
    record = await in_state(store, NoteState.RECEIVED)
    await shift(database, 800, "round_started_at")
    await store.transition(record, NoteState.QUEUED)
    await shift(database, 101, "round_started_at")
    await Cleanup(database, 30 * DAY, (), Timing()).delete_tokens()
    now = await store.get(record.id)
    assert now is not None
    assert now.token is None


async def test_the_token_of_the_press_that_cancelled_a_note_is_kept_while_it_works(
    store: OutboxRepository, database: Database
) -> None:
    record = await in_state(store, NoteState.QUEUED)
    await shift(database, 800, "round_started_at")
    pressed = (1, "newer token")
    await store.member_transition(record, NoteState.CANCELLED, pressed, waiting_limit=9)
    await shift(database, 101, "round_started_at")
    await Cleanup(database, 30 * DAY, (), Timing()).delete_tokens()
    now = await store.get(record.id)
    assert now is not None
    assert now.token == "newer token"


@on_sqlite
async def test_a_batch_is_deleted_without_a_look_at_every_old_row(database: Database) -> None:
    """Otherwise notes would wait longer for a batch, the more rows are to be deleted."""
    batch = batch_of(notes, notes.c.settled & (notes.c.updated_at < 1.0))

    def plan(connection: Connection) -> list[str]:
        sql = batch.compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True})
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}")
        return [row.detail for row in rows]

    deleted, _, found = await database.run(plan)
    assert "(id=?)" in deleted
    assert "notes_settled (settled=? AND updated_at<?)" in found


async def test_a_note_that_is_taken_up_again_during_a_purge_is_not_deleted(
    request: pytest.FixtureRequest,
) -> None:
    async with postgresql(request.config) as address, opened(address) as database:
        store = repository_of(database, "one")
        record = await in_state(store, NoteState.FAILED)
        await shift(database, DAY + 1)
        move = "UPDATE notes SET state = 'queued', updated_at = extract(epoch FROM now())"
        async with transaction(address, move):  # a button's, which is not committed yet
            purge = asyncio.create_task(Cleanup(database, 0, (), Timing()).purge())
            await somebody_waits(address)
        await purge
        now = await store.get(record.id)
        assert now is not None
        assert now.state is NoteState.QUEUED


async def test_notes_left_behind_are_taken_over_while_a_great_many_old_ones_are_deleted(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    store = repository_of(database, "a process that is gone")
    await in_state(store, NoteState.ADDED)
    row = await database.run(lambda c: c.execute(select(notes)).one()._asdict())
    row["settled"] = True
    many = 5 * BATCH
    more = [{**row, "id": n, "position": -n} for n in range(1, many)]
    await database.run(lambda c: c.execute(insert(notes), more))
    await shift(database, DAY + 1)
    worker = Worker(database, cad, session, history_days=0, first_purge=0.0, purge_pause=PATIENCE)
    async with working(worker):
        async with asyncio.timeout(PATIENCE):
            # Deleting begins when the first taking over is past.
            while await _count(database) >= many:  # noqa: ASYNC110 - nothing tells of it
                await asyncio.sleep(0.05)
        left_behind = await _left_behind(database)
        await worker.became(left_behind, NoteState.ADDED)
        assert 1 < await _count(database) < many


async def _count(database: Database) -> int:
    count = select(func.count()).select_from(notes)
    return await database.run(lambda c: c.execute(count).scalar_one())


async def _left_behind(database: Database) -> NoteRecord:
    """Let a process write a note down, queue it and hand it over, so that it is free at once."""
    leaving = leases_of(database, "a process that leaves")
    await leaving.heartbeat()
    store = repository_of(database, "a process that leaves")
    record = await in_state(store, NoteState.QUEUED, "left behind")
    await leaving.release()
    return record
