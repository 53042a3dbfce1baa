"""The notes in the work queue: which entry of a note stays, and for how long."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.outbox import NoteState, work_queue
from bot.outbox.work_queue import WorkItem
from bot.storage import Database
from tests.note_records import record
from tests.outbox.parts import new_queue, repository_of
from tests.outbox.workers import in_state


async def test_the_late_end_of_a_round_does_not_remove_the_next_one(database: Database) -> None:
    """Its member pressed Try again before this process heard that the end was stored."""
    queued = await in_state(repository_of(database, "one"), NoteState.QUEUED)
    failed = replace(queued, state=NoteState.FAILED, revision=queued.revision + 1)
    again = replace(queued, revision=failed.revision + 1)
    queue = new_queue()
    first, second = WorkItem(queued, 0.0, 60.0), WorkItem(again, 0.0, 60.0)
    assert queue.put(first, queued)
    assert queue.put(second, again)
    assert not queue.put(first, failed)
    assert queue.get(queued.id) is second
    assert queue.put(second, replace(failed, revision=again.revision + 1))
    assert len(queue) == 0


async def test_only_the_latest_finished_notes_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work_queue, "FINISHED_NOTES", 2)
    queue = new_queue()
    for number in (1, 2, 3):
        queue.track(record(id=number, position=number, state=NoteState.ADDED))
    assert list(queue.finished) == [2, 3]
