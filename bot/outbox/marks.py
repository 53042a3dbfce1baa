"""Stores, a little later and together, which notes Discord and the log channel have.

Without that a note is at worst shown once more by the next process.
"""

from __future__ import annotations

import asyncio
import logging

from bot.outbox.models import Mark, NoteRecord
from bot.outbox.repository import OutboxRepository
from bot.storage import StorageError
from bot.timing import Timing

_log = logging.getLogger(__name__)


class Marks:
    """The marks that are not stored yet. `run` must be running."""

    def __init__(self, store: OutboxRepository, *, timing: Timing) -> None:
        self._store = store
        self._timing = timing
        self._waiting: dict[int, Mark] = {}
        self._news = asyncio.Event()

    def add(self, record: NoteRecord, *, logged: bool) -> None:
        """Mark a record's revision as shown by Discord and, if it is, in the log channel."""
        self._waiting[record.id] = Mark(record, logged=logged)
        self._news.set()

    async def run(self) -> None:
        """Store marks `Timing.store_marks` after they came, for ever."""
        while True:
            await self._news.wait()
            await asyncio.sleep(self._timing.store_marks)
            self._news.clear()
            try:
                await self.flush()
            except StorageError as error:
                _log.warning("notes cannot be marked as shown: %s", error)
                await asyncio.sleep(self._timing.longest_store_retry)
                self._news.set()

    async def flush(self) -> None:
        """Store all marks now; those that are not stored wait on. Raises as `Database.run` does."""
        marks = dict(self._waiting)
        if marks:
            await self._store.mark(*marks.values())
        for note_id, mark in marks.items():
            if self._waiting.get(note_id) is mark:
                del self._waiting[note_id]
