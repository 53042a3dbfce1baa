"""How a SQLite file is opened, begins a transaction, and is interrupted."""

from __future__ import annotations

import contextlib
import logging
import os
import sqlite3
import time
from pathlib import Path

from sqlalchemy import Connection

from bot.storage.connectors import connection_around, driver_of
from bot.storage.failures import is_busy

BUSY_SECONDS = 0.05
"""How long SQLite itself waits for a lock, during which nothing can interrupt it."""

STEPS = 10_000
"""How many instructions SQLite carries out between two looks at the clock."""

_log = logging.getLogger(__name__)


class SqliteConnector:
    """Connections to the file at `path`, which must be there.

    With `shared`, nothing is changed or locked.
    """

    group = 50

    def __init__(self, path: Path, *, shared: bool) -> None:
        self._shared = shared
        self._path = path
        self._paths = [f"{path}{suffix}" for suffix in ("", "-wal", "-shm")]
        self._deadline = 0.0
        self._driver: sqlite3.Connection | None = None
        self._opened: list[tuple[int, int] | None] = []

    def connect(self, deadline: float) -> Connection:
        """Open the file and set the connection up."""
        self._deadline = deadline
        driver = sqlite3.connect(
            f"{self._path.as_uri()}?mode=rw",  # else a new file would be readable by everybody
            uri=True,
            # The driver would begin only before the first change, so it is told not to begin at
            # all (Python documentation, sqlite3, Transaction control).
            isolation_level=None,
            timeout=BUSY_SECONDS,
        )
        try:
            driver.set_progress_handler(lambda: time.monotonic() >= self._deadline, STEPS)
            # Else one byte that is not UTF-8 would keep all rows of a statement from being read. As
            # half an emoji it is in no text that was stored, so that it can be told apart.
            driver.text_factory = lambda stored: stored.decode(errors="surrogateescape")
            if not self._shared:
                self._patiently(driver, "PRAGMA journal_mode = WAL")
            driver.execute("PRAGMA synchronous = FULL")
            driver.execute("PRAGMA foreign_keys = ON")
            connection = connection_around("sqlite", driver)
        except BaseException:
            driver.close()
            raise
        self._driver = driver
        self._opened = []
        return connection

    def begin(self, connection: Connection, deadline: float) -> None:
        """Begin so that what is read stays true until it is written."""
        self._deadline = deadline
        if self._opened and self._files() != self._opened:
            self._leave(connection)
        self._patiently(driver_of(connection), "BEGIN" if self._shared else "BEGIN IMMEDIATE")
        if not self._shared and not self._opened:
            self._opened = self._files()  # only now has SQLite surely made its own

    def _leave(self, connection: Connection) -> None:
        """Give up a connection whose files were deleted or replaced, so that a new one is made.

        What it wrote would be lost with them. The database file, wherever it is, first gets all
        that is not in it yet, and nothing remains that SQLite would write into the new one.
        """
        driver = driver_of(connection)
        while driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
            if time.monotonic() >= self._deadline:
                raise TimeoutError  # somebody else still reads it
        connection.invalidate()
        _log.warning("the database's files were deleted or replaced, opening them anew")
        raise sqlite3.OperationalError("the files were deleted or replaced")

    def _files(self) -> list[tuple[int, int] | None]:
        """Return which files are where the database and SQLite's own two are to be."""
        return [_file_at(path) for path in self._paths]

    def commit(self, connection: Connection) -> None:
        """Commit what was done since `begin`."""
        driver = driver_of(connection)
        if not driver.in_transaction:
            raise sqlite3.OperationalError("the transaction has ended")
        driver.commit()

    def broken(self, connection: Connection) -> bool:
        """Whether the connection can do no more."""
        return connection.invalidated

    def close(self, connection: Connection) -> None:
        """Close the file."""
        connection.invalidate()
        connection.close()

    def interrupt(self) -> None:
        """End the statement, or the wait for a lock, that is going on."""
        self._deadline = 0.0
        if self._driver is not None:
            with contextlib.suppress(sqlite3.Error):  # it is closed
                self._driver.interrupt()

    def _patiently(self, driver: sqlite3.Connection, statement: str) -> None:
        """Execute a statement that needs a lock, which may take until the deadline."""
        while True:
            try:
                driver.execute(statement)
            except sqlite3.OperationalError as error:
                if not is_busy(error) or time.monotonic() >= self._deadline:
                    raise
            else:
                return


def _file_at(path: str) -> tuple[int, int] | None:
    """Return what tells the file at a path from every other one, None without one."""
    with contextlib.suppress(FileNotFoundError):
        found = os.stat(path)
        return found.st_dev, found.st_ino
    return None
