"""One door to the database, SQLite or PostgreSQL: transactions within bounds of time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeAlias, TypeVar

from sqlalchemy import Connection, Executable, MetaData, Table
from sqlalchemy.exc import DBAPIError

from bot.observer import Observer
from bot.storage.connectors import Connector
from bot.storage.database_thread import DatabaseThread
from bot.storage.database_url import DatabaseUrl
from bot.storage.errors import StorageForbiddenError, UnusableDatabaseError
from bot.storage.failures import unavailable
from bot.storage.upgrade import (
    HEAD,
    NOT_ITS_OWN,
    check_encoding,
    check_place,
    check_tables,
    check_writable,
    revision_of,
    upgrade,
)
from bot.timing import Timing

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite

    from bot.storage.sqlite_file import SqliteFile

Insert: TypeAlias = "Callable[[Table], sqlite.Insert | postgresql.Insert]"

_log = logging.getLogger(__name__)

CONNECT_SECONDS = 30.0
"""How long connecting to a PostgreSQL server may take at the start, where addresses are silent
before one answers; later, the connection that comes too late for a transaction serves the next."""

UPGRADE_SECONDS = 60.0
"""How long bringing the tables up to date may take."""

COPY_SECONDS = 600.0
"""How long the copy before that may take, of a file that a slow disk holds."""

CLOSE_SECONDS = 1.0
"""How long what is under way may take at the end, and then its interruption."""

_P = ParamSpec("_P")
_T = TypeVar("_T")


class Database:
    """A database with one connection to it, made when first needed, in a thread of its own.

    `tables` are what a database without any gets at once; without them, it gets them revision by
    revision. `seconds` bounds each transaction, waiting included. `insert` begins an INSERT of the
    database's own kind, which may say what is to be done on a conflict. `observer` is told of
    every transaction, but not of one that its job ended with an error of its own.
    """

    def __init__(
        self,
        address: DatabaseUrl,
        *,
        tables: MetaData | None = None,
        seconds: float = Timing().transaction,
        observer: Observer = Observer(),
    ) -> None:
        self.address = address
        self._tables = tables
        self._observer = observer
        self._seconds = seconds
        self._shared = False
        self._thread: DatabaseThread | None = None
        self._closed = False
        self._file: SqliteFile | None = None
        self.insert: Insert
        # Either engine costs memory that a process with the other one does without.
        if address.path is None:
            from sqlalchemy.dialects import postgresql

            self.insert = postgresql.insert
            self._connect_seconds = max(seconds, CONNECT_SECONDS)
        else:
            from sqlalchemy.dialects import sqlite

            from bot.storage.sqlite_file import SqliteFile

            self.insert = sqlite.insert
            self._connect_seconds = seconds
            self._file = SqliteFile(address.path)

    async def open(self, *, shared: bool = False) -> str | None:
        """Connect, bring the tables up to date, and return the revision that was found before.

        None stands for a database without tables, or a SQLite file that was not there and is
        made. Before the tables of a SQLite file are changed, it is copied to a file beside it with
        the suffix `.REVISION.bak`.

        With `shared`, nothing is made, changed or locked: it is a look at a database that another
        process may be using; it fails where a file or tables that are missing could not be made, or
        nothing could be stored.

        Raises `StorageUnavailableError` or `StorageFullError` when a later try may succeed, and
        `UnusableDatabaseError` when it cannot; nothing stays open then.
        """
        self._closed = False
        try:
            if self._file is not None:
                if not shared:
                    self._file.claim()
                elif not self._file.check():
                    return None
            self._shared = shared
            await self._submit(check_encoding, self._connect_seconds)
            found = await self._submit(revision_of, self._seconds)
            if shared:
                await self._submit(check_writable, self._seconds)
            if found != HEAD and not shared:
                if found is not None:
                    await self._before_upgrade(found)
                await self._submit(partial(upgrade, tables=self._tables), UPGRADE_SECONDS)
            elif found != HEAD:
                missing = self._tables if found is None else None
                await self._submit(partial(check_place, tables=missing), self._seconds)
            if self._tables is not None and (found == HEAD or not shared):
                await self._submit(partial(check_tables, tables=self._tables), self._seconds)
            return found
        except StorageForbiddenError:
            await self.close()
            raise UnusableDatabaseError(NOT_ITS_OWN) from None
        except DBAPIError as error:
            await self.close()
            raise UnusableDatabaseError(
                "Callnote's tables cannot be made in the database "
                f"({type(error.orig).__name__}): name another one in DATABASE_URL."
            ) from None
        except BaseException:
            await self.close()
            raise

    async def _before_upgrade(self, found: str) -> None:
        """Make a copy of a SQLite file, with which the version before can be gone back to."""
        if self._file is None:
            _log.info("updating the database's tables from revision %s to %s", found, HEAD)
            return
        file = self._file
        name = await self._submit(lambda _: file.copy(f"{found}.bak"), COPY_SECONDS)
        _log.info(
            "updating the database's tables from revision %s to %s; as it was it is kept in %s",
            found,
            HEAD,
            name,
        )

    async def close(self) -> None:
        """Finish what waits, close the connection and give a SQLite file free for others.

        What takes longer than `CLOSE_SECONDS` is interrupted.
        """
        self._closed = True
        thread, self._thread = self._thread, None
        if thread is not None:
            await thread.close(CLOSE_SECONDS)
        if self._file is not None:
            self._file.release()

    async def run(
        self,
        job: Callable[Concatenate[Connection, _P], _T],
        *args: _P.args,
        **kwargs: _P.kwargs,
    ) -> _T:
        """Return what `job` does in a transaction, committed at its end or undone by an exception.

        Jobs of one process are done in the order in which they come, in the database's thread.
        So a job may touch nothing but its connection, must let its errors pass, and returns plain
        values; it may be done again when its transaction was lost. The job of a caller that is
        cancelled is undone, unless it is done already and about to be committed.

        Raises `StorageUnavailableError` or `StorageFullError` for every failure of the database
        that may pass, and `UnusableDatabaseError` for a damaged file or a certificate that does not
        hold; a broken constraint raises SQLAlchemy's `IntegrityError`.
        """
        return await self._submit(
            lambda connection: job(connection, *args, **kwargs), self._seconds
        )

    async def execute(self, *statements: Executable, **parameters: object) -> None:
        """Execute statements in one transaction, with these parameters; raises as `run` does."""
        await self.run(_execute, statements, parameters)

    def _new_connector(self) -> Connector:
        """Return one for a thread alone, as an earlier thread may still be ending."""
        if self.address.path is not None:
            from bot.storage.sqlite_connector import SqliteConnector  # and sqlite3 with it

            return SqliteConnector(self.address.path, shared=self._shared)
        from bot.storage.postgresql_connector import PostgresqlConnector  # and psycopg with it

        return PostgresqlConnector(self.address, seconds=self._seconds)

    def _submit(self, job: Callable[[Connection], _T], seconds: float) -> asyncio.Future[_T]:
        if self._closed:
            raise unavailable("it is closed")
        if self._thread is None:
            self._thread = DatabaseThread(self._new_connector(), self._observer)
        return self._thread.submit(job, seconds)


def _execute(
    connection: Connection, statements: Sequence[Executable], parameters: dict[str, object]
) -> None:
    for statement in statements:
        connection.execute(statement, parameters)
