"""Notes that are called back while the call list is held against others."""

from __future__ import annotations

import aiohttp
import pytest

from bot.outbox import NoteState
from bot.sandbox.sonoran import Fault, SonoranServer
from bot.storage import Database
from tests.disturbed_database import somebody_waits, transaction
from tests.outbox.workers import Worker, stored, working


@pytest.fixture
def engine() -> str:
    """Give only PostgreSQL, where one row can be kept from being moved."""
    return "postgresql"


async def test_a_note_called_back_while_another_is_judged_stays_called_back(
    database: Database, cad: SonoranServer, session: aiohttp.ClientSession
) -> None:
    # The first look comes too early for both, so that the second one can tell of each.
    cad.faults.add(Fault(on="calls", status=429, body="{}", headers={"Retry-After": "2"}))
    async with working(Worker(database, cad, session)) as worker:
        cad.faults.add(Fault(status=500))
        judged = await worker.became(await worker.note("judged", 123), NoteState.CHECKING)
        cad.faults.add(Fault(status=500))
        other = await worker.became(await worker.note("other", 124), NoteState.CHECKING)
        lock = f"SELECT id FROM notes WHERE id = {judged.id} FOR UPDATE"  # noqa: S608
        async with transaction(database.address, lock):
            await somebody_waits(database.address)
            await worker.outbox.member_actions.cancel(other)
        await worker.became(judged, NoteState.ADDED)
        last = await worker.note("last", 125)
        await worker.became(last, NoteState.ADDED)
    assert [each.state for each in worker.told if each.id == other.id][-1] is NoteState.CANCELLED
    assert stored(cad, 124) == []
