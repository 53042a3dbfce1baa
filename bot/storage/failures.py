"""Turns what the database drivers raise into the storage family of errors."""

from __future__ import annotations

import contextlib
import errno
import sqlite3
import ssl
from collections.abc import Callable, Iterator

import asyncpg
from sqlalchemy.exc import DBAPIError, IntegrityError, NotSupportedError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from bot.storage.errors import (
    StorageError,
    StorageFullError,
    StorageUnavailableError,
    UnusableDatabaseError,
)

_TOO_LATE = "no answer in time"

_DRIVERS = (
    SQLAlchemyError,
    OSError,
    sqlite3.Error,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)

# PostgreSQL documentation, appendix A, by a code's beginning. What is not here, such as a
# misspelt statement, is a mistake of the program.
_SQLSTATES = {
    "08": "the connection broke",
    "25006": "it can only be read at present",
    "28": "it refuses the user or the password",
    "3D000": "there is no database of this name",
    "40": "another transaction was in the way",
    "53300": "it has too many connections",
    "53": "it is out of resources",
    "55": "it is locked",
    "57014": _TOO_LATE,
    "57": "it is starting or stopping",
    "58": "it had trouble with its disk",
    "XX": "it had an error of its own",
}

# SQLite documentation, Result and Error Codes: the primary ones, in the low eight bits.
_SQLITE = {
    sqlite3.SQLITE_BUSY: "it is locked",
    sqlite3.SQLITE_LOCKED: "it is locked",
    sqlite3.SQLITE_PROTOCOL: "it is locked",
    sqlite3.SQLITE_NOMEM: "there is no memory left",
    sqlite3.SQLITE_INTERRUPT: _TOO_LATE,
    sqlite3.SQLITE_IOERR: "its file could not be read or written",
    sqlite3.SQLITE_CANTOPEN: "its file could not be opened",
    sqlite3.SQLITE_READONLY: "its file cannot be written to",
}
_SQLITE_DAMAGED = (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT)


@contextlib.contextmanager
def translated(late: Callable[[], bool] = lambda: False) -> Iterator[None]:
    """Raise a driver's failure within the block as a `StorageError`.

    Constraint violations and mistakes of the program go through as they are. `late` tells
    whether the time is over, which is then the reason whatever the driver made of it.
    """
    try:
        yield
    except _DRIVERS as error:
        failure = failure_of(error)
        if isinstance(failure, StorageUnavailableError) and late():
            failure = _unavailable(_TOO_LATE)
        if failure is None:
            raise
        raise failure from None


def failure_of(error: BaseException) -> StorageError | None:
    """Return what a driver's error means, None when it is a mistake of the program."""
    if isinstance(error, IntegrityError):
        return None
    if isinstance(error, NotSupportedError):  # another process has changed the tables meanwhile
        return _unavailable("its tables have just changed")
    if isinstance(error, PoolTimeoutError):
        return _unavailable(_TOO_LATE)
    if isinstance(error, DBAPIError):
        cause: BaseException | None = error.orig
    elif isinstance(error, SQLAlchemyError):
        return None
    else:
        cause = error
    if isinstance(cause, sqlite3.Error):
        return _of_sqlite(cause)
    if isinstance(cause, OSError):
        return _of_system(cause)
    return _of_postgresql(cause)


def is_busy(error: DBAPIError) -> bool:
    """Whether somebody else holds the lock of a SQLite file."""
    code = getattr(error.orig, "sqlite_errorcode", None)
    return isinstance(code, int) and code & 0xFF == sqlite3.SQLITE_BUSY


def forbids(error: DBAPIError) -> bool:
    """Whether PostgreSQL denied its user something (appendix A, 42501).

    Hosts take the right to write away when a plan's room is used up (Heroku Dev Center, Postgres
    essential tier), so it may come back.
    """
    return getattr(error.orig, "sqlstate", None) == "42501"


def _of_sqlite(error: sqlite3.Error) -> StorageError | None:
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:  # the driver's own, for a connection that was closed
        return None if isinstance(error, sqlite3.ProgrammingError) else _unavailable("it is closed")
    code &= 0xFF
    if code == sqlite3.SQLITE_FULL:
        return StorageFullError("The database has no room left on its disk.")
    if code in _SQLITE_DAMAGED:
        return UnusableDatabaseError("The database file is damaged or not a SQLite database.")
    return _unavailable(_SQLITE[code]) if code in _SQLITE else None


def _of_system(error: OSError) -> StorageError:
    if error.errno == errno.ENOSPC:
        return StorageFullError("The database has no room left on its disk.")
    if isinstance(error, ssl.SSLCertVerificationError):
        return UnusableDatabaseError("The database's certificate is not one that sslmode allows.")
    if isinstance(error, TimeoutError):
        return _unavailable(_TOO_LATE)
    return _unavailable(f"no connection could be made ({type(error).__name__})")


def _of_postgresql(error: BaseException | None) -> StorageError | None:
    original = error.__cause__ if error is not None and error.__cause__ is not None else error
    if isinstance(original, asyncpg.exceptions.ClientConfigurationError):
        return UnusableDatabaseError(
            "The database's certificate cannot be checked as its sslmode asks: name the file with "
            "its root certificate in PGSSLROOTCERT."
        )
    code = getattr(original, "sqlstate", None)
    if isinstance(original, asyncpg.exceptions.DataError):
        return None
    if code is None:
        return _unavailable("the connection broke")
    if code == "53100":
        return StorageFullError("The database has no room left on its disk.")
    for beginning in (code, code[:2]):
        if beginning in _SQLSTATES:
            return _unavailable(_SQLSTATES[beginning])
    return None


def _unavailable(reason: str) -> StorageUnavailableError:
    return StorageUnavailableError(f"The database cannot be used just now: {reason}.")
