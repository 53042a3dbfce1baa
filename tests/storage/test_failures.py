"""How errors of a database's driver are told apart."""

import sqlite3

import psycopg
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


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("no more connections allowed (max_client_conn)", "has too many connections"),
        ("client connections exceeded (max_db_client_connections)", "has too many connections"),
        ("Max client connections reached", "has too many connections"),
        ("MaxClientsInSessionMode: max clients reached - in …", "has too many connections"),
        ("SASL authentication failed", "refuses the user or the password"),
        ("no such user: bot", "refuses the user or the password"),
        ("Tenant or user not found", "refuses the user or the password"),
        ('Peer authentication failed for user "bot"', "refuses the user or the password"),
        ("no such database: callnote", "there is no database of this name"),
    ],
)
def test_a_connection_that_a_pooler_refuses_is_told_by_its_words(said: str, reason: str) -> None:
    began = 'connection failed: connection to server at "10.0.0.1", port 6432 failed: FATAL:  '
    failure = failure_of(psycopg.OperationalError(began + said))
    assert isinstance(failure, StorageUnavailableError)
    assert reason in str(failure)
