"""The file of a SQLite database: makes it for its owner only, and keeps a second process off it."""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
from pathlib import Path

from bot.storage.errors import DatabaseInUseError, StorageFullError, UnusableDatabaseError
from bot.storage.failures import is_busy, translation

_LOCK_SECONDS = 0.05
"""For how long the lock is tried for: two that take it at the same moment can be in each other's
way, so that at once neither would get it."""


class SqliteFile:
    """A database file that this object alone may use while it is claimed.

    The claim is a lock on a second file beside it, which the operating system lifts when the
    process ends, however it ends.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock_path = path.with_name(path.name + ".lock")
        self._lock: sqlite3.Connection | None = None

    def claim(self) -> None:
        """Make the folder and the file where they are missing, and take the lock.

        Raises `DatabaseInUseError` when another process has the lock, `UnusableDatabaseError` when
        the file cannot be made or written to, `StorageFullError` when there is no room for it.
        """
        self.check()
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _make(self._lock_path)
            self._lock = _locked(self._lock_path)
            _make(self._path)
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise StorageFullError("There is no room for the database on its disk.") from None
            raise self._unusable() from None

    def check(self) -> bool:
        """Return whether the file is there; makes and changes nothing.

        Raises `UnusableDatabaseError` if `claim` could not make the file or write to it.
        """
        try:
            if self._path.is_dir():
                raise UnusableDatabaseError(
                    f"The database file {self._path.name} is a folder: add the name of a file in "
                    f"it to DATABASE_URL, such as {self._path.name}/callnote.db."
                )
            # SQLite makes files of its own beside the database, so the folder counts as well.
            folder = next(parent for parent in self._path.parents if parent.exists())
            usable = folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)
            for path in (self._path, self._lock_path):
                usable = usable and (not path.exists() or _is_usable(path))
            there = self._path.exists()
        except OSError:
            raise self._unusable() from None
        if not usable:
            raise self._unusable()
        return there

    def copy(self, suffix: str) -> str:
        """Copy the database as it was last committed to a file beside it; returns that one's name.

        An earlier copy with the suffix is replaced once the new one is whole. Raises what sqlite3
        and the operating system do, and changes nothing then.
        """
        target = self._path.with_name(f"{self._path.name}.{suffix}")
        unfinished = target.with_name(f"{target.name}.part")
        unfinished.unlink(missing_ok=True)
        os.close(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        with (
            contextlib.closing(
                sqlite3.connect(f"{self._path.as_uri()}?mode=rw", uri=True)
            ) as source,
            contextlib.closing(sqlite3.connect(unfinished)) as copy,
        ):
            source.backup(copy)
        unfinished.replace(target)
        return target.name

    def _unusable(self) -> UnusableDatabaseError:
        return UnusableDatabaseError(
            f"The database file {self._path.name} cannot be made or written to in its folder: let "
            "the user that runs Callnote write to both, or name another file in DATABASE_URL."
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
    if not _is_usable(path):
        raise PermissionError
    with contextlib.suppress(PermissionError):  # another user's file that we may write to
        path.chmod(0o600)


def _is_usable(path: Path) -> bool:
    return not path.is_dir() and os.access(path, os.R_OK | os.W_OK)


def _locked(path: Path) -> sqlite3.Connection:
    """Return a connection that holds the file until it is closed."""
    try:
        lock = sqlite3.connect(path, timeout=_LOCK_SECONDS, isolation_level=None)
        try:
            lock.execute("PRAGMA journal_mode = OFF")  # nothing is ever written to it
            lock.execute("BEGIN EXCLUSIVE")
        except BaseException:
            lock.close()
            raise
    except sqlite3.Error as error:
        if is_busy(error):
            raise DatabaseInUseError(
                f"The database file {path.name.removesuffix('.lock')} is in use by another "
                "instance of Callnote: stop that one, or give this one another file in "
                "DATABASE_URL."
            ) from None
        raise translation(error) from None
    return lock
