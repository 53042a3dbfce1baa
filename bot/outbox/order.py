"""The order of notes: the place each is given, and whether it is a note's turn within its call."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, bindparam, exists, or_, select, update

from bot.outbox.schema import is_waiting, notes, outbox_position
from bot.outbox.states import RECEIVED_SECONDS, NoteState
from bot.storage import NOW, CompiledStatement
from bot.storage.tables import counted

_TAKE_POSITION = CompiledStatement(
    update(outbox_position)
    .values(value=outbox_position.c.value + 1)
    .returning(outbox_position.c.value)
)

_LAST_POSITION = select(outbox_position.c.value)


class Positions:
    """Gives notes their places, each behind all that this process knows to be stored.

    By these it also notices a database that has become older, after a failover or from a backup.
    """

    def __init__(self) -> None:
        self._known = 0
        self.times_older = 0
        """How often the database turned out to be older than what it had confirmed."""

    def confirm(self, position: int) -> None:
        """Take note of a place that is stored."""
        self._known = max(self._known, position)

    def next(self, connection: Connection) -> int:
        """Return the next place; the row stays locked, so places are committed in order.

        To be confirmed once it is stored.
        """
        position = _take_position(connection)
        if position <= self._known:
            self._catch_up(connection)
            position = _take_position(connection)
        return position

    def check(self, connection: Connection) -> None:
        """Look whether the database has become older."""
        if counted(connection.scalar(_LAST_POSITION)) < self._known:
            self._catch_up(connection)

    def _catch_up(self, connection: Connection) -> None:
        self.times_older += 1
        continue_behind(connection, self._known)


def _take_position(connection: Connection) -> int:
    taken = _TAKE_POSITION.rows(connection)
    return counted(taken[0][0] if taken else None)


def continue_behind(connection: Connection, position: int) -> None:
    """Give out no position up to this one any more, in a database that has become older."""
    lower = outbox_position.c.value < position
    connection.execute(update(outbox_position).where(lower).values(value=position))


def another_ahead() -> ColumnElement[bool]:
    """Return whether a note for the same call is ahead of `place` and may still be sent.

    `community`, `server`, `call` and `place` are parameters of the statement that this is part of.
    A note in the state RECEIVED holds others up only for `RECEIVED_SECONDS`, by the database's
    clock; of a clock that was set back, its time lies in the future.
    """
    other = notes.alias()
    return exists().where(
        other.c.community == bindparam("community", type_=other.c.community.type),
        other.c.server_id == bindparam("server", type_=other.c.server_id.type),
        other.c.call_id == bindparam("call", type_=other.c.call_id.type),
        other.c.position < bindparam("place", type_=other.c.position.type),
        is_waiting(other),
        or_(
            other.c.state != NoteState.RECEIVED.value,
            other.c.updated_at.between(NOW - RECEIVED_SECONDS, NOW + RECEIVED_SECONDS),
        ),
    )
