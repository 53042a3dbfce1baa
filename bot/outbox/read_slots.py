"""How all processes together keep to a community's limit of call list reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from zlib import crc32

from sqlalchemy import Connection, func, select, update

from bot.outbox.schema import call_list_reads
from bot.storage import NOW, Database
from bot.timing import loop_time

READ_WINDOW_SECONDS = 60.0
"""The period to which the CAD's limit of call list reads applies (page get-calls)."""

_NEXT_SECONDS = 1.0  # for whoever waited for a slot to come back for it

_LOCK = 0x63616C6C  # any number of 31 bits that is these locks' alone
_TIME = select(NOW)


@dataclass(eq=False, repr=False, slots=True)
class ReadSlots:
    """The reads of a community's call list that all processes together have: `per_minute`."""

    database: Database
    community: str
    per_minute: int
    _waited_for: float = field(default=0.0, init=False)

    async def acquire(self, *, spare: bool = False) -> float:
        """Take a slot; raises as `Database.run` does.

        Returns 0 when the list may be read now, else the seconds to wait before asking again. A
        `spare` read leaves one a minute to others, if there are several, and goes behind those of
        this process that wait.
        """
        if spare and (wait := self._waited_for - loop_time()) > 0:
            return wait
        most = self.per_minute - 1 if spare and self.per_minute > 1 else self.per_minute
        wait = await self.database.run(self._acquire, most)
        if wait and not spare:
            self._waited_for = loop_time() + wait + _NEXT_SECONDS
        return wait

    def _acquire(self, connection: Connection, most: int) -> float:
        read_at = call_list_reads.c.read_at
        of_community = call_list_reads.c.community == self.community
        if self.database.address.path is None:  # a SQLite file has one process at a time
            # A lock that two communities share only makes one of them wait a moment.
            lock = crc32(self.community.encode()) >> 1
            connection.execute(select(func.pg_advisory_xact_lock(_LOCK, lock)))
        now = float(connection.execute(_TIME).scalar_one())
        # Of a clock that was set back, reads lie in the future; they count as just made.
        connection.execute(
            update(call_list_reads).where(of_community, read_at > now).values(read_at=now)
        )
        latest = select(read_at).where(of_community, read_at > now - READ_WINDOW_SECONDS)
        times = sorted(connection.scalars(latest))
        if len(times) >= most:
            return float(max(0.05, times[-most] + READ_WINDOW_SECONDS - now))
        connection.execute(call_list_reads.insert().values(community=self.community, read_at=now))
        return 0.0
