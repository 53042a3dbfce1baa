"""A PostgreSQL server that runs as long as the tests, and databases of their own on it.

The server is the one that TEST_DATABASE_URL names, whose user may make databases, or else one
that is started for the tests. A database has Callnote's tables already, copied from one that was
opened once, unless a test wants an empty one.
"""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from bot.storage import Database, DatabaseUrl
from bot.storage.migrations import VERSION_TABLE
from bot.storage.tables import metadata
from tests import server
from tests.made_once import made_once, was_made
from tests.timing import PATIENCE

_SERVER = pytest.StashKey[str]()
_KEPT = pytest.StashKey["Kept"]()


def server_url(config: pytest.Config) -> str:
    """Return the PostgreSQL server's address, the server started if need be."""
    if _SERVER not in config.stash:
        config.stash[_SERVER] = os.environ.get("TEST_DATABASE_URL") or server.started(config)
    return config.stash[_SERVER]


async def administer(url: str, statement: str) -> None:
    """Execute one statement on the server, outside of any test's database."""
    async with connected(url) as connection:
        await connection.execute(statement)


@asynccontextmanager
async def connected(
    url: str, database: str | None = None, *, autocommit: bool = True
) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
    """Give a connection of its own to a PostgreSQL server; without `autocommit`, a transaction."""
    parts = {} if database is None else {"dbname": database}
    connection = await psycopg.AsyncConnection.connect(
        make_conninfo(url, **parts), autocommit=autocommit, prepare_threshold=None
    )
    try:
        yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def postgresql(config: pytest.Config, *, empty: bool = False) -> AsyncIterator[DatabaseUrl]:
    """Give a PostgreSQL database that nobody else uses until the end of the block.

    One with the tables is emptied then and given out again, unless more than its rows changed.
    """
    url = server_url(config)
    server = DatabaseUrl.parse(url, folder=Path())
    if empty:
        name = await _created(url)
    else:
        if _KEPT not in config.stash:
            config.stash[_KEPT] = Kept.make(url)
        name = await config.stash[_KEPT].take()
    try:
        yield at(server, dbname=name)
    finally:
        if empty or not config.stash[_KEPT].put_back(name):
            await administer(url, f"DROP DATABASE {name} WITH (FORCE)")


def drop_kept(config: pytest.Config) -> None:
    """Let go of the databases that this process has kept for further tests, and drop them.

    A server that was started for the tests goes with all of them.
    """
    names = config.stash[_KEPT].close() if _KEPT in config.stash else []
    if (url := os.environ.get("TEST_DATABASE_URL")) is None:
        return
    if not hasattr(config, "workerinput") and (template := was_made(_TEMPLATE)):
        names.append(template.decode())
    for name in names:
        asyncio.run(administer(url, f"DROP DATABASE {name} WITH (FORCE)"))


class Kept:
    """This process's databases with the tables: those that are free, and a connection to each.

    They are made from a template, which all processes share.
    """

    def __init__(self, url: str, template: str) -> None:
        self._url = url
        self._template = template
        self._free: list[str] = []
        self._connections: dict[str, psycopg.Connection[Any]] = {}
        self._shape: object = None
        self._rows: dict[str, list[Any]] = {}

    @classmethod
    def make(cls, url: str) -> Kept:
        """Make the template, unless another process has."""
        return cls(url, made_once(_TEMPLATE, lambda: _template(url)).decode())

    async def take(self) -> str:
        """Return the name of a database as it is after the migrations."""
        if self._free:
            return self._free.pop()
        name = await _created(self._url, self._template)
        self._connections[name] = connection = psycopg.connect(
            make_conninfo(self._url, dbname=name), autocommit=True, prepare_threshold=None
        )
        if self._shape is None:
            self._shape = connection.execute(_SHAPE).fetchall()
            for table in metadata.sorted_tables:
                rows = connection.execute(f"SELECT * FROM {table.name}").fetchall()  # noqa: S608
                self._rows[table.name] = rows
        return name

    def put_back(self, name: str) -> bool:
        """Make a database as it was; returns False where another test had better get a new one."""
        connection = self._connections[name]
        try:
            connection.execute(_END_OTHERS)
            tables = {table for (table,) in connection.execute(_TABLES)}
            for table in tables - {*self._rows, VERSION_TABLE}:
                connection.execute(f"DROP TABLE {table}")
            if connection.execute(_SHAPE).fetchall() == self._shape:
                self._empty(connection)
                self._free.append(name)
                return True
        except psycopg.OperationalError:  # a test has ended every connection
            pass
        self._connections.pop(name).close()
        return False

    def _empty(self, connection: psycopg.Connection[Any]) -> None:
        """Delete what a test has put in, which takes less than to truncate small tables."""
        large = [f"TRUNCATE {table} CASCADE" for (table,) in connection.execute(_LARGE)]
        small = [f"DELETE FROM {table}" for table in reversed(self._rows)]  # noqa: S608
        connection.execute("; ".join(large + small))
        connection.execute("SELECT setval(seqrelid, seqstart, false) FROM pg_sequence")
        for table, rows in self._rows.items():
            for row in rows:
                places = ", ".join(["%s"] * len(row))
                connection.execute(f"INSERT INTO {table} VALUES ({places})", row)  # noqa: S608

    def close(self) -> list[str]:
        """Close the connections; returns the names of the databases that are free."""
        for connection in self._connections.values():
            connection.close()
        return self._free


async def fetch(connection: psycopg.AsyncConnection[Any], query: str) -> list[Any]:
    """Return the rows of a query."""
    return await (await connection.execute(query)).fetchall()


_TEMPLATE = "template"


async def _template(url: str) -> bytes:
    """Make a database with the tables; returns its name."""
    name = await _created(url)
    address = at(DatabaseUrl.parse(url, folder=Path()), dbname=name)
    database = Database(address, seconds=PATIENCE)
    await database.open()
    await database.close()
    return name.encode()


_END_OTHERS = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""

_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"

# What a test may have changed besides rows and tables of its own.
_SHAPE = """
SELECT (SELECT version_num FROM callnote_schema),
  (SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace),
  (SELECT count(*) FROM pg_attribute JOIN pg_class ON attrelid = pg_class.oid
    WHERE relnamespace = 'public'::regnamespace AND NOT attisdropped),
  (SELECT count(*) FROM pg_proc WHERE pronamespace = 'public'::regnamespace),
  (SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal)
"""

_LARGE = """
SELECT relname FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND pg_relation_size(oid) > 1e6
"""


async def _created(url: str, template: str = "template1") -> str:
    name = f"callnote_{uuid.uuid4().hex}"
    await administer(url, f"CREATE DATABASE {name} TEMPLATE {template}")
    return name


def at(address: DatabaseUrl, **parts: str) -> DatabaseUrl:
    """Return a PostgreSQL address with other parts, by libpq's key words."""
    parameters = {**address.parameters, **parts}
    shown = f"PostgreSQL database {parameters['dbname']} on {parameters['host']}"
    return replace(address, parameters=parameters, shown=shown)
