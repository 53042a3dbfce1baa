import asyncio
import contextlib
import gc
import sqlite3
import time
import warnings
from pathlib import Path

import pytest
from sqlalchemy import Connection, Table, insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from bot.storage import NOW, Database, DatabaseUrl, StorageFullError, StorageUnavailableError
from tests import database as databases
from tests.database import file_in, opened, setting_of
from tests.postgresql import administer, postgresql
from tests.storage import jobs
from tests.storage.jobs import Held, add, ids

engine = databases.engine
address = databases.address
database = databases.database
table = jobs.table


MANY = 10_000  # questions, which take a database far longer than the millisecond of its clock


@pytest.mark.parametrize("text", ["sqlite:///no/file.db", "postgresql://u@127.0.0.1:1/d"])
def test_a_database_makes_no_connection_when_constructed(text: str, tmp_path: Path) -> None:
    Database(DatabaseUrl.parse(text, folder=tmp_path))
    assert list(tmp_path.iterdir()) == []


async def test_the_clock_gives_seconds_since_1970(database: Database) -> None:
    before = time.time()
    now = await database.run(lambda c: c.scalar(select(NOW)))
    assert isinstance(now, float)
    # The clocks are the same machine's; SQLite's is exact to about a millisecond.
    assert before - 0.01 <= now <= time.time() + 0.01


async def test_the_clock_goes_on_within_a_transaction(database: Database) -> None:
    def goes_on(connection: Connection) -> bool:
        first = now = connection.scalar(select(NOW))
        asked = 0
        while now == first and asked < MANY:
            now, asked = connection.scalar(select(NOW)), asked + 1
        return bool(first and now and first < now)

    assert await database.run(goes_on)


async def test_a_row_is_inserted_once(database: Database, table: Table) -> None:
    once = database.insert(table).on_conflict_do_nothing()
    await database.execute(once.values(id=1, what="first"), once.values(id=1, what="again"))
    assert await database.run(lambda c: c.execute(select(table)).all()) == [(1, "first")]


async def test_an_exception_undoes_the_transaction_and_is_raised(
    database: Database, table: Table
) -> None:
    def fail(connection: Connection) -> None:
        connection.execute(insert(table).values(id=1))
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        await database.run(fail)
    assert await ids(database) == []


async def test_a_broken_constraint_is_raised_as_such(database: Database, table: Table) -> None:
    await add(database, 1)
    with pytest.raises(IntegrityError):
        await add(database, 1)
    assert await ids(database) == [1]


async def test_a_stored_text_is_in_no_message(database: Database, table: Table) -> None:
    twice = insert(table).values([{"id": 1, "what": "distinctive-5f1d7c"}] * 2)
    with pytest.raises(IntegrityError) as caught:
        await database.execute(twice)
    assert "distinctive" not in str(caught.value)


async def test_a_read_and_its_write_are_one_step(database: Database, table: Table) -> None:
    await add(database, 0)

    def step(connection: Connection) -> None:
        number = connection.scalar(select(table.c.id).with_for_update())
        connection.execute(table.update().values(id=(number or 0) + 1))

    await asyncio.gather(*(database.run(step) for _ in range(20)))
    assert await ids(database) == [20]


async def test_a_file_that_cannot_be_set_up_is_closed(tmp_path: Path) -> None:
    address = file_in(tmp_path)
    assert address.path is not None
    gc.collect()  # what earlier tests left is not meant
    with contextlib.closing(sqlite3.connect(address.path, isolation_level=None)) as other:
        other.execute("CREATE TABLE things (id)")  # not in WAL mode, to which it is to be switched
        other.execute("BEGIN EXCLUSIVE")
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", ResourceWarning)
            database = Database(address, seconds=0.1)
            with pytest.raises(StorageUnavailableError):
                await database.execute()
            await database.close()
            gc.collect()
    assert [str(each.message) for each in caught] == []


async def test_a_full_database_saves_nothing_and_says_so(database: Database, table: Table) -> None:
    if database.address.kind == "SQLite":

        def limit(connection: Connection) -> None:
            pages = connection.scalar(text("PRAGMA page_count"))
            connection.execute(text(f"PRAGMA max_page_count = {pages}"))

        await database.run(limit)
    else:
        await database.execute(
            text(
                "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                "IF length(NEW.what) > 9 THEN RAISE 'no space' USING ERRCODE = '53100'; "
                "END IF; RETURN NEW; END $$"
            ),
            text(
                "CREATE TRIGGER full_disk BEFORE INSERT ON things "
                "FOR EACH ROW EXECUTE FUNCTION full_disk()"
            ),
        )
    rows = [{"id": 1, "what": "x"}, {"id": 2, "what": "x" * 100_000}]
    with pytest.raises(StorageFullError, match="no room"):
        await database.execute(*(insert(table).values(row) for row in rows))
    assert await ids(database) == []
    held = Held(database)
    await held.begun()
    both = asyncio.gather(
        database.execute(insert(table).values(rows[1])), add(database, 3), return_exceptions=True
    )
    await asyncio.sleep(0)
    held.let_go()
    assert [type(result) for result in await both] == [StorageFullError, type(None)]
    assert await ids(database) == [3]
    await held.task


async def test_a_mistake_of_the_program_is_not_taken_for_a_failure_of_the_database(
    database: Database,
) -> None:
    with pytest.raises(DBAPIError, match="no_such_function"):
        await database.execute(text("SELECT no_such_function(1)"))


async def test_a_commit_that_another_transaction_was_in_the_way_of_is_tried_again(
    request: pytest.FixtureRequest,
) -> None:
    """As where all transactions are serializable."""
    async with postgresql(request.config, empty=True) as address, opened(address) as database:
        await administer(
            setting_of(address),
            "CREATE TABLE things (id INTEGER PRIMARY KEY, what TEXT); CREATE SEQUENCE tries; "
            "CREATE FUNCTION refuse_once() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "IF nextval('tries') = 1 THEN RAISE 'not now' USING ERRCODE = '40001'; END IF; "
            "RETURN NULL; END $$; "
            "CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON things DEFERRABLE INITIALLY DEFERRED "
            "FOR EACH ROW EXECUTE FUNCTION refuse_once()",
        )
        await add(database, 1)
        assert await ids(database) == [1]
