"""What the ledger counts once a note is stored again in a database that has become older."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from itertools import combinations

import aiohttp
import pytest
from sqlalchemy import Connection, delete, insert, select

from bot.outbox import NoteRecord, NoteState
from bot.outbox.ledger import explained
from bot.outbox.models import Acknowledgement
from bot.outbox.schema import delivery_ledger, notes
from bot.sandbox.sonoran import Fault, SonoranServer
from bot.storage import Database
from tests.cases import case
from tests.disturbed_database import somebody_waits, transaction
from tests.outbox.parts import repository_of
from tests.outbox.workers import Worker, in_state, new_note, put_back, stored, working


@pytest.mark.parametrize(
    "way",
    [
        (NoteState.SENDING, NoteState.CHECKING, NoteState.ADDED),
        (NoteState.QUEUED, NoteState.SENDING, NoteState.CHECKING, NoteState.CANCELLED),
        (
            NoteState.SENDING,
            NoteState.REFUSED,
            NoteState.QUEUED,
            NoteState.SENDING,
            NoteState.ADDED,
        ),
        (
            *(NoteState.SENDING, NoteState.CHECKING, NoteState.UNCONFIRMED),
            *(NoteState.QUEUED, NoteState.SENDING, NoteState.CHECKING, NoteState.UNCONFIRMED),
            *(NoteState.CHECKING, NoteState.QUEUED, NoteState.FAILED),
        ),
        (
            *(NoteState.SENDING, NoteState.CHECKING, NoteState.UNCONFIRMED),
            *(NoteState.CHECKING, NoteState.ADDED),
        ),
        (NoteState.SENDING, NoteState.CHECKING, NoteState.UNCONFIRMED, NoteState.CANCELLED),
    ],
)
async def test_a_note_that_is_stored_again_counts_as_it_did(
    database: Database, way: tuple[NoteState, ...]
) -> None:
    counted = select(delivery_ledger).where(
        (delivery_ledger.c.confirmed != 0) | (delivery_ledger.c.unconfirmed != 0)
    )

    def counts(connection: Connection) -> list[dict[str, object]]:
        return [{**row, "updated_at": 0} for row in connection.execute(counted).mappings()]

    store = repository_of(database, "one")
    record, _ = await store.accept(new_note("as typed"), waiting_limit=9)
    moments = [(record, await database.run(counts))]
    for target in way:
        if record.state is NoteState.REFUSED:
            record = await store.member_transition(
                record, target, None, waiting_limit=9, call_id=124
            )
        else:
            sent = Acknowledgement(1, "as sent")
            record = await store.transition(record, target, acknowledgement=sent)
        moments.append((record, await database.run(counts)))
    for (older, before), (newer, after) in combinations(moments, 2):
        with case(f"{older.state} {older.revision}, {newer.state} {newer.revision}"):
            again = [insert(delivery_ledger).values(before)] if before else []
            await put_back(database, older, delete(delivery_ledger), *again)
            await store.restore(newer)
            assert await store.get(record.id) == newer
            assert await database.run(counts) == after
    for known, there in moments:
        with case(f"gone, {known.state} {known.revision}"):
            await database.execute(delete(notes), delete(delivery_ledger))
            await store.restore(known)
            assert await database.run(counts) == there


async def unconfirmed(worker: Worker, cad: SonoranServer) -> NoteRecord:
    """Accept a note whose send breaks off and which no list shows; return it when given up."""
    cad.faults.add(Fault(on="note", abort="before"))
    cad.faults.add(Fault(on="calls", status=500, times=None))
    return await worker.became(await worker.note(), NoteState.UNCONFIRMED)


async def test_an_unconfirmed_note_whose_row_was_gone_is_not_taken_for_added(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    async with working(Worker(database, cad, session)) as worker:
        given_up = await unconfirmed(worker, cad)
        await database.execute(delete(notes), delete(delivery_ledger))
        await worker.outbox.store.restore(given_up)
        cad.faults.clear()
        await worker.outbox.member_actions.resume(given_up, NoteState.CHECKING, (1, "token"))
        await worker.became(given_up, NoteState.ADDED)
    assert stored(cad) == ["some note here"]


async def test_a_note_that_an_earlier_process_gave_up_is_stored_as_added_again(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    given_up = await in_state(repository_of(database, "earlier"), NoteState.FAILED)
    async with working(Worker(database, cad, session)) as worker:
        await worker.outbox.member_actions.resume(given_up, NoteState.QUEUED, (1, "token"))
        added = await worker.became(given_up, NoteState.ADDED)
        worker.told.clear()
        shown = notes.update().values(settled=True)  # so that nobody claims it
        await put_back(database, given_up, shown, delete(delivery_ledger))
        await worker.became(given_up, NoteState.ADDED)
        assert await worker.outbox.store.get(given_up.id) == added
        cad.faults.add(Fault(on="note", abort="before"))
        equal = await worker.note(member=8)  # which is not to be taken for the first
        await worker.became(equal, NoteState.ADDED)
    assert stored(cad) == ["some note here"] * 2


async def test_a_note_that_was_cancelled_in_doubt_is_stored_as_cancelled_again(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    async with working(Worker(database, cad, session)) as worker:
        in_doubt = await in_state(worker.outbox.store, NoteState.UNCONFIRMED)
        cancelled = await worker.outbox.member_actions.cancel(in_doubt)
        worker.told.clear()
        await put_back(database, in_doubt)
        await worker.became(in_doubt, NoteState.CANCELLED)
        assert await worker.outbox.store.get(in_doubt.id) == cancelled


async def test_a_cancellation_that_was_found_out_later_is_stored_again(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    async with working(Worker(database, cad, session)) as worker:
        await worker.became(await worker.note(call=124), NoteState.ADDED)
        store = worker.outbox.store
        record = await in_state(store, NoteState.UNCONFIRMED)
        action = asyncio.create_task(worker.outbox.member_actions.cancel(record))
        await asyncio.sleep(0)
        action.cancel()
        with pytest.raises(asyncio.CancelledError):
            await action
        cancelled = await store.member_transition(
            record, NoteState.CANCELLED, None, waiting_limit=9
        )
        await worker.became(record, NoteState.CANCELLED)
        worker.told.clear()
        await put_back(database, record)
        await worker.became(record, NoteState.CANCELLED)
        assert await store.get(record.id) == cancelled


async def test_a_note_that_the_database_forgot_to_be_unconfirmed_is_not_taken_for_added(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    async with working(Worker(database, cad, session)) as worker:
        given_up = await unconfirmed(worker, cad)
        worker.told.clear()
        older = replace(given_up, state=NoteState.SENDING, revision=2, unconfirmed_sends=0)
        await put_back(database, older, delete(delivery_ledger))
        await worker.became(given_up, NoteState.UNCONFIRMED)
        cad.faults.clear()
        cad.faults.add(Fault(on="note", abort="before"))
        await worker.outbox.member_actions.resume(given_up, NoteState.QUEUED, (1, "token"))
        await worker.became(given_up, NoteState.CHECKING)
        await worker.became(given_up, NoteState.ADDED)
    assert stored(cad) == ["some note here"]


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
async def test_a_row_that_goes_on_before_it_is_stored_again_is_not_counted(
    database: Database,
) -> None:
    store = repository_of(database, "one")
    added = await in_state(store, NoteState.ADDED)
    older = replace(added, state=NoteState.SENDING, revision=added.revision - 1)
    await put_back(database, older, delete(delivery_ledger))
    async with transaction(database.address, "UPDATE notes SET revision = revision + 1"):
        restoring = asyncio.create_task(store.restore(added))
        await somebody_waits(database.address)
    await restoring
    (counted,) = (await explained(database, replace(added, id=1))).values()
    assert (counted.confirmed, counted.unconfirmed) == (0, 1)  # as it is being sent by its row


async def test_a_finished_note_whose_row_is_gone_counts_when_it_is_stored_again(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    async with working(Worker(database, cad, session)) as worker:
        added = await worker.became(await worker.note(), NoteState.ADDED)
        await database.execute(delete(notes), delete(delivery_ledger))
        await worker.outbox.store.restore(added)
        (counted,) = (await explained(database, replace(added, id=1))).values()
        assert (counted.confirmed, counted.unconfirmed) == (1, 0)
