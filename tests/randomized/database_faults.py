"""What may go wrong with the database, drawn at random."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random
from typing import Self

from bot.storage import DatabaseUrl
from bot.storage.tables import metadata
from tests.database import setting_of
from tests.disturbed_database import locked_file, transaction, way_to
from tests.gate import Gate
from tests.postgresql import at, connected

LONGEST_SECONDS = 5.0

LAGS = (0.05, 0.3, 1.0, 3.0)
"""How many seconds a standby may be behind."""


class DatabaseFaults:
    """Keeps the bot from its database for a while; `setting` is the address to give it."""

    def __init__(self, address: DatabaseUrl, gate: Gate | None) -> None:
        self._address = address
        self._gate = gate
        given = address if gate is None else at(address, host="127.0.0.1", port=str(gate.port))
        self.setting = setting_of(given)

    @classmethod
    @asynccontextmanager
    async def of(cls, address: DatabaseUrl) -> AsyncIterator[Self]:
        """Give the faults of a database, that of a server being behind a gate from then on."""
        if address.path is not None:
            yield cls(address, None)
            return
        async with Gate(way_to(address)) as gate:
            yield cls(address, gate)

    async def next(self, random: Random) -> None:
        """Draw one and let it last."""
        seconds, kind = random.uniform(0.0, LONGEST_SECONDS), random.randrange(4)
        if self._gate is None:
            assert self._address.path is not None
            async with locked_file(self._address.path):
                await asyncio.sleep(seconds)
            return
        match kind:
            case 0:
                await self._gate.cut()
            case 1:
                async with transaction(self._address, "LOCK TABLE notes IN ACCESS EXCLUSIVE MODE"):
                    await asyncio.sleep(seconds)
            case 2:
                self._gate.stall()
            case 3:
                await self._gate.refuse()
        if kind > 1:
            try:
                await asyncio.sleep(seconds)
            finally:
                await self._gate.let_pass()

    async def fail_over(self, random: Random) -> None:
        """Put a PostgreSQL database back by a moment, as a standby that takes over is behind."""
        assert self._gate is not None
        tables = [table.name for table in metadata.sorted_tables]
        async with connected(setting_of(self._address)) as connection:
            async with connection.transaction():
                await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                for table in tables:
                    await connection.execute(f"CREATE TEMPORARY TABLE old_{table} AS TABLE {table}")
            await asyncio.sleep(random.choice(LAGS))
            await self._gate.refuse()
            async with connection.transaction():
                # What the witness's triggers write stays.
                await connection.execute("SET LOCAL session_replication_role = replica")
                for table in tables:
                    await connection.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
                for table in tables:
                    await connection.execute(f"DELETE FROM {table}")  # noqa: S608
                    await connection.execute(f"INSERT INTO {table} TABLE old_{table}")
            await asyncio.sleep(random.uniform(0.0, LONGEST_SECONDS / 2))
        await self._gate.let_pass()
