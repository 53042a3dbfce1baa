"""Notes for one call go to the CAD as they were accepted, whatever comes between."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest

from bot.outbox import JournalStore, NoteRecord, NoteState
from bot.sandbox.sonoran import Fault, SonoranServer
from bot.storage import Database
from tests import database as databases
from tests.outbox import workers
from tests.outbox.workers import Office, in_state, stored, working
from tests.world import PATIENCE

engine = databases.engine
address = databases.address
database = databases.database
cad = workers.cad
session = workers.session


async def test_a_note_whose_promise_takes_longer_is_not_overtaken(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    async with working(Office(database, cad, session)) as office:
        first = await office.receive("first")
        second = await office.note("second")
        other = await office.note("other call", 124)
        await office.became(other, NoteState.ADDED)
        assert stored(cad) == []
        await office.delivery.acknowledged(first, message_id=1)
        await office.became(second, NoteState.ADDED)
    assert stored(cad) == ["first", "second"]


async def test_a_note_that_was_not_promised_after_all_holds_nothing_back(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    async with working(Office(database, cad, session)) as office:
        first = await office.receive("first")
        second = await office.note("second")
        await office.delivery.withdraw(first)
        await office.became(second, NoteState.ADDED)
    assert stored(cad) == ["second"]


async def test_a_note_whose_process_died_before_it_knew_of_its_promise_is_not_overtaken(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    first = await in_state(JournalStore(database, "gone"), NoteState.RECEIVED, "first")
    async with working(Office(database, cad, session)) as two:
        found = await two.became(first, NoteState.RECEIVED)
        second = await two.note("second")
        other = await two.note("other call", 124)
        await two.became(other, NoteState.ADDED)
        assert stored(cad) == []
        await two.delivery.acknowledged(found, message_id=1)
        await two.became(second, NoteState.ADDED)
    assert stored(cad) == ["first", "second"]


@pytest.mark.parametrize("tried", [True, False])
async def test_a_note_that_another_process_had_for_a_while_is_gone_on_with(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession, tried: bool
) -> None:
    """It was taken while its acknowledgement was being written down, and its new owner ended."""
    async with working(Office(database, cad, session)) as office:
        first = await office.receive("first")
        other = JournalStore(database, "gone")
        moved = await other.move(first, NoteState.QUEUED, message=(1, "token"), take=True)
        moved = await other.move(moved, NoteState.SENDING)
        if tried:
            await other.move(moved, NoteState.QUEUED)
        await taken_back(office, first)
        await office.delivery.acknowledged(first, message_id=1)
        second = await office.note("second")
        await office.became(second, NoteState.ADDED)
    assert stored(cad) == ["first", "second"]


async def test_a_note_that_came_back_and_is_being_sent_is_left_to_its_send(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    held = asyncio.Event()
    cad.faults.add(Fault(on="note", status=400, body="BAD NOTE", hold=held))
    async with working(Office(database, cad, session, answer_seconds=PATIENCE)) as office:
        record = await office.receive()
        other = JournalStore(database, "gone")
        await other.move(record, NoteState.QUEUED, message=(1, record.token), take=True)
        await asyncio.wait_for(cad.received(1), PATIENCE)
        await office.delivery.acknowledged(record, message_id=1)  # which was held up until now
        held.set()
        refused = await office.became(record, NoteState.REFUSED)
    assert refused.uncertain == 0


async def test_a_note_that_turns_out_to_be_queued_is_not_withdrawn(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    """Nobody heard that it was queued, and its placeholder cannot be found any more."""
    async with working(Office(database, cad, session)) as office:
        first = await office.receive("first")
        await office.delivery.store.move(first, NoteState.QUEUED, message=(1, first.token))
        await office.delivery.withdraw(first)
        second = await office.note("second")
        await office.became(second, NoteState.ADDED)
    assert stored(cad) == ["first", "second"]


async def taken_back(office: Office, record: NoteRecord) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            now = await office.delivery.store.get(record.id)
            if now is not None and now.owner == office.delivery.store.owner:
                return
            await asyncio.sleep(0.05)


async def test_a_note_taken_over_is_shown_before_another_one_is_moved(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    """Shown later, it could by then have been moved by a button, and be shown as it was before."""
    gone = JournalStore(database, "gone")
    sending = await in_state(gone, NoteState.SENDING)
    queued = await in_state(gone, NoteState.QUEUED, call=124)
    async with working(Office(database, cad, session)) as office:
        await office.became(sending, NoteState.CHECKING)
    assert (office.told[0].id, office.told[0].state) == (queued.id, NoteState.QUEUED)
