"""Stores, a little later and together, which notes Discord and the log channel have.

Without that a note is at worst shown once more by the next process.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

from sqlalchemy import BigInteger, Boolean, Connection, Integer, bindparam, case, or_, update

from bot.outbox.models import NoteRecord
from bot.outbox.schema import notes
from bot.storage import CompiledStatement, Database, StorageError
from bot.timing import Timing

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Mark:
    """Whether Discord's message and the log channel have a record's revision."""

    record: NoteRecord
    logged: bool
    shown: bool


class ShownMarks:
    """The marks that are not stored yet. `run` must be running."""

    def __init__(self, database: Database, *, timing: Timing) -> None:
        self._database = database
        self._timing = timing
        self._waiting: dict[int, Mark] = {}
        self._news = asyncio.Event()

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, record: NoteRecord, *, logged: bool, shown: bool) -> None:
        """Mark a record's revision as shown by Discord, and in the log channel, where it is."""
        self._waiting[record.id] = Mark(record, logged=logged, shown=shown)
        self._news.set()

    async def run(self) -> None:
        """Store marks `Timing.store_marks` after they came, for ever."""
        while True:
            while not self._waiting:
                self._news.clear()
                await self._news.wait()
            await asyncio.sleep(self._timing.store_marks)
            try:
                await self.flush()
            except StorageError as error:
                _log.warning("notes cannot be marked as shown: %s", error)
                await asyncio.sleep(self._timing.longest_store_retry)

    async def flush(self) -> None:
        """Store all marks now; those that are not stored wait on. Raises as `Database.run` does."""
        marks = dict(self._waiting)
        if marks:
            await self._database.run(store_marks, *marks.values())
        for note_id, mark in marks.items():
            if self._waiting.get(note_id) is mark:
                del self._waiting[note_id]


_MARK = CompiledStatement(
    update(notes)
    .where(
        notes.c.id == bindparam("note", type_=BigInteger),
        notes.c.revision == bindparam("known", type_=Integer),
    )
    .values(
        shown=case((bindparam("is_shown", type_=Boolean), notes.c.revision), else_=notes.c.shown),
        logged=case((bindparam("has_log", type_=Boolean), notes.c.revision), else_=notes.c.logged),
        settled=or_(notes.c.settled, bindparam("done", type_=Boolean)),
    )
)


def store_marks(connection: Connection, *marks: Mark) -> None:
    """Store marks, each of which changes nothing when its note has a newer revision."""
    for mark in marks:
        record = mark.record
        _MARK.execute(
            connection,
            {
                "note": record.id,
                "known": record.revision,
                "is_shown": mark.shown,
                "has_log": mark.logged,
                "done": mark.shown and mark.logged and record.state.final,
            },
        )
