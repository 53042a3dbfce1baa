"""The order of notes: the place each is given, and whether it is a note's turn within its call."""

from __future__ import annotations

from sqlalchemy import ColumnElement, exists, or_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.outbox.models import NoteRecord
from bot.outbox.schema import notes, outbox_position
from bot.outbox.states import RECEIVED_SECONDS, NoteState

_AHEAD = [state.value for state in (NoteState.QUEUED, NoteState.SENDING, NoteState.CHECKING)]

_TAKE_POSITION = (
    update(outbox_position)
    .values(value=outbox_position.c.value + 1)
    .returning(outbox_position.c.value)
)


async def next_position(connection: AsyncConnection) -> int:
    """Return the next position; the row stays locked, so positions are committed in order."""
    return int((await connection.execute(_TAKE_POSITION)).scalar_one())


def another_ahead_of(record: NoteRecord, now: ColumnElement[float]) -> ColumnElement[bool]:
    """Return whether a note for the same call stands before this one, and may still be sent.

    `now` is the database's clock, by which a note in the state RECEIVED holds others up only for
    `RECEIVED_SECONDS`.
    """
    other = notes.alias()
    received = other.c.state == NoteState.RECEIVED.value
    return exists().where(
        other.c.server_id == record.note.server_id,
        other.c.call_id == record.note.call_id,
        other.c.position < record.position,
        or_(other.c.state.in_(_AHEAD), received & (other.c.updated_at > now - RECEIVED_SECONDS)),
    )


def goes_behind(origin: NoteState) -> bool:
    """Whether a note that is queued goes behind the others: one that was given up does."""
    return origin in (NoteState.FAILED, NoteState.UNCONFIRMED)
