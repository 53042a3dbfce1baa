import asyncio
import contextlib
import gc
import time
import warnings
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, Text, delete, insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from bot.storage import (
    Database,
    DatabaseUrl,
    StorageFullError,
    StorageUnavailableError,
)
from bot.storage.database import CONNECTIONS
from tests import database as databases
from tests.database import file_in, make_file, opened
from tests.world import PATIENCE

engine = databases.engine
address = databases.address
database = databases.database

# Counting that far takes either engine seconds, so it is cancelled before, also by a busy machine.
SLOW = text(
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000000) "
    "SELECT count(*) FROM n"
)

things = Table("things", MetaData(), Column("id", Integer, primary_key=True), Column("what", Text))


@pytest.fixture
async def table(database: Database) -> Table:
    async with database.begin() as connection:
        await connection.execute(text("CREATE TABLE things (id INTEGER PRIMARY KEY, what TEXT)"))
    return things


async def ids(database: Database) -> list[int]:
    async with database.begin() as connection:
        return list(await connection.scalars(select(things.c.id).order_by(things.c.id)))


async def add(database: Database, number: int) -> None:
    async with database.begin() as connection:
        await connection.execute(insert(things).values(id=number))


@pytest.mark.parametrize("text", ["sqlite:///no/file.db", "postgresql://u@127.0.0.1:1/d"])
def test_a_database_makes_no_connection_when_constructed(text: str, tmp_path: Path) -> None:
    Database(DatabaseUrl.parse(text, folder=tmp_path))
    assert list(tmp_path.iterdir()) == []


async def test_the_clock_gives_seconds_since_1970(database: Database) -> None:
    before = time.time()
    async with database.begin() as connection:
        now = await connection.scalar(select(database.now))
    assert isinstance(now, float)
    # The clocks are the same machine's; SQLite's is exact to about a millisecond.
    assert before - 0.01 <= now <= time.time() + 0.01


async def test_the_clock_goes_on_within_a_transaction(database: Database) -> None:
    async with database.begin() as connection:
        first = await connection.scalar(select(database.now))
        await asyncio.sleep(0.02)
        assert first is not None
        assert (await connection.scalar(select(database.now)) or 0) > first


async def test_a_row_is_inserted_once(database: Database, table: Table) -> None:
    async with database.begin() as connection:
        first = await connection.execute(database.insert_once(table).values(id=1, what="first"))
        again = await connection.execute(database.insert_once(table).values(id=1, what="again"))
        assert (first.rowcount, again.rowcount) == (1, 0)
        assert (await connection.execute(select(table))).all() == [(1, "first")]


async def test_an_exception_undoes_the_transaction_and_is_raised(
    database: Database, table: Table
) -> None:
    async def fail() -> None:
        async with database.begin() as connection:
            await connection.execute(insert(table).values(id=1))
            raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        await fail()
    assert await ids(database) == []


async def test_a_broken_constraint_is_raised_as_such(database: Database, table: Table) -> None:
    await add(database, 1)
    with pytest.raises(IntegrityError):
        await add(database, 1)
    assert await ids(database) == [1]


async def test_a_stored_text_is_in_no_message(database: Database, table: Table) -> None:
    twice = insert(table).values([{"id": 1, "what": "distinctive-5f1d7c"}] * 2)
    with pytest.raises(IntegrityError) as caught:
        async with database.begin() as connection:
            await connection.execute(twice)
    assert "distinctive" not in str(caught.value)


async def test_a_read_and_its_write_are_one_step(database: Database, table: Table) -> None:
    await add(database, 0)

    async def step() -> None:
        async with database.begin() as connection:
            number = await connection.scalar(select(table.c.id).with_for_update())
            await asyncio.sleep(0)
            await connection.execute(table.update().values(id=(number or 0) + 1))

    await asyncio.gather(*(step() for _ in range(20)))
    assert await ids(database) == [20]


async def test_a_cancelled_transaction_leaves_nothing_behind(
    database: Database, table: Table
) -> None:
    for number in range(2 * CONNECTIONS):
        started = asyncio.Event()

        async def write(number: int, started: asyncio.Event) -> None:
            async with database.begin() as connection:
                await connection.execute(insert(table).values(id=number))
                started.set()
                await asyncio.Event().wait()

        task = asyncio.create_task(write(number, started))
        await started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    await asyncio.gather(*(add(database, number) for number in range(2 * CONNECTIONS)))
    assert await ids(database) == list(range(2 * CONNECTIONS))


async def test_a_transaction_cancelled_with_rows_unread_leaves_nothing_locked(
    database: Database, table: Table
) -> None:
    async def run() -> None:
        while True:
            async with database.begin() as connection:
                await connection.execute(insert(table).values(id=-1).returning(table.c.id))
                await connection.execute(select(table.c.id))
                await connection.execute(delete(table).where(table.c.id == -1))

    for number in range(100):
        task = asyncio.create_task(run())
        await asyncio.sleep(0.0001 * number)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await add(database, number)
    assert await ids(database) == list(range(100))


@pytest.mark.parametrize("steps", range(8))
async def test_a_loop_that_ends_while_a_cancelled_statement_is_undone_does_end(
    database: Database, table: Table, steps: int
) -> None:
    others = asyncio.all_tasks()

    async def run() -> None:
        async with database.begin() as connection:
            await connection.execute(insert(table).values(id=-1))
            await connection.execute(SLOW)

    task = asyncio.create_task(run())
    await asyncio.sleep(0.02)
    task.cancel()
    while not task.done() and len(asyncio.all_tasks() - others) == 1:  # noqa: ASYNC110 - no event tells
        await asyncio.sleep(0)
    for _ in range(steps):
        await asyncio.sleep(0)
    async with asyncio.timeout(PATIENCE):
        while left := asyncio.all_tasks() - others:
            for each in left:  # as `asyncio.run` does
                each.cancel()
            await asyncio.wait(left)
    await add(database, 1)
    assert await ids(database) == [1]


@pytest.mark.parametrize("milliseconds", [0, 1, 2, 5, 10, 50])
async def test_a_cancelled_statement_leaves_nothing_behind(
    database: Database, table: Table, milliseconds: int
) -> None:
    async def run() -> None:
        async with database.begin() as connection:
            await connection.execute(insert(table).values(id=-1))
            await connection.execute(SLOW)

    tasks = [asyncio.create_task(run()) for _ in range(2 * CONNECTIONS)]
    await asyncio.sleep(milliseconds / 1000)
    for task in tasks:
        task.cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert {type(result) for result in results} == {asyncio.CancelledError}
    await asyncio.gather(*(add(database, number) for number in range(2 * CONNECTIONS)))
    assert await ids(database) == list(range(2 * CONNECTIONS))


async def test_a_block_that_takes_too_long_is_ended_and_undone(
    address: DatabaseUrl, database: Database, table: Table
) -> None:
    await database.close()
    impatient = Database(address, seconds=2.0)
    ended = asyncio.Event()

    async def linger() -> None:
        async with impatient.begin() as connection:
            await connection.execute(insert(table).values(id=1))
            try:
                await asyncio.Event().wait()
            finally:
                ended.set()

    with pytest.raises(StorageUnavailableError, match="no answer in time"):
        await linger()
    await impatient.close()
    assert ended.is_set()
    async with opened(address) as again:
        assert await ids(again) == []


async def test_a_file_that_is_being_opened_when_the_time_is_over_is_closed(tmp_path: Path) -> None:
    address = make_file(file_in(tmp_path))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ResourceWarning)
        for step in range(100):
            database = Database(address, seconds=step * 0.00003)
            with contextlib.suppress(StorageUnavailableError):
                async with database.begin():
                    pass
            await database.close()
        del database
        gc.collect()
    assert [str(each.message) for each in caught] == []


async def test_waiting_for_a_free_connection_ends_in_time(
    address: DatabaseUrl, database: Database
) -> None:
    await database.close()
    impatient = Database(address, seconds=2.0)
    held = asyncio.Semaphore(0)

    async def hold() -> None:
        with contextlib.suppress(StorageUnavailableError):
            async with impatient.begin():
                held.release()
                await asyncio.Event().wait()

    holding = [asyncio.create_task(hold()) for _ in range(CONNECTIONS)]
    await held.acquire()
    with pytest.raises(StorageUnavailableError, match="no answer in time"):
        async with impatient.begin():
            await asyncio.Event().wait()
    await asyncio.gather(*holding)
    async with impatient.begin() as connection:
        assert await connection.scalar(text("SELECT 1")) == 1
    await impatient.close()


async def test_a_full_database_saves_nothing_and_says_so(database: Database, table: Table) -> None:
    async with database.begin() as connection:
        if database.address.kind == "SQLite":
            pages = await connection.scalar(text("PRAGMA page_count"))
            await connection.execute(text(f"PRAGMA max_page_count = {pages}"))
        else:
            await connection.execute(
                text(
                    "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                    "IF length(NEW.what) > 9 THEN RAISE 'no space' USING ERRCODE = '53100'; "
                    "END IF; RETURN NEW; END $$"
                )
            )
            await connection.execute(
                text(
                    "CREATE TRIGGER full_disk BEFORE INSERT ON things "
                    "FOR EACH ROW EXECUTE FUNCTION full_disk()"
                )
            )

    async def overfill() -> None:
        async with database.begin() as connection:
            await connection.execute(insert(table).values(id=1, what="x"))
            await connection.execute(insert(table).values(id=2, what="x" * 100_000))

    with pytest.raises(StorageFullError, match="no room"):
        await overfill()
    assert await ids(database) == []
    await add(database, 3)
    assert await ids(database) == [3]


async def test_a_mistake_of_the_program_is_not_taken_for_a_failure_of_the_database(
    database: Database,
) -> None:
    with pytest.raises(DBAPIError, match="no_such_table"):
        async with database.begin() as connection:
            await connection.execute(text("SELECT * FROM no_such_table"))
