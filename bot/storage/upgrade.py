"""The revision of a database's tables: finds it out and brings it up to date."""

from __future__ import annotations

import threading

from sqlalchemy import (
    Column,
    Connection,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    inspect,
    select,
    text,
)

from bot.storage.errors import NewerSchemaError, StorageUnavailableError, UnusableDatabaseError
from bot.storage.failures import FORBIDDEN, READ_ONLY, unavailable
from bot.storage.migrations import REVISIONS, VERSION_TABLE
from bot.storage.tables import COUNTER, counted, create_all

HEAD = REVISIONS[-1]
"""The revision that this version of Callnote works with."""

# Holds back another process that starts at the same moment; any number that is ours alone does.
_LOCK_KEY = 0x43616C6C6E6F7465

NOT_ITS_OWN = (
    "Callnote's tables in the database may not be used or updated by its user: make it their "
    "owner, or name another user in DATABASE_URL."
)
_NO_RIGHT = (
    "Callnote's tables cannot be made in the database, as its user lacks the right to: grant it "
    "CREATE on the schema, or name another user in DATABASE_URL."
)
_NO_SCHEMA = (
    "Callnote's tables cannot be made in the database, as its search path leads to no schema that "
    "is there and that its user may use: make one, or correct options in DATABASE_URL."
)
_NAMES_TAKEN = (
    "Callnote's tables cannot be made in the database, as others with their names are in it: name "
    "another one in DATABASE_URL."
)

_alone = threading.Lock()
"""Alembic serves one thread at a time."""


def revision_of(connection: Connection) -> str | None:
    """Return the revision of a database's tables, None for a database without any of ours.

    Raises `NewerSchemaError` when this version of Callnote does not know the revision.
    """
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    found: str | None = connection.scalar(text(f"SELECT version_num FROM {VERSION_TABLE}"))  # noqa: S608
    if found is not None and found not in REVISIONS:
        raise NewerSchemaError(
            "The database was changed by a newer version of Callnote: run that version again, or "
            "put back the copy from before its update as docs/hosting.md says (Going back a "
            "version)."
        )
    return found


def check_encoding(connection: Connection) -> None:
    """Raise `UnusableDatabaseError` for a database that cannot store any text."""
    if connection.dialect.name != "postgresql":
        return
    encoding = connection.scalar(text("SHOW server_encoding"))
    if encoding != "UTF8":
        raise UnusableDatabaseError(
            f"The database's encoding is {encoding}, which cannot store every note: create one "
            "with ENCODING 'UTF8' and name it in DATABASE_URL."
        )


def check_tables(connection: Connection, tables: MetaData) -> None:
    """Look at all columns of `tables`, those of `HEAD`, and at the counters' numbers.

    Raises `UnusableDatabaseError` where a number is gone, as `Database.run` does for the rest.
    """
    looks = [
        f"EXISTS (SELECT {', '.join(map(str, table.columns))} FROM {table} WHERE 1 = 0)"  # noqa: S608
        for table in tables.tables.values()
    ]
    connection.execute(text(f"SELECT {', '.join(looks)}"))
    for table in tables.tables.values():
        if COUNTER in table.info:
            counted(connection.scalar(select(table.c.value)))


def check_writable(connection: Connection) -> None:
    """Raise `StorageUnavailableError` for a database in which nothing can be stored at present."""
    if connection.dialect.name != "postgresql":
        return
    if connection.scalar(text("SHOW transaction_read_only")) == "on":
        raise unavailable(READ_ONLY)
    right = text("SELECT has_table_privilege(to_regclass('notes'), 'INSERT')")
    if connection.scalar(right) is False:  # None where there is no such table
        raise StorageUnavailableError(FORBIDDEN)


def check_place(connection: Connection, tables: MetaData | None = None) -> None:
    """Raise `UnusableDatabaseError` where tables cannot be made; makes none.

    `tables` are those that must not be there yet.
    """
    name = None
    if connection.dialect.name == "postgresql":
        schema = text("SELECT current_schema(), has_schema_privilege(current_schema(), 'CREATE')")
        name, right = connection.execute(schema).one()
        if name is None:
            raise UnusableDatabaseError(_NO_SCHEMA)
        if not right:
            raise UnusableDatabaseError(_NO_RIGHT)
    if tables is not None and tables.tables.keys() & set(inspect(connection).get_table_names(name)):
        raise UnusableDatabaseError(_NAMES_TAKEN)


def upgrade(connection: Connection, *, to: str = HEAD, tables: MetaData | None = None) -> None:
    """Bring a database's tables to a revision, within the connection's transaction.

    A database without any gets `tables` at once where they are given, those of `HEAD`.

    Raises `NewerSchemaError` like `revision_of`. Another process that does the same at the same
    time waits until this transaction has ended.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK_KEY})"))
    found = revision_of(connection)
    if found == to:
        return
    if found is None and tables is not None:
        _make(connection, tables)
        return
    from alembic import command  # costs time and memory that any other start does without
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "bot.storage:migrations")
    config.attributes["connection"] = connection
    with _alone:
        command.upgrade(config, to)


def _make(connection: Connection, tables: MetaData) -> None:
    check_place(connection, tables)
    version = Table(  # as Alembic makes it
        VERSION_TABLE,
        MetaData(),
        Column("version_num", String(32), nullable=False),
        PrimaryKeyConstraint("version_num", name=f"{VERSION_TABLE}_pkc"),
    )
    create_all(connection, tables)
    version.create(connection)
    connection.execute(version.insert().values(version_num=HEAD))
