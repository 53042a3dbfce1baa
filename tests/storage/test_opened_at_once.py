"""A database that several instances open at the same time."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.storage import (
    Database,
    DatabaseInUseError,
    DatabaseUrl,
)
from bot.storage.upgrade import HEAD
from tests.child import ROOT, environment
from tests.database import file_in, make_file, opened, setting_of
from tests.fork_server import Forked, fork
from tests.outbox.workers import eventually
from tests.postgresql import postgresql
from tests.storage.jobs import things
from tests.timing import PATIENCE

IN_USE = (
    r"callnote\.db is in use by another instance of Callnote: stop that one, or give this one "
    r"another file in DATABASE_URL\.$"
)


class Holder:
    """A process that holds a database, and the file with what it has said."""

    def __init__(self, process: Forked, log: Path) -> None:
        self.process = process
        self._log = log

    async def said(self) -> str:
        """Return what it says of the database once it has tried to open it."""
        await eventually(lambda: self._log.read_text().endswith("\n"))
        return self._log.read_text()


@asynccontextmanager
async def holders(address: DatabaseUrl, folder: Path, count: int) -> AsyncIterator[list[Holder]]:
    """Let processes open a database at the same time, and end them with the block."""
    logs = [folder / f"log{number}" for number in range(count)]
    started = []
    try:
        for log in logs:
            with log.open("wb") as output:
                command = "tests.storage.holder", setting_of(address)
                process = await fork(ROOT, environment({}), *command, output=output)
            started.append(Holder(process, log))
        yield started
    finally:
        for holder in started:
            with contextlib.suppress(ProcessLookupError):
                holder.process.kill()
            await holder.process.wait()


async def test_a_second_user_of_a_file_is_refused(tmp_path: Path) -> None:
    address = make_file(file_in(tmp_path))
    async with opened(address):
        for _ in range(2):  # the refused one's end must not lift the first one's lock
            with pytest.raises(DatabaseInUseError, match=IN_USE):
                await Database(address).open()
    async with opened(address):
        pass


async def test_another_process_holds_a_file_until_it_is_killed(tmp_path: Path) -> None:
    address = file_in(tmp_path)
    async with holders(address, tmp_path, 1) as (holder,):
        assert await holder.said() == "open\n"
        with pytest.raises(DatabaseInUseError):
            await Database(address).open()
        holder.process.kill()
        await holder.process.wait()
        async with opened(address):
            pass


async def test_of_two_that_open_a_new_file_at_once_one_gets_it(tmp_path: Path) -> None:
    address = file_in(tmp_path)
    both = [Database(address, tables=things.metadata) for _ in range(2)]
    results = await asyncio.gather(*(one.open() for one in both), return_exceptions=True)
    assert sorted(map(type, results), key=str) == sorted([type(None), DatabaseInUseError], key=str)
    for one in both:
        await one.close()


async def test_two_processes_that_open_a_new_file_at_once_leave_it_to_one(
    tmp_path: Path,
) -> None:
    async with holders(file_in(tmp_path), tmp_path, 2) as both:
        assert sorted([await each.said() for each in both]) == ["in use\n", "open\n"]


async def test_processes_that_open_a_new_postgresql_database_at_once_all_get_it(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    async with (
        postgresql(request.config, empty=True) as address,
        holders(address, tmp_path, 3) as others,
    ):
        both = [
            Database(address, tables=things.metadata, seconds=PATIENCE),
            Database(address, tables=things.metadata, seconds=PATIENCE),
        ]
        found = await asyncio.gather(*(one.open() for one in both))
        assert set(found) <= {None, HEAD}
        for each in others:
            assert await each.said() == "open\n"
        for one in both:
            await one.close()
