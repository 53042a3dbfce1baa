"""The order of jobs that wait for the database's thread, and which are committed together."""

import asyncio
import threading
from collections import Counter
from itertools import count

import pytest
from sqlalchemy import Connection, Table, insert, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from bot.storage import Database, StorageUnavailableError, database_thread
from tests import database as databases
from tests.storage import jobs
from tests.storage.jobs import SLOW, Held, add, ids
from tests.timing import PATIENCE

engine = databases.engine
address = databases.address
database = databases.database
table = jobs.table


@pytest.fixture(autouse=True)
def _patient_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what waits together be committed together, however slow the machine is."""
    monkeypatch.setattr(database_thread, "GROUP_SECONDS", PATIENCE)


async def test_works_are_done_in_the_order_in_which_they_come(
    database: Database, table: Table
) -> None:
    held = Held(database)
    await held.begun()
    adding = [asyncio.create_task(add(database, number)) for number in range(70)]
    await asyncio.sleep(0)
    counting = asyncio.create_task(ids(database))
    await asyncio.sleep(0)
    later = asyncio.create_task(add(database, 1000))
    await asyncio.sleep(0)
    held.let_go()
    assert await counting == list(range(70))
    await asyncio.gather(held.task, later, *adding)


async def test_works_that_wait_together_are_committed_together(
    database: Database, table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Held(database)
    await held.begun()
    thread = database._thread
    assert thread is not None
    commit, commits = thread._connector.commit, count()
    monkeypatch.setattr(thread._connector, "commit", lambda each: (next(commits), commit(each)))
    adding = [asyncio.create_task(add(database, number)) for number in range(10)]
    await asyncio.sleep(0)
    held.let_go()
    await asyncio.gather(held.task, *adding)
    assert next(commits) == 2  # of what was held, and of all that waited


async def test_a_work_that_takes_long_is_not_kept_waiting_by_those_behind_it(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_thread, "GROUP_SECONDS", 0.0)  # so that any work takes that long
    go = threading.Event()
    held = Held(database)
    await held.begun()
    first = asyncio.create_task(database.run(lambda _: None))
    behind = asyncio.create_task(database.run(lambda _: go.wait(20.0)))
    await asyncio.sleep(0)
    held.let_go()
    await first
    go.set()
    assert await behind
    await held.task


async def test_of_works_that_wait_together_one_that_fails_undoes_no_other(
    database: Database, table: Table
) -> None:
    def fail(connection: Connection) -> None:
        connection.execute(insert(table).values(id=100))
        raise LookupError("mine")

    held = Held(database)
    await held.begun()
    jobs = [
        add(database, 1),
        database.run(fail),
        add(database, 1),
        add(database, 2),
        database.execute(text("SELECT no_such_function(1)")),
        add(database, 3),
    ]
    group = asyncio.gather(*jobs, return_exceptions=True)
    await asyncio.sleep(0)
    held.let_go()
    kinds = [type(result) for result in await group]
    nothing = type(None)
    assert kinds[:4] == [nothing, LookupError, IntegrityError, nothing]
    assert issubclass(kinds[4], DBAPIError)
    assert kinds[5] is nothing
    assert await ids(database) == [1, 2, 3]
    await held.task


async def test_of_works_that_wait_together_one_that_takes_too_long_ends_no_other(
    database: Database, table: Table
) -> None:
    held = Held(database)
    await held.begun()
    database._seconds = 1.0
    slow = asyncio.create_task(database.execute(insert(table).values(id=-1), SLOW))
    await asyncio.sleep(0)
    database._seconds = PATIENCE
    others = [asyncio.create_task(add(database, number)) for number in range(5)]
    await asyncio.sleep(0)
    held.let_go()
    with pytest.raises(StorageUnavailableError, match="no answer in time"):
        await slow
    await asyncio.gather(held.task, *others)
    assert await ids(database) == list(range(5))


async def test_works_whose_commit_fails_are_done_by_themselves_once(
    database: Database,
) -> None:
    await database.execute(
        text(
            "CREATE TABLE parts (id INTEGER PRIMARY KEY, "
            "whole INTEGER REFERENCES parts DEFERRABLE INITIALLY DEFERRED)"
        )
    )
    done: Counter[int] = Counter()

    def job(connection: Connection, number: int) -> None:
        done[number] += 1
        whole = number if number < 9 else -1
        connection.execute(
            text("INSERT INTO parts VALUES (:id, :whole)"), {"id": number, "whole": whole}
        )

    held = Held(database)
    await held.begun()
    group = asyncio.gather(
        *(database.run(job, number) for number in range(10)), return_exceptions=True
    )
    await asyncio.sleep(0)
    held.let_go()
    *results, last = await group
    assert results == [None] * 9
    assert isinstance(last, StorageUnavailableError)
    assert await database.run(lambda c: c.scalar(text("SELECT count(*) FROM parts"))) == 9
    await held.task
    assert max(done.values()) == 2
