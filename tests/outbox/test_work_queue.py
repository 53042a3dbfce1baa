"""The notes on the desk: which entry of a note stays."""

from __future__ import annotations

from dataclasses import replace

from bot.outbox import JournalStore, NoteState
from bot.outbox.work_queue import Desk, Tracked
from bot.storage import Database
from tests import database as databases
from tests.outbox.workers import in_state

engine = databases.engine
address = databases.address
database = databases.database


async def test_the_late_end_of_a_round_does_not_remove_the_next_one(database: Database) -> None:
    """Its member pressed Try again before this process heard that the end was written down."""
    queued = await in_state(JournalStore(database, "one"), NoteState.QUEUED)
    failed = replace(queued, state=NoteState.FAILED, revision=queued.revision + 1)
    again = replace(queued, revision=failed.revision + 1)
    desk = Desk()
    first, second = Tracked(queued, 0.0, 60.0), Tracked(again, 0.0, 60.0)
    assert desk.put(first, queued)
    assert desk.put(second, again)
    assert not desk.put(first, failed)
    assert desk.get(queued.id) is second
    assert desk.put(second, replace(failed, revision=again.revision + 1))
    assert len(desk) == 0
