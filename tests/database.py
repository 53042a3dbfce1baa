"""Real databases for tests, on each engine: SQLite files, and those of `tests.postgresql`.

A test module takes over the fixtures that it uses: `address = database.address`.
"""

from __future__ import annotations

import asyncio
import functools
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar
from urllib.parse import quote, urlencode

import pytest
from sqlalchemy import Connection, MetaData, create_engine

from bot.storage import Database, DatabaseUrl, StorageError
from tests.loop_clock import tick
from tests.made_once import made_once
from tests.postgresql import at, postgresql
from tests.timing import PATIENCE

_P = ParamSpec("_P")
_T = TypeVar("_T")


def setting_of(address: DatabaseUrl) -> str:
    """Return an address as a host sets it, its password included."""
    if address.path is not None:
        return f"sqlite:///{address.path}"
    rest = dict(address.parameters)
    user, password, name = (
        quote(rest.pop(part, ""), safe="") for part in ("user", "password", "dbname")
    )
    return f"postgresql://{user}:{password}@/{name}?{urlencode(rest, quote_via=quote)}"


def set_to(address: DatabaseUrl, **parameters: str) -> DatabaseUrl:
    """Return a PostgreSQL address with more parameters, read from what a host would set."""
    return DatabaseUrl.parse(setting_of(at(address, **parameters)), folder=Path())


def file_in(folder: Path) -> DatabaseUrl:
    """Return the address of a SQLite file in a folder; the file is not made."""
    return DatabaseUrl.parse("sqlite:///callnote.db", folder=folder)


def make_file(address: DatabaseUrl) -> DatabaseUrl:
    """Make a SQLite file that has the tables, where none is there yet; returns the address."""
    if address.path is not None and not address.path.exists():
        address.path.touch(0o600)
        address.path.write_bytes(_file_with_tables())
    return address


@functools.cache
def _file_with_tables() -> bytes:
    async def make() -> bytes:
        with tempfile.TemporaryDirectory() as folder:
            address = file_in(Path(folder))
            async with opened(address):
                pass
            assert address.path is not None
            return address.path.read_bytes()

    return made_once("sqlite", make)


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest) -> str:
    assert isinstance(request.param, str)
    return request.param


@pytest.fixture
async def address(
    engine: str, request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[DatabaseUrl]:
    """Give a database of its own to a test on each engine, with the tables."""
    if engine == "sqlite":
        yield make_file(file_in(tmp_path))
        return
    async with postgresql(request.config) as made:
        yield made


@pytest.fixture
async def empty_address(
    engine: str, request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[DatabaseUrl]:
    """Give a database of its own to a test on each engine, without any tables."""
    if engine == "sqlite":
        yield file_in(tmp_path)
        return
    async with postgresql(request.config, empty=True) as made:
        yield made


@pytest.fixture
async def database(address: DatabaseUrl) -> AsyncIterator[Database]:
    async with opened(address) as database:
        yield database


class Watched(Database):
    """A database that counts how often it could not be used."""

    failures = 0

    async def fails(self) -> None:
        """Wait until the next time that it cannot be used, also for want of time."""
        before = self.failures
        async with asyncio.timeout(150.0):
            while self.failures == before:
                await tick()

    async def run(
        self,
        job: Callable[Concatenate[Connection, _P], _T],
        *args: _P.args,
        **kwargs: _P.kwargs,
    ) -> _T:
        try:
            return await super().run(job, *args, **kwargs)
        except StorageError:
            self.failures += 1
            raise


@asynccontextmanager
async def opened(
    address: DatabaseUrl,
    *,
    seconds: float = PATIENCE,
    shared: bool = False,
    tables: MetaData | None = None,
) -> AsyncIterator[Watched]:
    """Open a database until the end of the block, with ample time for a busy machine."""
    database = Watched(address, seconds=seconds, tables=tables)
    await database.open(shared=shared)
    try:
        yield database
    finally:
        await database.close()


async def at_once(address: DatabaseUrl, job: Callable[[Connection], Any]) -> Any:
    """Do something to a database outside of Callnote's own connections."""
    if address.path is not None:
        address.path.touch(0o600)

    def do() -> Any:
        outside = (
            create_engine(f"sqlite:///{address.path}")
            if address.path is not None
            else create_engine("postgresql+psycopg://", connect_args=dict(address.parameters))
        )
        try:
            with outside.begin() as connection:
                return job(connection)
        finally:
            outside.dispose()

    return await asyncio.to_thread(do)
