"""A row of the notes table as a record, and the other way round."""

from __future__ import annotations

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


def record_of(row: Row[Any]) -> NoteRecord:
    """Return a row of the notes table as a record."""
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
