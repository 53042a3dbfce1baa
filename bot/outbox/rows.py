"""A row of the notes table as a record, and the other way round."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import fields
from typing import Any

from sqlalchemy import Row

from bot.outbox.models import NewNote, NoteRecord
from bot.outbox.states import NoteState
from bot.outbox.stored_failure import dump_failure, load_failure
from bot.sonoran import CallNote

_NOTE = tuple(each.name for each in fields(CallNote))
_PLAIN = tuple(
    each.name for each in fields(NoteRecord) if each.name not in ("note", "state", "failure")
)

_log = logging.getLogger(__name__)


def first_record(
    new: NewNote, state: NoteState, position: int, now: float, owner: str
) -> NoteRecord:
    """Return a note as it is stored first, at `now` by the database's clock."""
    return NoteRecord(
        **{each.name: getattr(new, each.name) for each in fields(NewNote)},
        position=position,
        state=state,
        owner=owner,
        accepted_at=now,
        round_started_at=now,
        updated_at=now,
    )


class RowReader:
    """Reads rows of the notes table and sets aside those that cannot be read.

    Such a row may be of a newer version of Callnote. It stays as it is, and the others go on.
    """

    def __init__(self) -> None:
        self.unreadable: set[int] = set()
        """The ids of the notes whose rows were set aside."""

    def read(self, rows: Iterable[Row[Any]]) -> list[NoteRecord]:
        """Return the rows that can be read as records."""
        return [record for row in rows if (record := self._read(row)) is not None]

    def _read(self, row: Row[Any]) -> NoteRecord | None:
        try:
            return record_of(row)
        except (TypeError, ValueError) as error:
            if row.id not in self.unreadable:
                _log.error("the row of note %d is set aside, it cannot be read: %s", row.id, error)
            self.unreadable.add(row.id)
            return None


def record_of(row: Row[Any]) -> NoteRecord:
    """Return a row of the notes table as a record; raises `ValueError` for an unknown state."""
    return NoteRecord(
        **{name: getattr(row, name) for name in _PLAIN},
        note=CallNote(**{name: getattr(row, name) for name in _NOTE}),
        state=NoteState(row.state),
        failure=load_failure(row.failure),
    )


def values_of(record: NoteRecord, fingerprint: str) -> dict[str, Any]:
    """Return the columns' values for a new record.

    `fingerprint` is that of the text as its member typed it, by which a repetition is noticed.
    """
    return {
        **{name: getattr(record, name) for name in _PLAIN},
        **{name: getattr(record.note, name) for name in _NOTE},
        "state": record.state.value,
        "failure": dump_failure(record.failure),
        "fingerprint": fingerprint,
        "settled": False,
    }
