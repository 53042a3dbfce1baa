"""What a connection to either engine must be able to do, and SQLAlchemy's part of one."""

from __future__ import annotations

import functools
import threading
from typing import Any, Protocol

from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.pool import NullPool


class Connector(Protocol):
    """What differs between the engines. Only `interrupt` is called from another thread."""

    group: int
    """How many jobs at most are committed together."""

    def connect(self, deadline: float) -> Connection:
        """Return a new connection, made until `deadline` by the monotonic clock."""

    def begin(self, connection: Connection, deadline: float) -> None:
        """Begin a transaction, whose statements end at `deadline`."""

    def commit(self, connection: Connection) -> None:
        """Commit, or raise an exception."""

    def broken(self, connection: Connection) -> bool:
        """Whether the connection is lost, so that nobody knows what became of a commit."""

    def close(self, connection: Connection) -> None:
        """Close a connection, without waiting for a server."""

    def interrupt(self) -> None:
        """End what the connection is doing just now."""


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


def connection_around(dialect: str, driver: Any) -> Connection:
    """Return SQLAlchemy's connection around one of the driver's."""
    _new.driver = driver
    try:
        return _engine(dialect).connect()
    finally:
        del _new.driver


def driver_of(connection: Connection) -> Any:
    """Return the driver's connection that is inside one of SQLAlchemy's."""
    return connection.connection.dbapi_connection
