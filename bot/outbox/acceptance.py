"""What is asked before a note is stored for the first time."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Integer,
    String,
    bindparam,
    exists,
    func,
    literal,
    select,
)

from bot.outbox.schema import is_waiting, notes
from bot.outbox.states import WAITING, NoteState
from bot.storage import NOW, CompiledStatement

REPEAT_SECONDS = 60.0
"""For how long the same note by the same member for the same call is taken for a slip."""

_REPEATABLE = (*WAITING, NoteState.ADDED, NoteState.UNCONFIRMED)

_same = (
    notes.c.guild_id == bindparam("guild_id", type_=BigInteger),
    notes.c.member_id == bindparam("member_id", type_=BigInteger),
    notes.c.server_id == bindparam("server_id", type_=Integer),
    notes.c.call_id == bindparam("call_id", type_=BigInteger),
    notes.c.fingerprint == bindparam("fingerprint", type_=String),
    notes.c.state.in_([literal(state.value) for state in _REPEATABLE]),
    # Of a clock that was set back, notes lie in the future; far there, they are no repetitions.
    notes.c.accepted_at.between(NOW - REPEAT_SECONDS, NOW + REPEAT_SECONDS),
)

COUNT_WAITING = select(func.count()).where(is_waiting())

BEFORE_ACCEPTING = CompiledStatement(
    select(
        exists().where(notes.c.id == bindparam("id", type_=BigInteger)),
        COUNT_WAITING.scalar_subquery(),
        select(NOW - func.max(notes.c.accepted_at)).where(*_same).scalar_subquery(),
        NOW,
    )
)
"""Tells whether a note is stored already, how many wait, how many seconds ago the same note came
(None if it did not), and the time; its parameters are columns of the new note."""
