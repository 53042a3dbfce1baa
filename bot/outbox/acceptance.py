"""What is asked before a note is stored for the first time."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Integer,
    String,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal,
    select,
)

from bot.outbox.errors import OutboxFullError, ShareUsedError
from bot.outbox.schema import notes
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

_of_guild = notes.c.guild_id == bindparam("guild_id", type_=BigInteger)
_of_member = and_(_of_guild, notes.c.member_id == bindparam("member_id", type_=BigInteger))

_count = select(
    func.count().label("total"),
    func.coalesce(func.sum(case((_of_guild, 1), else_=0)), 0).label("guild"),
    func.coalesce(func.sum(case((_of_member, 1), else_=0)), 0).label("member"),
).where(
    # By the index of `settled`, which all that wait have not.
    notes.c.settled.is_(False),
    notes.c.state.in_([literal(state.value) for state in (*WAITING, NoteState.HELD)]),
)
_counted = _count.subquery()

COUNT_WAITING = CompiledStatement(_count)
"""Tells how many notes wait or are held: in all, of a guild, and of a member in it."""

BEFORE_ACCEPTING = CompiledStatement(
    select(
        exists().where(notes.c.id == bindparam("id", type_=BigInteger)),
        _counted.c.total,
        _counted.c.guild,
        _counted.c.member,
        select(NOW - func.max(notes.c.accepted_at)).where(*_same).scalar_subquery(),
        NOW,
    )
)
"""Tells whether a note is stored already, how many wait as `COUNT_WAITING` does, how many seconds
ago the same note came (None if it did not), and the time; its parameters are columns of the new
note."""


def check_room(total: int, guild: int, member: int, *, limit: int) -> None:
    """Raise `OutboxFullError` unless one more note may wait, besides so many that do.

    A guild may have as many as are then left to all, so that others always find room: half of what
    they leave. A member may have as many as are left to the guild by that.
    """
    left = limit - total
    if left <= 0:
        raise OutboxFullError(limit)
    left_to_guild = (left - guild) // 2 + 1
    if guild > left or member > left_to_guild:
        raise ShareUsedError(limit)
