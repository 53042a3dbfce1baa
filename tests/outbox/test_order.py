"""Notes for one call go to the CAD as they were accepted, whatever comes between."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest

from bot.outbox import NoteRecord, NoteState, work_queue
from bot.outbox.models import Acknowledgement
from bot.outbox.states import RECEIVED_SECONDS
from bot.sandbox.sonoran import Fault, SonoranServer
from bot.storage import Database
from tests.outbox.parts import leases_of, repository_of
from tests.outbox.workers import Worker, in_state, on_sqlite, shift, stored, working
from tests.world import PATIENCE


@on_sqlite
async def test_a_note_whose_acknowledgement_takes_longer_is_not_overtaken(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    async with working(Worker(database, cad, session)) as worker:
        first = await worker.receive("first")
        second = await worker.note("second")
        other = await worker.note("other call", 124)
        await worker.became(other, NoteState.ADDED)
        assert stored(cad) == []
        await worker.outbox.acknowledged(first, Acknowledgement(1))
        await worker.became(second, NoteState.ADDED)
    assert stored(cad) == ["first", "second"]


@on_sqlite
async def test_a_note_that_has_to_wait_is_queued_until_the_one_before_is_not_acknowledged(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    async with working(Worker(database, cad, session)) as worker:
        first = await worker.receive("first")
        second = await worker.note("second")
        await worker.queued(second)
        now = await worker.outbox.store.get(second.id)
        assert now is not None
        assert now.state is NoteState.QUEUED
        await worker.outbox.discard(first)
        await worker.became(second, NoteState.ADDED)
    assert stored(cad) == ["second"]


async def test_a_note_whose_process_died_before_it_knew_of_its_acknowledgement_is_not_overtaken(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    first = await in_state(repository_of(database, "gone"), NoteState.RECEIVED, "first")
    async with working(Worker(database, cad, session)) as two:
        found = await two.became(first, NoteState.RECEIVED)
        second = await two.note("second")
        other = await two.note("other call", 124)
        await two.became(other, NoteState.ADDED)
        assert stored(cad) == []
        await two.outbox.acknowledged(found, Acknowledgement(1))
        await two.became(second, NoteState.ADDED)
    assert stored(cad) == ["first", "second"]


@pytest.mark.parametrize(
    ("engine", "tried"), [("sqlite", True), ("postgresql", False)], indirect=["engine"]
)
async def test_a_note_that_another_process_had_for_a_while_is_gone_on_with(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession, tried: bool
) -> None:
    """It was taken while its acknowledgement was being stored, and its new owner ended."""
    async with working(Worker(database, cad, session)) as worker:
        first = await worker.receive("first")
        other, lease = repository_of(database, "gone"), leases_of(database, "gone")
        await lease.heartbeat()
        moved = await other.member_transition(
            first, NoteState.QUEUED, (1, "token"), waiting_limit=9
        )
        moved = await other.transition(moved, NoteState.SENDING)
        if tried:
            await other.transition(moved, NoteState.QUEUED)
        await lease.release()
        await taken_back(worker, first)
        await worker.outbox.acknowledged(first, Acknowledgement(1))
        second = await worker.note("second")
        await worker.became(second, NoteState.ADDED)
    assert stored(cad) == ["first", "second"]


@on_sqlite
async def test_a_note_that_came_back_and_is_being_sent_is_left_to_its_send(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    held = asyncio.Event()
    cad.faults.add(Fault(on="note", status=400, body="BAD NOTE", hold=held))
    async with working(Worker(database, cad, session, answer_seconds=PATIENCE)) as worker:
        record = await worker.receive()
        other = repository_of(database, "gone")
        await other.member_transition(record, NoteState.QUEUED, (1, record.token), waiting_limit=9)
        await asyncio.wait_for(cad.received(1), PATIENCE)
        await worker.outbox.acknowledged(record, Acknowledgement(1))  # which was held up until now
        held.set()
        refused = await worker.became(record, NoteState.REFUSED)
    assert refused.unconfirmed_sends == 0


@on_sqlite
async def test_a_note_that_turns_out_to_be_queued_is_not_discarded(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    """Nobody heard that it was queued, and its placeholder cannot be found any more."""
    async with working(Worker(database, cad, session)) as worker:
        first = await worker.receive("first")
        await worker.outbox.store.transition(
            first, NoteState.QUEUED, acknowledgement=Acknowledgement(1)
        )
        await worker.outbox.discard(first)
        second = await worker.note("second")
        await worker.became(second, NoteState.ADDED)
    assert stored(cad) == ["first", "second"]


async def taken_back(worker: Worker, record: NoteRecord) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            now = await worker.outbox.store.get(record.id)
            if now is not None and now.owner == worker.outbox.store.owner:
                return
            await asyncio.sleep(0.05)


@on_sqlite
async def test_a_note_taken_over_is_shown_before_another_one_is_moved(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    """Shown later, it could by then have been moved by a button, and be shown as it was before."""
    gone = repository_of(database, "gone")
    sending = await in_state(gone, NoteState.SENDING)
    checking = await in_state(gone, NoteState.CHECKING, call=124)
    async with working(Worker(database, cad, session)) as worker:
        await worker.became(sending, NoteState.CHECKING)
    assert (worker.told[0].id, worker.told[0].state) == (checking.id, NoteState.CHECKING)


@pytest.mark.parametrize("ago", [RECEIVED_SECONDS + 1, -3600.0], ids=["long ago", "clock set back"])
async def test_a_note_behind_one_that_nobody_acknowledges_is_not_forgotten(
    database: Database,
    cad: SonoranServer,
    session: aiohttp.ClientSession,
    monkeypatch: pytest.MonkeyPatch,
    ago: float,
) -> None:
    monkeypatch.setattr(work_queue, "RECEIVED_SECONDS", 0.2)
    async with working(Worker(database, cad, session)) as worker:
        await worker.receive("first")
        second = await worker.note("second")
        await shift(database, ago, "updated_at")
        await worker.became(second, NoteState.ADDED)
    assert stored(cad) == ["second"]
