"""How a connection to SQLite or PostgreSQL is made, begins a transaction, and is interrupted."""

from __future__ import annotations

import contextlib
import functools
import os
import socket
import sqlite3
import threading
import time
from pathlib import Path
from typing import Any, Protocol

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.pool import NullPool

from bot.storage.database_url import DatabaseUrl
from bot.storage.failures import is_busy

BUSY_SECONDS = 0.05
"""How long SQLite itself waits for a lock, during which nothing can interrupt it."""

STEPS = 10_000
"""How many instructions SQLite carries out between two looks at the clock."""

LOCK_SECONDS = 0.05
"""How long a work may wait for a row that another process has locked, before others have a turn."""

IDLE_SECONDS = 10.0
"""When PostgreSQL ends a transaction whose process was suspended, or whose host has vanished."""

KEEPALIVES = {
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
"""When a silent connection counts as broken: seconds, probes, and milliseconds for what was sent
(PostgreSQL documentation, Parameter Key Words)."""


class Connector(Protocol):
    """What differs between the engines. Only `interrupt` is called from another thread."""

    group: int
    """How many works at most are committed together."""

    def connect(self, deadline: float) -> Connection:
        """Return a new connection, made until `deadline` by the monotonic clock."""

    def begin(self, connection: Connection, deadline: float) -> None:
        """Begin a transaction, whose statements end at `deadline`."""

    def commit(self, connection: Connection) -> None:
        """Commit, or raise an exception."""

    def in_transaction(self, connection: Connection) -> bool:
        """Whether the transaction goes on after a statement that failed."""

    def broken(self, connection: Connection) -> bool:
        """Whether the connection is lost, so that nobody knows what became of a commit."""

    def close(self, connection: Connection) -> None:
        """Close a connection, without waiting for a server."""

    def interrupt(self) -> None:
        """End what the connection is doing just now."""


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
            if not self._shared:
                self._patiently(driver, "PRAGMA journal_mode = WAL")
            driver.execute("PRAGMA synchronous = FULL")
            driver.execute("PRAGMA foreign_keys = ON")
            connection = _connection("sqlite", driver)
        except BaseException:
            driver.close()
            raise
        self._driver = driver
        return connection

    def begin(self, connection: Connection, deadline: float) -> None:
        """Begin so that what is read stays true until it is written."""
        self._deadline = deadline
        connection.begin()
        self._patiently(_driver(connection), "BEGIN" if self._shared else "BEGIN IMMEDIATE")

    def commit(self, connection: Connection) -> None:
        """Commit what was done since `begin`."""
        if not _driver(connection).in_transaction:
            raise sqlite3.OperationalError("the transaction has ended")
        connection.commit()

    def in_transaction(self, connection: Connection) -> bool:
        """Whether the transaction goes on; a write that was interrupted has ended all of it."""
        return bool(_driver(connection).in_transaction)

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


class PostgresqlConnector:
    """Connections to a server, which may take `seconds` to answer."""

    group = 20

    def __init__(self, address: DatabaseUrl, *, seconds: float) -> None:
        parts = address.url.translate_connect_args(username="user", database="dbname")
        self._parameters = {
            **parts,
            **({"sslmode": address.ssl} if address.ssl else {}),
            **KEEPALIVES,
            "application_name": "callnote",
            "client_encoding": "UTF8",  # whatever the environment or the server's settings say
            "connect_timeout": max(2, int(seconds)),
        }
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None

    def connect(self, deadline: float) -> Connection:
        """Connect to the server."""
        driver = psycopg.connect(
            # Behind a pooler, the next transaction may have another connection to the server, on
            # which nothing was prepared.
            **self._parameters,
            prepare_threshold=None,
            autocommit=True,  # `begin` does it
        )
        with self._lock:  # before SQLAlchemy asks the server anything, which may hang
            self._socket = socket.socket(fileno=os.dup(driver.fileno()))
        try:
            return _connection("postgresql+psycopg", driver)
        except BaseException:
            self._forget()
            driver.close()
            raise

    def begin(self, connection: Connection, deadline: float) -> None:
        """Begin, with limits that the server keeps, whatever becomes of this process.

        They go with the transaction, as a pooler may refuse them when it is connected to.
        """
        limits = {
            "statement_timeout": max(0.001, deadline - time.monotonic()),
            "lock_timeout": LOCK_SECONDS,
            "idle_in_transaction_session_timeout": IDLE_SECONDS,
        }
        connection.begin()
        _driver(connection).execute(
            "; ".join(
                ["BEGIN", *(f"SET LOCAL {name} = {int(s * 1000)}" for name, s in limits.items())]
            )
        )

    def commit(self, connection: Connection) -> None:
        """Commit; a transaction in which a statement failed would end in a silent rollback."""
        if _driver(connection).info.transaction_status is not TransactionStatus.INTRANS:
            raise psycopg.OperationalError("the transaction has failed")
        connection.commit()

    def in_transaction(self, connection: Connection) -> bool:
        """Whether there is still a transaction, be it one whose statement has failed."""
        return not self.broken(connection) and _driver(connection).info.transaction_status in (
            TransactionStatus.INTRANS,
            TransactionStatus.INERROR,
        )

    def broken(self, connection: Connection) -> bool:
        """Whether the connection to the server is lost."""
        return connection.invalidated or _driver(connection).closed

    def close(self, connection: Connection) -> None:
        """Say goodbye to the server, without waiting for it."""
        self._forget()
        connection.invalidate()
        connection.close()

    def _forget(self) -> None:
        with self._lock:
            if self._socket is not None:
                self._socket.close()
                self._socket = None

    def interrupt(self) -> None:
        """Break the connection, as a server that does not answer cannot be asked to stop."""
        with self._lock, contextlib.suppress(OSError):  # it is broken already
            if self._socket is not None:
                self._socket.shutdown(socket.SHUT_RDWR)


@functools.cache
def _engine(dialect: str) -> Engine:
    """Return the engine of all databases of a kind: it has the statements that were compiled."""
    return create_engine(
        f"{dialect}://",
        paramstyle="pyformat" if "postgresql" in dialect else "named",
        poolclass=NullPool,
        isolation_level="AUTOCOMMIT",
        creator=lambda: _new.driver,
        hide_parameters=True,
    )


_new = threading.local()


def _connection(dialect: str, driver: Any) -> Connection:
    """Return SQLAlchemy's connection around one of the driver's."""
    _new.driver = driver
    try:
        return _engine(dialect).connect()
    finally:
        del _new.driver


def _driver(connection: Connection) -> Any:
    return connection.connection.driver_connection
