"""Databases that are out of reach, locked, or kept waiting by somebody else's transaction."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest

from bot.storage import DatabaseUrl
from tests.database import setting_of
from tests.gate import Gate, Streams
from tests.postgresql import at, connected, fetch, postgresql


@pytest.fixture
async def behind_gate(
    request: pytest.FixtureRequest,
) -> AsyncIterator[tuple[DatabaseUrl, Gate]]:
    """Give a PostgreSQL database that is reached through a gate."""
    async with postgresql(request.config) as address, Gate(way_to(address)) as gate:
        yield at(address, host="127.0.0.1", port=str(gate.port)), gate


def way_to(address: DatabaseUrl) -> Callable[[], Any]:
    """Return what connects to a PostgreSQL database's server."""
    host, port = address.parameters["host"], int(address.parameters.get("port", 5432))

    async def connect() -> Streams:
        if host.startswith("/"):
            return await asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}")
        return await asyncio.open_connection(host, port)

    return connect


@asynccontextmanager
async def locked_file(path: Path) -> AsyncIterator[None]:
    """Keep a SQLite file locked against every change until the block ends.

    Never waits inside SQLite: whoever holds the lock may need this very event loop to let it go.
    """
    with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as other:
        async with asyncio.timeout(30.0):
            while not _begun(other):  # noqa: ASYNC110 - SQLite tells nobody that it is free
                await asyncio.sleep(0.01)
        yield
        other.execute("COMMIT")


def _begun(connection: sqlite3.Connection) -> bool:
    """Begin a transaction that locks out every other one, unless another has done so."""
    try:
        connection.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError:
        return False
    return True


@asynccontextmanager
async def transaction(address: DatabaseUrl, statement: str) -> AsyncIterator[None]:
    """Keep what a statement changes or locks in PostgreSQL uncommitted until the block ends."""
    async with connected(setting_of(address), autocommit=False) as connection:
        await connection.execute(statement)
        yield
        await connection.commit()


async def somebody_waits(address: DatabaseUrl) -> None:
    """Wait until a transaction waits for another one in a PostgreSQL database."""
    waiting = (
        "SELECT count(*) FROM pg_stat_activity "
        "WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    async with asyncio.timeout(30.0), connected(setting_of(address)) as connection:
        while not (await fetch(connection, waiting))[0][0]:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.01)
