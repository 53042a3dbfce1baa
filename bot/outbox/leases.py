"""Which process owns which notes."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from sqlalchemy import (
    Connection,
    Executable,
    Integer,
    and_,
    bindparam,
    case,
    delete,
    or_,
    select,
    update,
)
from sqlalchemy.sql.dml import ReturningUpdate

from bot.outbox.models import NoteRecord
from bot.outbox.rows import RowReader
from bot.outbox.schema import leases, notes
from bot.outbox.states import RETRY_SECONDS, WAITING, NoteState
from bot.storage import NOW, Database
from bot.timing import Timing, loop_time

_TIME = select(NOW)
_WAITING = [state.value for state in WAITING]


class Leases:
    """The lease of the process `owner`, and its claims to notes whose owners' leases ended.

    Every method that waits raises as `Database.run` does.
    """

    def __init__(
        self,
        database: Database,
        owner: str,
        rows: RowReader | None = None,
        *,
        timing: Timing = Timing(),
    ) -> None:
        self._database = database
        self._owner = owner
        self._rows = rows or RowReader()
        self.alone = database.address.path is not None
        """Whether no other process can use the database: a SQLite file has one at a time."""
        self._timeout = timing.lease_timeout
        self._margin = timing.lease_margin
        self._renewed_at = -math.inf
        self._lapsed_at = -math.inf
        own = leases.c.id == owner
        self._fresh = select(leases.c.heartbeat_at > NOW - self._timeout).where(own)
        self._beat = (
            # It may be there already, perhaps for long: after a lost confirmation this is repeated.
            database.insert(leases).on_conflict_do_nothing().values(id=owner, heartbeat_at=NOW),
            update(leases).where(own).values(heartbeat_at=NOW),
        )
        self._claims = {own: self._claim(include_own=own) for own in (False, True)}

    async def register(self) -> None:
        """Take the lease.

        A SQLite file has one process at a time, so all earlier leases end.
        """
        others = [delete(leases)] if self.alone else []
        await self._renew(*others)

    async def heartbeat(self) -> None:
        """Renew the lease."""
        await self._renew()

    async def _renew(self, *before: Executable) -> None:
        began = loop_time()
        # The database's clock goes on while a host is suspended, unlike that of the event loop.
        if not await self._database.run(self._beat_once, before):
            self._lapsed_at = loop_time()
        # Counted from before it was stored, so that it never ends here later than for the others.
        self._renewed_at = began

    def _beat_once(self, connection: Connection, before: Iterable[Executable]) -> bool:
        """Renew the lease; returns False when it was over."""
        fresh = bool(connection.execute(self._fresh).scalar())
        for statement in (*before, *self._beat):
            connection.execute(statement)
        return fresh

    @property
    def age(self) -> float:
        """How long ago the lease was renewed, in seconds."""
        return loop_time() - self._renewed_at

    @property
    def held(self) -> bool:
        """Whether no other process can have taken this one's notes over by now.

        On SQLite none can. On PostgreSQL that ends `Timing.lease_margin` before the time-out.
        """
        return self.alone or self.age < self._timeout - self._margin

    def held_since(self, moment: float) -> bool:
        """Whether no other process can have had this one's notes since `moment`, in loop time."""
        return self.alone or (self.held and self._lapsed_at < moment)

    async def release(self) -> None:
        """Give up every note of this process, so that another one takes it over at once."""
        await self._database.execute(
            delete(leases).where(leases.c.id == self._owner),
            update(notes)
            .where(notes.c.owner == self._owner, notes.c.settled.is_(False))
            .values(owner=None),
        )

    async def claim_orphans(
        self, limit: int, *, include_own: bool = False
    ) -> tuple[list[NoteRecord], float]:
        """Take the unfinished notes of processes whose leases are over, at most `limit`.

        Finished ones that Discord does not show yet are among them for a day. With `include_own`
        those on their way that are this process's already are among them, too, as after a lost
        confirmation. Returns them, and the time by the database's clock.
        """
        return await self._database.run(self._claim_orphans, limit, include_own)

    def _claim_orphans(
        self, connection: Connection, limit: int, include_own: bool
    ) -> tuple[list[NoteRecord], float]:
        taken = connection.execute(self._claims[include_own], {"most": limit}).all()
        records = sorted(self._rows.read(taken), key=lambda record: record.position)
        return records, float(connection.execute(_TIME).scalar_one())

    def _claim(self, *, include_own: bool) -> ReturningUpdate[tuple[Any, ...]]:
        now = NOW
        alive = select(leases.c.id).where(
            leases.c.heartbeat_at > now - self._timeout,
            leases.c.heartbeat_at < now + self._timeout,
        )
        orphaned = or_(notes.c.owner.is_(None), notes.c.owner.not_in(alive))
        if include_own:
            own = and_(notes.c.owner == self._owner, notes.c.state.in_(_WAITING))
            orphaned = or_(orphaned, own)
        unfinished = and_(
            notes.c.settled.is_(False),
            notes.c.state != NoteState.HELD.value,
            or_(notes.c.state.in_(_WAITING), notes.c.updated_at > now - RETRY_SECONDS),
        )
        left = or_(notes.c.owner.is_(None), notes.c.owner == self._owner)
        some = select(notes.c.id).where(unfinished, orphaned).order_by(notes.c.position)
        return (
            update(notes)
            # Asked again of each row, as another process may be taking the same ones.
            .where(
                notes.c.id.in_(some.limit(bindparam("most", type_=Integer))), unfinished, orphaned
            )
            .values(
                owner=self._owner,
                recoveries=notes.c.recoveries + case((left, 0), else_=1),
            )
            .returning(*notes.c)
        )
