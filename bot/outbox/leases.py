"""Which process owns which notes."""

from __future__ import annotations

import functools
import math
from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    Boolean,
    Connection,
    Double,
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
from bot.outbox.schema import is_waiting, leases, notes
from bot.outbox.states import RETRY_SECONDS, NoteState
from bot.storage import NOW, Database, StorageError
from bot.storage.database import Insert
from bot.storage.readable_rows import ReadableRows
from bot.timing import Timing, loop_time

_OWN = bindparam("own", type_=leases.c.id.type)
_TIMEOUT: BindParameter[float] = bindparam("timeout", type_=Double())
_BEHIND: BindParameter[int] = bindparam("behind", type_=BigInteger())
_HAD_TIME: BindParameter[bool] = bindparam("had_time", type_=Boolean())

ALIVE = select(leases.c.id).where(
    leases.c.heartbeat_at > NOW - _TIMEOUT, leases.c.heartbeat_at < NOW + _TIMEOUT
)
"""Selects the processes whose leases last; its parameter is `timeout`, in seconds. A heartbeat in
the future is of a clock that was set back."""

_TIME = select(NOW)
_FRESH = select(leases.c.heartbeat_at > NOW - _TIMEOUT).where(leases.c.id == _OWN)
_RENEW = update(leases).where(leases.c.id == _OWN).values(heartbeat_at=NOW)
_END_ALL = delete(leases)
_RELEASE = (
    delete(leases).where(leases.c.id == _OWN),
    update(notes).where(notes.c.owner == _OWN, notes.c.settled.is_(False)).values(owner=None),
)


class Leases:
    """The lease of the process `owner`, and its claims to notes whose owners' leases ended.

    `rows` reads those of the notes table.
    Every method that waits raises as `Database.run` does.
    """

    def __init__(
        self,
        database: Database,
        owner: str,
        rows: ReadableRows[NoteRecord],
        *,
        timing: Timing,
    ) -> None:
        self._database = database
        self._rows = rows
        self.alone = database.address.path is not None
        """Whether no other process can use the database: a SQLite file has one at a time."""
        self._timeout = timing.lease_timeout
        self._margin = timing.lease_margin
        self._renewed_at = -math.inf
        self._lapsed_at = -math.inf
        self._own = {"own": owner}
        self.trouble: StorageError | None = None
        """Why the lease could not be renewed the last time, None if it was."""

    async def register(self) -> None:
        """Take the lease.

        A SQLite file has one process at a time, so all earlier leases end.
        """
        await self._renew(only=self.alone)

    async def heartbeat(self) -> None:
        """Renew the lease."""
        if not await self._renew():
            self._lapsed_at = loop_time()

    async def _renew(self, *, only: bool = False) -> bool:
        """Renew the lease, the others ending with `only`; returns False when it was over."""
        began = loop_time()
        # The database's clock goes on while a host is suspended, unlike that of the event loop.
        try:
            fresh = await self._database.run(self._beat_once, only)
        except StorageError as error:
            self.trouble = error
            raise
        self.trouble = None
        # Counted from before it was stored, so that it never ends here later than for the others.
        self._renewed_at = began
        return fresh

    def _beat_once(self, connection: Connection, only: bool) -> bool:
        """Renew the lease, the others ending with `only`; returns False when it was over."""
        own = {**self._own, "timeout": self._timeout}
        fresh = bool(connection.execute(_FRESH, own).scalar())
        if only:
            connection.execute(_END_ALL)
        # It may be there already, perhaps for long: after a lost confirmation this is repeated.
        connection.execute(_begin(self._database.insert), self._own)
        connection.execute(_RENEW, self._own)
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

    @property
    def _others_had_time(self) -> bool:
        """Whether other processes could have renewed their leases since this one's was over.

        What let this one's lapse, such as a failover, may have kept them from it, too.
        """
        return self.alone or loop_time() - self._lapsed_at >= self._timeout

    async def release(self) -> None:
        """Give up every note of this process, so that another one takes it over at once."""
        await self._database.execute(*_RELEASE, **self._own)

    async def claim_orphans(
        self, limit: int, *, include_own: bool, behind: int
    ) -> tuple[list[NoteRecord], float]:
        """Take the unfinished notes of processes whose leases are over, at most `limit`.

        Once its own lease was over, it leaves the others `Timing.lease_timeout` to renew theirs.
        The notes are the first behind the position `behind`. Finished ones that Discord does not
        show yet are among them for a day. With `include_own` those on their way that are this
        process's already are among them, too, as after a lost confirmation. Returns them, and the
        time by the database's clock.
        """
        limits = {"timeout": self._timeout, "most": limit, "behind": behind}
        values = {**self._own, **limits, "had_time": self._others_had_time}
        return await self._database.run(self._claim_orphans, include_own, values)

    def _claim_orphans(
        self, connection: Connection, include_own: bool, values: dict[str, Any]
    ) -> tuple[list[NoteRecord], float]:
        taken = connection.execute(_claim(include_own), values).all()
        records = sorted(self._rows.read(taken), key=lambda record: record.position)
        return records, float(connection.execute(_TIME).scalar_one())


@functools.cache
def _begin(insert: Insert) -> Executable:
    """Return the statement that takes a lease which is not there, composed as `insert` begins."""
    return insert(leases).on_conflict_do_nothing().values(id=_OWN, heartbeat_at=NOW)


@functools.cache
def _claim(include_own: bool) -> ReturningUpdate[tuple[Any, ...]]:
    """Return the statement of `claim_orphans`, which takes long to compose."""
    orphaned = or_(notes.c.owner.is_(None), and_(_HAD_TIME, notes.c.owner.not_in(ALIVE)))
    if include_own:
        own = and_(notes.c.owner == _OWN, is_waiting())
        orphaned = or_(orphaned, own)
    unfinished = and_(
        notes.c.settled.is_(False),
        notes.c.state != NoteState.HELD.value,
        notes.c.position > _BEHIND,
        or_(is_waiting(), notes.c.updated_at > NOW - RETRY_SECONDS),
    )
    left = or_(notes.c.owner.is_(None), notes.c.owner == _OWN)
    some = select(notes.c.id).where(unfinished, orphaned).order_by(notes.c.position)
    return (
        update(notes)
        # Asked again of each row, as another process may be taking the same ones.
        .where(notes.c.id.in_(some.limit(bindparam("most", type_=Integer))), unfinished, orphaned)
        .values(
            owner=_OWN,
            recoveries=notes.c.recoveries + case((left, 0), else_=1),
        )
        .returning(*notes.c)
    )
