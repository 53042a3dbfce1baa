"""How a PostgreSQL server is connected to, begins a transaction, and is given up.

Only this module and the reading of an address import psycopg, and only for a PostgreSQL database:
with libpq it takes memory and time that a start with SQLite does without.
"""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_attempts, make_conninfo
from psycopg.pq import TransactionStatus
from sqlalchemy import Connection

from bot.storage.connectors import connection_around, driver_of
from bot.storage.database_url import DatabaseUrl

LOCK_SECONDS = 0.05
"""How long a job may wait for a row that another process has locked, before others have a turn."""

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

PREPARE_AFTER = 5
"""How often a statement is executed before the server keeps its plan; psycopg's own default."""

_PLACE = ("host", "hostaddr", "port")


class PostgresqlConnector:
    """Connections to a server, whose addresses may together take `seconds` to answer.

    Each may take 2 s at least, which is the least that libpq knows.
    """

    group = 20

    def __init__(self, address: DatabaseUrl, *, seconds: float) -> None:
        self._parameters: dict[str, str | int] = {
            **KEEPALIVES,
            "application_name": "callnote",
            **address.parameters,
            "client_encoding": "UTF8",  # whatever the address or the environment says
        }
        self._seconds = seconds
        if address.parameters.get("sslrootcert") == "system":
            _find_root_certificates()
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None

    def connect(self, deadline: float) -> Connection:
        """Connect to the server."""
        ways = conninfo_attempts(self._parameters)  # to each address of each host, in order
        parameters = {
            **self._parameters,
            **{name: _listed(ways, name) for name in _PLACE if any(name in way for way in ways)},
            "connect_timeout": max(2, int(self._seconds) // len(ways)),  # for each of them
        }
        driver = psycopg.connect(
            make_conninfo("", **parameters),
            prepare_threshold=None,
            autocommit=True,  # `begin` does it
        )
        with self._lock:  # before SQLAlchemy asks the server anything, which may hang
            # Whatever its family is, as it is only shut down and closed; `os.dup` takes no socket
            # on Windows.
            self._socket = socket.fromfd(driver.fileno(), socket.AF_INET, socket.SOCK_STREAM)
        try:
            if _is_direct(driver):
                driver.prepare_threshold = PREPARE_AFTER
            return connection_around("postgresql+psycopg", driver)
        except BaseException:
            self._forget()
            driver.close()
            raise

    def begin(self, connection: Connection, deadline: float) -> None:
        """Begin, with limits that the server keeps, whatever becomes of this process.

        They go with the transaction, as a pooler may refuse them when it is connected to.
        """
        seconds = max(0.001, deadline - time.monotonic())
        driver_of(connection).execute(
            f"BEGIN; SET LOCAL statement_timeout = {int(seconds * 1000)}; "
            f"SET LOCAL lock_timeout = {int(LOCK_SECONDS * 1000)}; "
            f"SET LOCAL idle_in_transaction_session_timeout = {int(IDLE_SECONDS * 1000)}",
            prepare=False,  # several statements cannot be
        )

    def commit(self, connection: Connection) -> None:
        """Commit; a transaction in which a statement failed would end in a silent rollback."""
        driver = driver_of(connection)
        if driver.info.transaction_status is not TransactionStatus.INTRANS:
            raise psycopg.OperationalError("the transaction has failed")
        driver.commit()

    def broken(self, connection: Connection) -> bool:
        """Whether the connection to the server is lost."""
        return connection.invalidated or driver_of(connection).closed

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


def _listed(ways: Sequence[Mapping[str, Any]], name: str) -> str:
    """Return the values of a parameter as libpq takes them for several hosts."""
    return ",".join(str(way.get(name, "")) for way in ways)


def _is_direct(driver: psycopg.Connection[Any]) -> bool:
    """Whether there is no pooler between here and the server, so that it keeps what is prepared.

    Behind one, the next transaction may have another connection to the server. A pooler names a
    process of its own to whoever connects, as it leads a cancel request on by that (PgBouncer,
    pull request 945).
    """
    row = driver.execute("SELECT pg_backend_pid()").fetchone()
    return row is not None and row[0] == driver.info.backend_pid


def _find_root_certificates() -> None:
    """Let `sslrootcert=system` mean the certificates that Python trusts.

    psycopg's wheels bring an OpenSSL that looks in a folder which no machine has, unless the
    environment names another place (OpenSSL documentation, SSL_CTX_load_verify_locations).
    """
    paths = ssl.get_default_verify_paths()
    for name, path in (
        (paths.openssl_cafile_env, paths.cafile),
        (paths.openssl_capath_env, paths.capath),
    ):
        if path is not None:
            os.environ.setdefault(name, path)
