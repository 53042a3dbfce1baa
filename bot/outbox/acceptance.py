"""Stores a note for the first time, if it may be."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Connection,
    Integer,
    String,
    Text,
    bindparam,
    delete,
    exists,
    func,
    literal,
    select,
)

from bot.outbox.capacity import WAITING_COUNTS, check_room
from bot.outbox.errors import DuplicateInteractionError, StaleRevisionError
from bot.outbox.matching import fingerprint
from bot.outbox.models import NewNote, NoteRecord
from bot.outbox.order import Positions
from bot.outbox.rows import first_record, values_of
from bot.outbox.schema import notes
from bot.outbox.states import WAITING, NoteState
from bot.storage import NOW, CompiledStatement

REPEAT_SECONDS = 60.0
"""For how long the same note by the same member for the same call is taken for a slip."""

_REPEATABLE = (*WAITING, NoteState.ADDED, NoteState.UNCONFIRMED)

_same = (
    notes.c.community == bindparam("community", type_=Text),
    notes.c.guild_id == bindparam("guild_id", type_=BigInteger),
    notes.c.member_id == bindparam("member_id", type_=BigInteger),
    notes.c.server_id == bindparam("server_id", type_=Integer),
    notes.c.call_id == bindparam("call_id", type_=BigInteger),
    notes.c.fingerprint == bindparam("fingerprint", type_=String),
    notes.c.state.in_([literal(state.value) for state in _REPEATABLE]),
    # Of a clock that was set back, notes lie in the future; far there, they are no repetitions.
    notes.c.accepted_at.between(NOW - REPEAT_SECONDS, NOW + REPEAT_SECONDS),
)

_OF_MESSAGE = CompiledStatement(
    select(NOW - func.max(notes.c.accepted_at)).where(
        notes.c.guild_id == bindparam("guild_id", type_=BigInteger),
        notes.c.call_id == bindparam("call_id", type_=BigInteger),
        notes.c.server_id == bindparam("server_id", type_=Integer),
        notes.c.community == bindparam("community", type_=Text),
        notes.c.source_id == bindparam("source_id", type_=BigInteger),
        notes.c.state.in_([literal(state.value) for state in _REPEATABLE]),
    )
)
"""Tells how many seconds ago a note of the same message came for the same call, whoever sent it and
however long ago; None if none is known."""

_counted = WAITING_COUNTS.subquery()

BEFORE_ACCEPTING = CompiledStatement(
    select(
        exists().where(notes.c.id == bindparam("id", type_=BigInteger)),
        _counted.c.total,
        _counted.c.guild,
        _counted.c.member,
        # Of the latest; PostgreSQL plans a `max` of a column twice.
        select(func.min(NOW - notes.c.accepted_at)).where(*_same).scalar_subquery(),
        NOW,
    )
)
"""Tells whether a note is stored already, how many wait as `WAITING_COUNTS` does, how many seconds
ago the same note came (None if it did not), and the time; its parameters are columns of the new
note."""

_INSERT = CompiledStatement(notes.insert())


def accept(
    connection: Connection,
    new: NewNote,
    owner: str,
    positions: Positions,
    waiting_limit: int,
    instead_of: int | None,
) -> tuple[NoteRecord, float | None]:
    """Store a note for the process `owner`; see `OutboxRepository.accept`."""
    position = positions.next(connection)
    typed = fingerprint(new.note.label, new.note.text)
    replaced = 0
    if instead_of is not None:
        held = (notes.c.id == instead_of) & (notes.c.state == NoteState.HELD.value)
        replaced = connection.execute(delete(notes).where(held)).rowcount
    known = {
        "id": new.id,
        "community": new.community,
        "guild_id": new.guild_id,
        "member_id": new.member_id,
        "server_id": new.note.server_id,
        "call_id": new.note.call_id,
        "fingerprint": typed,
        "source_id": new.source_id,
    }
    [(taken, *waiting, ago, now)] = BEFORE_ACCEPTING.rows(connection, known)
    if taken:
        raise DuplicateInteractionError
    check_room(*waiting, limit=waiting_limit)
    if ago is None and new.source_id is not None:
        [(ago,)] = _OF_MESSAGE.rows(connection, known)
    if instead_of is not None:
        ago = None
        if not replaced:
            raise StaleRevisionError(None)
    state = NoteState.RECEIVED if ago is None else NoteState.HELD
    record = first_record(new, position, owner, state, now)
    _INSERT.execute(connection, values_of(record, typed))
    return record, None if ago is None else max(0.0, ago)
