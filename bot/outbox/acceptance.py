"""What is asked before a note is stored for the first time."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Select,
    String,
    bindparam,
    exists,
    func,
    select,
)

from bot.outbox.models import NewNote
from bot.outbox.schema import notes
from bot.outbox.states import WAITING, NoteState

REPEAT_SECONDS = 60.0
"""For how long the same note by the same member for the same call is taken for a slip."""

_REPEATABLE = [state.value for state in (*WAITING, NoteState.ADDED, NoteState.UNCONFIRMED)]
_WAITING = [state.value for state in WAITING]


def before_accepting(now: ColumnElement[float]) -> Select[Any]:
    """Return the query for all that must be known before a note is stored.

    Made once, as making it takes longer than asking it.
    """
    same = (
        notes.c.guild_id == bindparam("guild", type_=BigInteger),
        notes.c.member_id == bindparam("member", type_=BigInteger),
        notes.c.server_id == bindparam("server", type_=Integer),
        notes.c.call_id == bindparam("call", type_=BigInteger),
        notes.c.fingerprint == bindparam("key", type_=String),
        notes.c.state.in_(_REPEATABLE),
        # Of a clock that was set back, notes lie in the future; far there, they are no repetitions.
        notes.c.accepted_at.between(now - REPEAT_SECONDS, now + REPEAT_SECONDS),
    )
    waiting = select(func.count()).where(notes.c.state.in_(_WAITING))
    ago = select(now - func.max(notes.c.accepted_at)).where(*same)
    return select(
        exists().where(notes.c.id == bindparam("note", type_=BigInteger)).label("taken"),
        waiting.scalar_subquery().label("waiting"),
        ago.scalar_subquery().label("ago"),
        now.label("now"),
    )


def what_to_ask(new: NewNote, key: str) -> dict[str, object]:
    """Return the parameters of that query for a note; `key` is its fingerprint."""
    return {
        "note": new.id,
        "guild": new.guild_id,
        "member": new.member_id,
        "server": new.note.server_id,
        "call": new.note.call_id,
        "key": key,
    }
