"""A community's delivery is there while it is needed."""

from __future__ import annotations

import aiohttp
import pytest

from bot.outbox import HOST, NoteState
from bot.sandbox.sonoran import Fault, SonoranServer
from bot.storage import Database
from tests.outbox.workers import KEY, Worker, eventually, stored, working

CALL = 123


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_an_idle_delivery_is_dropped_and_made_anew_when_needed(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    async with SonoranServer("second", KEY) as second:
        second.add_call(CALL)
        worker = Worker(database, cad, session, others={"second": second}, keep_delivery=0.05)
        async with working(worker):
            for number in range(2):
                record = await worker.note(f"note {number}", community="second")
                await worker.became(record, NoteState.ADDED)
                await eventually(lambda: worker.outbox.deliveries.known("second") is None)
        assert stored(second) == ["note 0", "note 1"]


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_a_delay_that_a_cad_asked_for_is_not_forgotten_with_its_delivery(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    cad.faults.add(Fault(on="note", status=429, headers={"Retry-After": "600"}))
    async with working(Worker(database, cad, session, keep_delivery=0.05)) as worker:
        await worker.note()
        await worker.until(lambda told: any(record.failure for record in told))
        await worker.outbox.member_actions.cancel(worker.told[-1])
        worker.outbox.deliveries.of("second")
        await eventually(lambda: worker.outbox.deliveries.known("second") is None)
        assert worker.outbox.deliveries.known(HOST) is not None
        await worker.became(await worker.note("later"), NoteState.QUEUED)
    assert len(cad.note_requests) == 1
