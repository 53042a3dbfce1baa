"""What can go wrong with the database, cut by what a caller may do next.

StorageError
├── StorageUnavailableError    it cannot be used just now: may work later
│   └── StorageForbiddenError  its user may not do that, at least just now
├── StorageFullError           there is no room left: nothing was saved
└── UnusableDatabaseError      it will not work until the host does something: end the process
    ├── NewerSchemaError       a newer Callnote has changed its tables
    └── DatabaseInUseError     another instance of Callnote is using this file
"""

from __future__ import annotations

UNUSABLE_AT_LAST = 3
"""How often in a row the database must be found unusable before the process ends for it, as one
odd answer is not the truth."""


class StorageError(Exception):
    """Root of the family; never raised itself.

    The message is a sentence for the host. It contains no password, user name or stored text.
    """


class StorageUnavailableError(StorageError):
    """The database is unreachable, too slow, locked, overloaded, or refuses its password.

    Nothing was saved, unless the connection broke during the very commit, or time ran out after the
    job was done; then the transaction may have been saved.
    """


class StorageForbiddenError(StorageUnavailableError):
    """PostgreSQL denied the database's user something; nothing was saved.

    Hosts take the right to write away when a plan's room is used up (Heroku Dev Center, Postgres
    essential tier), so it may come back.
    """


class StorageFullError(StorageError):
    """The database has no room left; nothing was saved."""


class UnusableDatabaseError(StorageError):
    """The database cannot be used at all; the process should end with exit status 78."""


class NewerSchemaError(UnusableDatabaseError):
    """The database's tables are of a revision that this version does not know."""


class DatabaseInUseError(UnusableDatabaseError):
    """Another process, or another part of this one, holds the SQLite file."""
