"""A row of the notes table as a record, and the other way round."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from bot.outbox.models import NewNote, NoteRecord
from bot.outbox.schema import notes
from bot.outbox.states import NoteState
from bot.outbox.stored_failure import dump_failure, load_failure
from bot.sonoran import CallNote
from bot.storage.readable_rows import ReadableRows

_NEW = tuple(each.name for each in fields(NewNote))
_NOTE = tuple(each.name for each in fields(CallNote))
_PLAIN = tuple(
    each.name for each in fields(NoteRecord) if each.name not in ("note", "state", "failure")
)
_COLUMNS = tuple(column.name for column in notes.columns)


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


def row_reader() -> ReadableRows[NoteRecord]:
    """Return what reads rows with all columns of the notes table as records."""
    return ReadableRows("note", notes.columns, notes.c.id, record_of)


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
