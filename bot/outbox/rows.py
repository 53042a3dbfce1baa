"""A row of the notes table as a record, and the other way round."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import fields
from types import NoneType
from typing import Any, TypeAlias

from sqlalchemy import Column, Integer

from bot.outbox.models import NewNote, NoteRecord
from bot.outbox.schema import notes
from bot.outbox.states import NoteState
from bot.outbox.stored_failure import dump_failure, load_failure
from bot.sonoran import CallNote

_NEW = tuple(each.name for each in fields(NewNote))
_NOTE = tuple(each.name for each in fields(CallNote))
_PLAIN = tuple(
    each.name for each in fields(NoteRecord) if each.name not in ("note", "state", "failure")
)
_COLUMNS = tuple(column.name for column in notes.columns)
_KINDS: dict[type, tuple[type, ...]] = {str: (str,), float: (int, float)}
ValueTypes: TypeAlias = tuple[tuple[str, tuple[type, ...], int], ...]

_log = logging.getLogger(__name__)


def value_types(columns: Iterable[Column[Any]]) -> ValueTypes:
    """Return each column's name, the types of its values, and a number that none of them reaches.

    They do so neither as positive nor as negative numbers.
    """
    return tuple(
        (
            column.name,
            _KINDS.get(column.type.python_type, (int, bool)) + (NoneType,) * bool(column.nullable),
            2**31 if type(column.type) is Integer else 2**63,
        )
        for column in columns
    )


_TYPES = value_types(notes.columns)


def first_record(
    new: NewNote, position: int, owner: str, state: NoteState, now: float
) -> NoteRecord:
    """Return a new note's record, as it is stored `now` by the database's clock."""
    return NoteRecord(
        **{name: getattr(new, name) for name in _NEW},
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

    def read(self, rows: Iterable[Sequence[Any]]) -> list[NoteRecord]:
        """Return the rows that can be read as records; each has all columns of the table."""
        return [record for row in rows if (record := self._read(row)) is not None]

    def _read(self, row: Sequence[Any]) -> NoteRecord | None:
        try:
            check_values(_TYPES, row)
            return record_of(row)
        except (TypeError, ValueError) as error:
            note_id = row[_COLUMNS.index("id")]
            if note_id not in self.unreadable:
                _log.error("the row of note %r is set aside, it cannot be read: %s", note_id, error)
            self.unreadable.add(note_id)
            return None


def check_values(types: ValueTypes, row: Sequence[Any]) -> None:
    """Raise `TypeError` or `ValueError` for a value that its column cannot have.

    A SQLite file may have one all the same, as its rows have no checksum, and any column stores any
    type; see `SqliteConnector.connect` for its texts.
    """
    for (name, kinds, bound), value in zip(types, row, strict=True):
        if type(value) not in kinds:
            raise TypeError(f"its {name} is of another type")
        if isinstance(value, str):
            value.encode()
        elif value is not None and not abs(value) < bound:  # as of what is no number, too
            raise ValueError(f"its {name} is out of range")


def record_of(row: Sequence[Any]) -> NoteRecord:
    """Return all columns of a note as a record; raises `ValueError` for an unknown state."""
    values = dict(zip(_COLUMNS, row, strict=True))
    return NoteRecord(
        **{name: values[name] for name in _PLAIN},
        note=CallNote(**{name: values[name] for name in _NOTE}),
        state=NoteState(values["state"]),
        failure=load_failure(values["failure"]),
    )


def values_of(record: NoteRecord, fingerprint: str) -> dict[str, Any]:
    """Return the columns' values for a record that is not settled.

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
