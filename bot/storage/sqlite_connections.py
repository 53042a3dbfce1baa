"""How connections to a SQLite file are set up, begin a transaction, and are given up."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import DBAPIError

from bot.storage.failures import is_busy

BUSY_SECONDS = 0.1
"""How long SQLite itself waits for a lock, during which nothing can interrupt it."""

INTERRUPT_SECONDS = 0.1
"""How long a statement of a cancelled transaction may still take before it is stopped."""


class SqliteConnections:
    """Cares for an engine's connections to the file at `path`.

    A transaction waits at most `seconds` for the file's lock. While `shared` is set, nothing is
    changed or locked.
    """

    def __init__(self, engine: Engine, path: Path, *, seconds: float) -> None:
        self.shared = False
        self._path = path
        self._seconds = seconds
        event.listen(engine, "do_connect", self._find)
        event.listen(engine, "connect", self._prepare)
        event.listen(engine, "begin", self._begin)
        event.listen(engine, "invalidate", _undo)

    def _find(self, *_: object) -> None:
        """Fail before aiosqlite does, whose thread would report it even after the loop's end."""
        if not self._path.exists():
            raise FileNotFoundError

    def _prepare(self, connection: Any, _record: object) -> None:
        """Set a new connection up."""
        cursor = connection.cursor()
        try:
            if not self.shared:
                cursor.execute("PRAGMA journal_mode = WAL")
            cursor.execute("PRAGMA synchronous = FULL")
            cursor.execute("PRAGMA foreign_keys = ON")
            cursor.close()
        except BaseException:
            connection.close()
            raise

    def _begin(self, connection: Connection) -> None:
        """Begin so that what is read stays true until it is written, and wait no longer than due.

        The driver would begin only before the first change (Python documentation, sqlite3,
        Transaction control), so it is told not to begin at all.
        """
        deadline: float = connection.get_execution_options()["deadline"]
        loop = asyncio.get_running_loop()
        until = min(deadline, loop.time() + self._seconds)
        while True:
            left = max(0.0, until - loop.time())
            wait = left if self.shared else min(left, BUSY_SECONDS)
            connection.exec_driver_sql(f"PRAGMA busy_timeout = {int(wait * 1000)}")
            try:
                connection.exec_driver_sql("BEGIN" if self.shared else "BEGIN IMMEDIATE")
            except DBAPIError as error:
                if wait == left or not is_busy(error):
                    raise
            else:
                return


def _undo(connection: Any, _record: object, error: BaseException | None) -> None:
    """End the transaction of a connection that is given up because its statement was cancelled.

    Closing alone does not: SQLite keeps the lock as long as anything refers to the statement
    (SQLite documentation, sqlite3_close_v2), such as the traceback of the cancellation.
    """
    if connection.run_async(_ended) and not isinstance(error, asyncio.CancelledError):
        raise asyncio.CancelledError


async def _ended(driver: Any) -> bool:
    """Undo what a connection was doing and close it, and return whether that was cancelled.

    Each step is done by the driver's thread once it is begun, so all are begun in any case. What
    SQLAlchemy would do instead can wait for ever for a thread that has ended (aiosqlite 0.22.1,
    `Connection.close` and `stop`), and with it a process that is to end.
    """
    cancelled = False
    # Not at once: as long as rows of another statement are unread, an interruption would end the
    # rollback, too (SQLite documentation, sqlite3_interrupt). The driver's own way to interrupt
    # would take a task.
    stop = asyncio.get_running_loop().call_later(INTERRUPT_SECONDS, driver._connection.interrupt)
    for step in (driver.rollback, driver.close):
        try:
            with contextlib.suppress(sqlite3.Error, ValueError):  # the latter when it is closed
                await step()
        except asyncio.CancelledError:
            cancelled = True
        stop.cancel()
    return cancelled
