"""Turns what the database drivers raise into the storage family of errors.

Neither of them is imported here, as a process does without the other engine's: psycopg's errors are
known by the `sqlstate` that they all have, sqlite3's by the module that defines them.
"""

from __future__ import annotations

import errno
import re

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, SQLAlchemyError

from bot.storage.errors import (
    StorageError,
    StorageForbiddenError,
    StorageFullError,
    StorageUnavailableError,
    UnusableDatabaseError,
)

TOO_LATE = "no answer in time"
READ_ONLY = "it can only be read at present"

# PostgreSQL documentation, appendix A, by a code's beginning.
_SQLSTATES = {
    "08": "the connection broke",
    "25006": READ_ONLY,
    "25P03": TOO_LATE,
    "25P04": TOO_LATE,
    "28": "it refuses the user or the password",  # said by a pooler
    "3D": "there is no database of this name",
    "40": "another transaction was in the way",
    "53": "it is out of resources",
    "55": "it is locked",
    "57014": TOO_LATE,
    "57": "it is starting or stopping",
    "58": "it had trouble with its disk",
}
# Of the others, these are mistakes of the program, such as a misspelt statement; what is left is an
# error of the server's or a pooler's own.
_MISTAKES = ("0A", "2", "3", "4", "54", "P0")

# SQLite documentation, Result and Error Codes: the primary ones, in the low eight bits.
_SQLITE_ERROR, _SQLITE_BUSY, _SQLITE_CORRUPT, _SQLITE_FULL, _SQLITE_NOTADB = 1, 5, 11, 13, 26
_SQLITE = {
    _SQLITE_BUSY: "it is locked",
    6: "it is locked",  # LOCKED
    7: "there is no memory left",  # NOMEM
    8: "its file cannot be written to",  # READONLY
    9: TOO_LATE,  # INTERRUPT
    10: "its file could not be read or written",  # IOERR
    14: "its file could not be opened",  # CANTOPEN
    15: "it is locked",  # PROTOCOL
}


# A connection that is refused brings a text without a code, in the server's language; where that is
# not English, the reason is only that no connection could be made. Poolers have words of their own
# (PgBouncer, src/client.c; Supavisor, ClientHandler.Error).
_REFUSALS = {
    r"(?i)authentication (failed|error)|no password supplied|no pg_hba\.conf entry|"
    r"no such user|user not found|"
    r'role ".*" (does not exist|is not permitted)': "it refuses the user or the password",
    r'(?i)no such database|database ".*" does not exist': "there is no database of this name",
    r"(?i)too many (connections|clients)|connection slots|no more connections allowed|"
    r"client connections exceeded|"
    r"max client(s| connections) reached": "it has too many connections",
    r"starting up|shutting down": "it is starting or stopping",
    r"session is read-only|server is in hot standby": READ_ONLY,
    "timeout expired": TOO_LATE,
    r"^connection (failed|is bad)|^failed to resolve": "no connection could be made",
}
FORBIDDEN = (
    "The database cannot be used just now: its user may not write to it, as when a plan's room is "
    "used up."
)
_NO_SUCH_TABLE = ("42P01", "42703")
CHANGED_TABLES = (
    "Callnote's tables in the database have been deleted or changed: restore a backup of it, or "
    "name another database in DATABASE_URL."
)

# In libpq's own English: what only a change of the address, or of the server, can mend.
_MISCONFIGURED = {
    "root certificate file": "The database's certificate cannot be verified without a root "
    "certificate: add sslrootcert=system to DATABASE_URL for a public issuer, or "
    "sslrootcert=/path/of/a/file.",
    "certificate verify failed": "The database's certificate cannot be verified: it has expired, "
    "or sslrootcert in DATABASE_URL does not name its issuer's root certificate.",
    "does not match host name": "The database's certificate is for another name than the host in "
    "DATABASE_URL: give the host's name as it is in the certificate.",
    "does not support SSL": "The database's server takes no TLS connections, which sslmode in "
    "DATABASE_URL demands: turn TLS on there, or correct sslmode.",
    "channel binding (is )?required": "The database's server offers no channel binding, which "
    "DATABASE_URL demands: name the server itself instead of a pooler, or correct "
    "channel_binding.",
    "unsupported startup parameter|(unrecognized configuration|invalid value for) parameter|"
    r'invalid command-line argument|requires a (\w+ )?value|parameter ".*" cannot be|'
    "permission denied to set parameter": "The database's server, or a pooler before it, refuses a "
    "parameter of DATABASE_URL: correct options there.",
    "certificate present, but not private key|could not (read|load) (certificate|private key) file|"
    "private key file .* (must|has) ": "The database's server cannot be shown the certificate that "
    "sslcert in DATABASE_URL names: correct sslcert, sslkey, or the rights to their files.",
    "authentication method requirement|did not request an SSL certificate": "The database's server "
    "does not ask for the password or certificate that require_auth or sslcertmode in DATABASE_URL "
    "demands: correct that.",
    "invalid SSL protocol version range": "The value of ssl_min_protocol_version in DATABASE_URL "
    "cannot be used with that of ssl_max_protocol_version.",
}
_BAD_VALUE = re.compile(
    r'invalid "?(\w+)"? value: |weak (sslmode) |could not match \d+ (host|port)|(requirepeer) spec|'
    r'for connection option "(\w+)"|definition of (service) |(service) file |"(min_\w+)" is greater'
)


def translation(error: BaseException, *, late: bool = False) -> BaseException:
    """Return the exception for a caller: a `StorageError` for a driver's failure.

    Constraint violations and mistakes of the program stay as they are. `late` tells that the time
    is over, which is then the reason whatever the driver made of it.
    """
    known = isinstance(error, (SQLAlchemyError, OSError)) or _is_sqlite(error)
    if not known and not hasattr(error, "sqlstate"):
        return error
    failure = failure_of(error)
    if late and isinstance(failure, StorageUnavailableError):
        return unavailable(TOO_LATE)
    if failure is None and not isinstance(error, SQLAlchemyError):
        return unavailable(f"it failed with {type(error).__name__}")  # not in a statement
    return failure or error


def failure_of(error: BaseException) -> StorageError | None:
    """Return what a driver's error means, None when it is a mistake of the program."""
    if isinstance(error, (IntegrityError, DataError)):
        return None
    if isinstance(error, DBAPIError):
        cause: BaseException | None = error.orig
    elif isinstance(error, SQLAlchemyError):
        return None
    else:
        cause = error
    if cause is not None and _is_sqlite(cause):
        return _of_sqlite(cause)
    if isinstance(cause, OSError):
        return _of_system(cause)
    return _of_postgresql(cause)


def worth_another_try(error: BaseException) -> bool:
    """Whether a job that failed may succeed a moment later.

    Others were in its way, or the server no longer has the plan that it kept (PostgreSQL,
    appendix A): 0A000 when another process has changed the table, 26000 and 42P05 behind a pooler
    that hides itself.
    """
    again = ("40001", "40P01", "55P03", "57014", "0A000", "26000", "42P05")
    return _sqlstate_of(error).startswith(again) or is_busy(error)


def is_read_only(error: BaseException) -> bool:
    """Whether a PostgreSQL server takes no changes over this connection."""
    return _sqlstate_of(error) == "25006"


def is_busy(error: BaseException) -> bool:
    """Whether another connection holds the lock of a SQLite file."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    code = getattr(cause, "sqlite_errorcode", None)
    return isinstance(code, int) and code & 0xFF == _SQLITE_BUSY


def _is_sqlite(error: BaseException) -> bool:
    """Whether an error is one of sqlite3's."""
    return type(error).__module__ == "sqlite3"


def _sqlstate_of(error: BaseException) -> str:
    cause = error.orig if isinstance(error, DBAPIError) else error
    return getattr(cause, "sqlstate", None) or ""


def _of_sqlite(error: BaseException) -> StorageError | None:
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:  # the driver's own, for a connection that was closed
        mistake = type(error).__name__ == "ProgrammingError"
        return None if mistake else unavailable("it is closed")
    code &= 0xFF
    if code == _SQLITE_ERROR and re.match("no such (table|column)", str(error)):
        return UnusableDatabaseError(CHANGED_TABLES)
    if code == _SQLITE_FULL:
        return _full()
    if code in (_SQLITE_CORRUPT, _SQLITE_NOTADB):
        return UnusableDatabaseError("The database file is damaged or not a SQLite database.")
    return unavailable(_SQLITE[code]) if code in _SQLITE else None


def _of_system(error: OSError) -> StorageError:
    if error.errno == errno.ENOSPC:
        return _full()
    if isinstance(error, TimeoutError):
        return unavailable(TOO_LATE)
    return unavailable(f"no connection could be made ({type(error).__name__})")


def _of_postgresql(error: BaseException | None) -> StorageError | None:
    code = getattr(error, "sqlstate", None)
    if code is None:
        return _of_words(str(error))
    if code == "53100":
        return _full()
    if code == "42501":
        return StorageForbiddenError(FORBIDDEN)
    if code in _NO_SUCH_TABLE:
        return UnusableDatabaseError(CHANGED_TABLES)
    for beginning in (code, code[:2]):
        if beginning in _SQLSTATES:
            return unavailable(_SQLSTATES[beginning])
    return None if code.startswith(_MISTAKES) else unavailable("it had an error of its own")


def _of_words(said: str) -> StorageError:
    for words, sentence in _MISCONFIGURED.items():
        if re.search(words, said):
            return UnusableDatabaseError(sentence)
    if bad := _BAD_VALUE.search(said):
        name = next(filter(None, bad.groups()))
        return UnusableDatabaseError(f"The value of {name} in DATABASE_URL cannot be used.")
    for words, reason in _REFUSALS.items():
        if re.search(words, said):
            return unavailable(reason)
    return unavailable("the connection broke")


def _full() -> StorageFullError:
    return StorageFullError("The database has no room left on its disk.")


def unavailable(reason: str) -> StorageUnavailableError:
    """Return the failure of a database that may be used again later."""
    return StorageUnavailableError(f"The database cannot be used just now: {reason}.")
