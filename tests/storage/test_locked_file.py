"""A SQLite file that something else has locked, deleted, or put another one in the place of."""

import asyncio
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from bot.storage import Database, DatabaseUrl, StorageUnavailableError
from bot.storage.sqlite_connector import BUSY_SECONDS
from tests.database import file_in, make_file, opened
from tests.outbox.workers import eventually
from tests.storage.jobs import LITTLE, add, answer, ids, things
from tests.world import PATIENCE


@contextmanager
def locked(address: DatabaseUrl) -> Iterator[None]:
    """Hold a SQLite file's exclusive lock, as a backup or an editor may."""
    assert address.path is not None
    with closing(sqlite3.connect(address.path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")


async def test_a_locked_file_is_unavailable_until_it_is_let_go(tmp_path: Path) -> None:
    address = make_file(file_in(tmp_path))
    async with opened(address):
        pass
    database = Database(address, seconds=LITTLE)
    with locked(address), pytest.raises(StorageUnavailableError, match=r"locked|in time"):
        await database.open()
    await database.open()
    with locked(address), pytest.raises(StorageUnavailableError, match=r"locked|in time"):
        await answer(database)
    assert await answer(database) == 42
    await database.close()


async def test_waiting_for_a_locked_file_ends_with_its_cancellation(tmp_path: Path) -> None:
    address = make_file(file_in(tmp_path))
    async with opened(address, seconds=2 * PATIENCE) as database:
        with locked(address):
            task = asyncio.create_task(answer(database))
            await eventually(lambda: database._thread is not None and bool(database._thread._doing))
            task.cancel()
            async with asyncio.timeout(PATIENCE):
                await asyncio.wait({task})
            assert task.cancelled()
        assert await answer(database) == 42


async def test_a_file_that_is_not_there_is_not_made_by_a_transaction(tmp_path: Path) -> None:
    address = file_in(tmp_path)
    assert address.path is not None
    with pytest.raises(StorageUnavailableError, match="could not be opened"):
        await answer(Database(address))
    assert not address.path.exists()


def ids_outside(path: Path) -> list[int]:
    """Return what a process finds that opens the file now."""
    with closing(sqlite3.connect(path)) as other:
        assert other.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return [number for (number,) in other.execute("SELECT id FROM things ORDER BY id")]


@pytest.mark.parametrize("gone", [["-wal"], ["-shm"], ["-wal", "-shm"]])
async def test_what_was_stored_outlasts_files_of_sqlites_own_that_are_deleted(
    tmp_path: Path, gone: list[str]
) -> None:
    address = file_in(tmp_path)
    assert address.path is not None
    async with opened(address, tables=things.metadata) as database:
        await add(database, 1)
        for suffix in gone:
            os.unlink(f"{address.path}{suffix}")
        await add(database, 2)
        assert await ids(database) == ids_outside(address.path) == [1, 2]


async def test_a_transaction_waits_while_files_that_were_deleted_are_still_read(
    tmp_path: Path,
) -> None:
    address = file_in(tmp_path)
    assert address.path is not None
    async with opened(address, tables=things.metadata, seconds=PATIENCE) as database:
        with closing(sqlite3.connect(address.path, isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM things").fetchone()
            await add(database, 1)
            os.unlink(f"{address.path}-wal")
            adding = asyncio.create_task(add(database, 2))
            await asyncio.wait({adding}, timeout=4 * BUSY_SECONDS)
        await adding
        assert await ids(database) == ids_outside(address.path) == [1, 2]


@pytest.mark.parametrize("deleted", [False, True])
async def test_a_file_that_takes_the_place_of_the_one_in_use_is_used(
    tmp_path: Path, deleted: bool
) -> None:
    address = file_in(tmp_path)
    assert address.path is not None
    backup, moved = tmp_path / "backup.db", tmp_path / "moved.db"
    async with opened(address, tables=things.metadata) as database:
        await add(database, 1)
        with (
            closing(sqlite3.connect(address.path)) as source,
            closing(sqlite3.connect(backup)) as copy,
        ):
            source.backup(copy)
        await add(database, 2)
        address.path.rename(moved)
        if deleted:
            with pytest.raises(StorageUnavailableError, match="could not be opened"):
                await add(database, 3)
        backup.rename(address.path)
        await add(database, 3)
        assert await ids(database) == ids_outside(address.path) == [1, 3]
    assert ids_outside(moved) == [1, 2]
