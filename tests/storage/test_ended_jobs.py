"""Jobs for which nobody waits any more, that take too long, or whose database is closed."""

import asyncio
import threading
from pathlib import Path

import pytest
from sqlalchemy import Connection, Table, insert, text

from bot.storage import Database, DatabaseUrl, StorageUnavailableError
from bot.storage import database as database_module
from tests import database as databases
from tests.database import file_in, make_file, opened
from tests.storage import jobs
from tests.storage.jobs import SLOW, Held, add, ids
from tests.timing import PATIENCE

engine = databases.engine
address = databases.address
database = databases.database
table = jobs.table


async def test_a_work_whose_caller_gave_up_changes_nothing(
    database: Database, table: Table
) -> None:
    held = Held(database)
    await held.begun()
    tasks = [asyncio.create_task(add(database, number)) for number in range(20)]
    await asyncio.sleep(0)
    for task in tasks[::2]:
        task.cancel()
    await asyncio.wait(tasks[::2])
    held.let_go()
    await asyncio.gather(held.task, *tasks[1::2])
    assert await ids(database) == list(range(1, 20, 2))


async def test_a_work_whose_caller_gave_up_is_not_begun_behind_one_that_fails(
    database: Database, table: Table
) -> None:
    begun, go = threading.Event(), threading.Event()
    done: list[int] = []

    def fail(_: Connection) -> None:
        begun.set()
        go.wait()
        raise LookupError("mine")

    held = Held(database)
    await held.begun()
    failing = asyncio.create_task(database.run(fail))
    others = [asyncio.create_task(database.run(lambda _: done.append(1))) for _ in range(3)]
    await asyncio.sleep(0)
    held.let_go()
    await asyncio.to_thread(begun.wait)
    for each in others:
        each.cancel()
    await asyncio.wait(others)
    go.set()
    with pytest.raises(LookupError, match="mine"):
        await failing
    await asyncio.gather(held.task, ids(database))
    assert done == []


async def test_a_work_that_was_begun_when_its_caller_gave_up_is_undone(
    database: Database, table: Table
) -> None:
    begun, go = threading.Event(), threading.Event()

    def write(connection: Connection) -> None:
        connection.execute(insert(table).values(id=-1))
        begun.set()
        go.wait()

    task = asyncio.create_task(database.run(write))
    await asyncio.to_thread(begun.wait)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    go.set()
    await add(database, 1)
    assert await ids(database) == [1]


async def test_a_work_that_takes_too_long_is_ended_and_undone(
    database: Database, table: Table
) -> None:
    database._seconds = 1.0
    with pytest.raises(StorageUnavailableError, match="no answer in time"):
        await database.execute(insert(table).values(id=1), SLOW)
    database._seconds = PATIENCE
    await add(database, 2)
    assert await ids(database) == [2]


async def test_waiting_for_the_thread_ends_in_time(
    address: DatabaseUrl, database: Database, table: Table
) -> None:
    held = Held(database)
    await held.begun()
    database._seconds = 0.5
    with pytest.raises(StorageUnavailableError, match="no answer in time"):
        await add(database, 1)
    held.let_go()
    database._seconds = 20.0
    assert await ids(database) == []
    await held.task


async def test_a_loop_that_ends_leaves_a_work_without_harm(tmp_path: Path) -> None:
    """The thread's outcome has nobody to go to then; nothing is reported, and the thread ends."""
    address = make_file(file_in(tmp_path))
    begun, go = threading.Event(), threading.Event()
    before = set(threading.enumerate())

    def hold(_: Connection) -> None:
        begun.set()
        go.wait()

    async def leave() -> None:
        database = Database(address)
        held = asyncio.create_task(database.run(hold))
        await asyncio.to_thread(begun.wait)
        held.cancel()
        database._thread._items.put(None)  # type: ignore[union-attr]

    await asyncio.to_thread(asyncio.run, leave())
    (left,) = (each for each in set(threading.enumerate()) - before if each.name == "database")
    go.set()
    await asyncio.to_thread(left.join)


async def test_closing_finishes_what_waits(
    address: DatabaseUrl, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "CLOSE_SECONDS", PATIENCE)
    await database.execute(text("CREATE TABLE things (id INTEGER PRIMARY KEY, what TEXT)"))
    tasks = [asyncio.create_task(add(database, number)) for number in range(60)]
    await asyncio.sleep(0)
    await database.close()
    await asyncio.gather(*tasks)
    with pytest.raises(StorageUnavailableError, match="it is closed"):
        await ids(database)
    async with opened(address) as again:
        assert await ids(again) == list(range(60))


async def test_closing_ends_a_work_that_takes_too_long_and_begins_none_behind_it(
    address: DatabaseUrl, database: Database, table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "CLOSE_SECONDS", 0.3)
    begun = threading.Event()
    behind: list[int] = []

    def count(connection: Connection) -> None:
        connection.execute(insert(table).values(id=1))
        begun.set()
        connection.execute(SLOW)

    held = Held(database)
    await held.begun()
    slow = asyncio.create_task(database.run(count))
    others = [asyncio.create_task(database.run(lambda _: behind.append(1))) for _ in range(2)]
    await asyncio.sleep(0)
    held.let_go()
    await asyncio.to_thread(begun.wait)
    await database.close()
    with pytest.raises(StorageUnavailableError, match="closed"):
        await slow
    for each in others:
        with pytest.raises(StorageUnavailableError, match="closed"):
            await each
    await held.task
    assert behind == []
    async with opened(address) as again:
        assert await ids(again) == []
