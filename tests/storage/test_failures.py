"""How errors of a database's driver are told apart where the driver is not loaded."""

import sqlite3

import pytest

from bot.storage import StorageFullError, StorageUnavailableError, UnusableDatabaseError
from bot.storage.failures import failure_of, is_busy

CODES = {
    "BUSY": "it is locked",
    "LOCKED": "it is locked",
    "PROTOCOL": "it is locked",
    "NOMEM": "no memory left",
    "READONLY": "cannot be written to",
    "INTERRUPT": "no answer in time",
    "IOERR": "could not be read or written",
    "CANTOPEN": "could not be opened",
    "CORRUPT": "is damaged",
    "NOTADB": "is damaged",
}


def failed(name: str) -> sqlite3.Error:
    error = sqlite3.OperationalError("odd")
    error.sqlite_errorcode = getattr(sqlite3, f"SQLITE_{name}")
    return error


@pytest.mark.parametrize("name", CODES)
def test_a_file_that_fails_is_told_by_its_code(name: str) -> None:
    failure = failure_of(failed(name))
    damaged = CODES[name] == "is damaged"
    assert isinstance(failure, UnusableDatabaseError if damaged else StorageUnavailableError)
    assert CODES[name] in str(failure)
    assert is_busy(failed(name)) == (name == "BUSY")


def test_a_full_disk_is_told_by_its_code() -> None:
    assert isinstance(failure_of(failed("FULL")), StorageFullError)
