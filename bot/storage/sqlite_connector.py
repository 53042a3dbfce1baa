"""How a SQLite file is opened, begins a transaction, and is interrupted."""

from __future__ import annotations

import contextlib
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


class SqliteConnector:
    """Connections to the file at `path`, which must be there.

    With `shared`, nothing is changed or locked.
    """

    group = 50

    def __init__(self, path: Path, *, shared: bool) -> None:
        self._shared = shared
        self._path = path
        self._deadline = 0.0
        self._driver: sqlite3.Connection | None = None

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
        return connection

    def begin(self, connection: Connection, deadline: float) -> None:
        """Begin so that what is read stays true until it is written."""
        self._deadline = deadline
        self._patiently(driver_of(connection), "BEGIN" if self._shared else "BEGIN IMMEDIATE")

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
