"""The file of a SQLite database: makes it for its owner only, and keeps a second process off it."""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
from pathlib import Path

from bot.storage.errors import DatabaseInUseError, StorageFullError, UnusableDatabaseError
from bot.storage.failures import translated


class SqliteFile:
    """A database file that this object alone may use while it is claimed.

    The claim is a lock on a second file beside it, which the operating system lifts when the
    process ends, however it ends.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock: sqlite3.Connection | None = None

    @property
    def exists(self) -> bool:
        """Whether the file is there; raises `OSError` when its folder may not be looked into."""
        return self._path.exists()

    def claim(self) -> None:
        """Make the folder and the file where they are missing, and take the lock.

        Raises `DatabaseInUseError` when somebody else has the lock, `UnusableDatabaseError` when
        the file cannot be made or written to, `StorageFullError` when there is no room for it.
        """
        lock_path = self._path.with_name(self._path.name + ".lock")
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _make(lock_path)
            self._lock = _locked(lock_path)
            _make(self._path)
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise StorageFullError("There is no room for the database on its disk.") from None
            raise self._unusable() from None

    def check(self) -> None:
        """Raise `UnusableDatabaseError` if `claim` could not make the file; makes nothing."""
        there = next(parent for parent in self._path.parents if parent.exists())
        if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
            raise self._unusable()

    def _unusable(self) -> UnusableDatabaseError:
        return UnusableDatabaseError(
            f"The database file {self._path.name} cannot be made or written to in its folder."
        )

    def release(self) -> None:
        """Give the lock back, if it is held."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None


def _make(path: Path) -> None:
    # A file that is there is not opened: closing it would lift this process's locks on it
    # (SQLite, How To Corrupt An SQLite Database File, 2.2).
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        return
    if path.is_dir() or not os.access(path, os.R_OK | os.W_OK):
        raise PermissionError
    with contextlib.suppress(PermissionError):  # another user's file that we may write to
        path.chmod(0o600)


def _locked(path: Path) -> sqlite3.Connection:
    """Return a connection that holds the file until it is closed."""
    with translated():
        lock = sqlite3.connect(path, timeout=0, isolation_level=None)
        try:
            lock.execute("PRAGMA journal_mode = OFF")  # nothing is ever written to it
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            lock.close()
            if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
                raise DatabaseInUseError(
                    f"The database file {path.name.removesuffix('.lock')} is in use by another "
                    "copy of Callnote."
                ) from None
            raise
        except BaseException:
            lock.close()
            raise
        return lock
