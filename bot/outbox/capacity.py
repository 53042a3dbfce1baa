"""How many notes may wait, and how that is shared."""

from __future__ import annotations

from sqlalchemy import BigInteger, Text, and_, bindparam, func, select

from bot.outbox.errors import OutboxFullError, ShareUsedError
from bot.outbox.schema import is_open, notes
from bot.storage import CompiledStatement

_of_guild = notes.c.guild_id == bindparam("guild_id", type_=BigInteger)
_of_member = and_(_of_guild, notes.c.member_id == bindparam("member_id", type_=BigInteger))

WAITING_COUNTS = select(
    func.count().label("total"),
    func.count().filter(_of_guild).label("guild"),
    func.count().filter(_of_member).label("member"),
).where(notes.c.community == bindparam("community", type_=Text), is_open())
"""Selects how many notes of a community wait or are held: in all, of a guild, and of a member."""

COUNT_WAITING = CompiledStatement(WAITING_COUNTS)


def check_room(total: int, guild: int, member: int, *, limit: int) -> None:
    """Raise `OutboxFullError` unless there is room for one more note than wait, by these counts.

    A guild may have half of what the others leave, so that there is always room for them, and a
    member half of what the guild's other members leave of that. Raises `ShareUsedError` for these.
    """
    left = limit - total
    if left <= 0:
        raise OutboxFullError(limit)
    left_to_guild = (left - guild) // 2 + 1
    if guild > left or member > left_to_guild:
        raise ShareUsedError(limit)
