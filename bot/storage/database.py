"""One door to the database, SQLite or PostgreSQL: transactions within bounds of time."""

from __future__ import annotations

import asyncio
import contextlib
import weakref
from collections.abc import AsyncIterator
from typing import Any

from sqlalchemy import ColumnElement, Double, Insert, Table, cast, event, func
from sqlalchemy import literal_column as literal
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from bot.storage.database_url import DatabaseUrl
from bot.storage.errors import StorageUnavailableError, UnusableDatabaseError
from bot.storage.failures import forbids, translated
from bot.storage.sqlite_connections import SqliteConnections
from bot.storage.sqlite_file import SqliteFile
from bot.storage.upgrade import HEAD, may_make_tables, revision_of, upgrade
from bot.timing import Timing

UPGRADE_SECONDS = 60.0
"""How long bringing the tables up to date may take, each of its statements `seconds`."""

CONNECTIONS = 5
"""PostgreSQL connections at once: small plans have 20, and two processes overlap in a restart."""

CLOSE_SECONDS = 1.0
"""How long PostgreSQL connections may take to be closed politely."""

CANCEL_SECONDS = 1.0
"""How long somebody who is cancelled waits for a connection that is just being opened."""

RECYCLE_SECONDS = 1800.0
"""The age at which a connection is replaced by a new one."""

_NO_RIGHT = (
    "Callnote's tables cannot be made in the database, as its user lacks the right to: grant it "
    "CREATE on the schema, or name another user in DATABASE_URL."
)


class Database:
    """A database and its connections, made when first needed and at most `CONNECTIONS` of them.

    SQLite gets one connection, as its transactions could only wait for each other. `seconds`
    bounds each transaction. `now` is an SQL expression for the database's own clock, in seconds
    since 1970 with a fraction.
    """

    now: ColumnElement[float]

    def __init__(self, address: DatabaseUrl, *, seconds: float = Timing().transaction) -> None:
        self.address = address
        self._seconds = seconds
        self._engine = _engine(address, seconds)
        self._free = asyncio.Semaphore(_connections(address))
        self._made: weakref.WeakSet[Any] = weakref.WeakSet()
        self._file: SqliteFile | None = None
        engine = self._engine.sync_engine
        if address.path is None:
            event.listen(engine, "connect", self._note_made)
            self.now = cast(func.extract("epoch", func.clock_timestamp()), Double)
            return
        self._file = SqliteFile(address.path)
        self._sqlite = SqliteConnections(engine, address.path, seconds=seconds)
        # 2440587.5 is the Julian day on which 1970 began.
        self.now = (func.julianday("now", type_=Double) - literal("2440587.5", Double)) * 86400

    async def open(self, *, shared: bool = False) -> str | None:
        """Connect, bring the tables up to date, and return the revision that was found before.

        None stands for a database without tables, or a SQLite file that was not there and is
        made. With `shared`, nothing is made, changed or locked: it is a look at a database that
        another process may be using; it fails where a file or tables that are missing could not be
        made.

        Raises `StorageUnavailableError` or `StorageFullError` when a later try may succeed, and
        `UnusableDatabaseError` when it cannot; nothing stays open then.
        """
        try:
            if self._file is not None:
                self._sqlite.shared = shared
                if not shared:
                    self._file.claim()
                elif not self._file.check():
                    return None
            async with self._transaction(UPGRADE_SECONDS) as connection:
                found = await connection.run_sync(revision_of)
                if found != HEAD and not shared:
                    await connection.run_sync(upgrade)
                elif found != HEAD and not await connection.run_sync(may_make_tables):
                    raise UnusableDatabaseError(_NO_RIGHT)
                return found
        except DBAPIError as error:
            await self.close()
            raise UnusableDatabaseError(
                _NO_RIGHT
                if forbids(error)
                else "Callnote's tables cannot be made in the database "
                f"({type(error.orig).__name__}): name another one in DATABASE_URL."
            ) from None
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Close all connections and give a SQLite file free for others."""
        loop = asyncio.get_running_loop()
        # The driver would wait for each of them that does not answer, one after the other.
        stop = loop.call_later(CLOSE_SECONDS, self._terminate)
        with contextlib.suppress(StorageUnavailableError), translated():
            await self._engine.dispose()
        stop.cancel()
        if self._file is not None:
            self._file.release()

    @contextlib.asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """Hand out a connection in a transaction, committed at the end or undone by an exception.

        On SQLite no other transaction runs meanwhile. The block is to talk to the database only,
        as it is cancelled when the time is over. Raises `StorageUnavailableError` or
        `StorageFullError` for every failure of the database that may pass, and
        `UnusableDatabaseError` for a damaged file or a certificate that does not hold; a broken
        constraint raises SQLAlchemy's `IntegrityError`.
        """
        try:
            async with self._transaction(self._seconds) as connection:
                yield connection
        except DBAPIError as error:
            if not forbids(error):
                raise
            raise StorageUnavailableError(
                "The database cannot be used just now: its user may not write to it, as when a "
                "plan's room is used up."
            ) from None

    def insert_once(self, table: Table) -> Insert:
        """Return an INSERT that does nothing where a row with the same key is there already.

        The result's `rowcount` is 1 when the row was inserted and 0 when it was there.
        """
        if self._file is not None:
            return sqlite_insert(table).on_conflict_do_nothing()
        return postgresql_insert(table).on_conflict_do_nothing()

    @contextlib.asynccontextmanager
    async def _transaction(self, seconds: float) -> AsyncIterator[AsyncConnection]:
        deadline = asyncio.get_running_loop().time() + seconds
        limit = asyncio.timeout_at(deadline)
        with translated(late=limit.expired):
            async with limit, self._free, self._connected(deadline) as connection:
                await connection.execution_options(deadline=deadline)
                async with connection.begin():
                    yield connection

    @contextlib.asynccontextmanager
    async def _connected(self, deadline: float) -> AsyncIterator[AsyncConnection]:
        """Hand out a connection and take it back whole, even from a task that is cancelled."""
        loop = asyncio.get_running_loop()
        opening = asyncio.ensure_future(self._engine.connect().start())
        try:
            connection = await asyncio.shield(opening)
        except asyncio.CancelledError:
            # Both drivers can lose a connection whose opening is cut off (omnilib/aiosqlite#259);
            # a file is opened so fast that it gets the time in any case.
            left = CANCEL_SECONDS
            if self._file is None:
                left = min(deadline - loop.time(), CANCEL_SECONDS)
            await _to_the_end(asyncio.ensure_future(_given_back(opening, max(left, 0))))
            raise
        stop = None
        try:
            if self._file is None:
                # Otherwise a connection that no longer answers would be asked to close politely.
                raw: Any = (await connection.get_raw_connection()).driver_connection
                stop = loop.call_at(deadline, raw.terminate)
            yield connection
        finally:
            closing = asyncio.ensure_future(connection.close())
            try:
                await asyncio.shield(closing)
            except asyncio.CancelledError:
                await _to_the_end(closing)
                raise
            finally:
                if stop is not None:
                    stop.cancel()

    def _note_made(self, connection: Any, _record: object) -> None:
        self._made.add(connection.driver_connection)

    def _terminate(self) -> None:
        for driver in list(self._made):
            driver.terminate()


async def _given_back(opening: asyncio.Future[AsyncConnection], seconds: float) -> None:
    """Close a connection that nobody wants any more, which gets some time to be opened."""
    await asyncio.wait([opening], timeout=seconds)
    opening.cancel()
    await asyncio.wait([opening])
    if not opening.cancelled() and opening.exception() is None:
        await opening.result().close()


async def _to_the_end(task: asyncio.Future[None]) -> None:
    """Wait for a task in one that was cancelled, however often it is cancelled again."""
    while not task.done():
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait([task])


def _connections(address: DatabaseUrl) -> int:
    return 1 if address.kind == "SQLite" else CONNECTIONS


def _engine(address: DatabaseUrl, seconds: float) -> AsyncEngine:
    arguments: dict[str, Any]
    if address.kind == "SQLite":
        arguments = {"isolation_level": None, "timeout": seconds}
    else:
        arguments = {
            "timeout": seconds,
            "command_timeout": seconds,
            "server_settings": {"application_name": "callnote"},
        }
        if address.ssl is not None:
            arguments["ssl"] = address.ssl
    return create_async_engine(
        address.url,
        connect_args=arguments,
        poolclass=AsyncAdaptedQueuePool,
        pool_size=_connections(address),
        max_overflow=0,
        pool_pre_ping=address.kind == "PostgreSQL",
        pool_recycle=RECYCLE_SECONDS,
        hide_parameters=True,
    )
