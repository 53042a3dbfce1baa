"""What tests of a database do in it, and a job that keeps its thread."""

import asyncio
import threading

import pytest
from sqlalchemy import Column, Connection, Integer, MetaData, Table, Text, insert, select, text

from bot.storage import Database

# Counting that far takes either engine seconds, so it is interrupted before, also when busy.
SLOW = text(
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000000) "
    "SELECT count(*) FROM n"
)

LITTLE = 2.0
"""Seconds that a test can wait out, and in which a database that does answer has answered."""

things = Table("things", MetaData(), Column("id", Integer, primary_key=True), Column("what", Text))


@pytest.fixture
async def table(database: Database) -> Table:
    await database.execute(text("CREATE TABLE things (id INTEGER PRIMARY KEY, what TEXT)"))
    return things


def read_ids(connection: Connection) -> list[int]:
    return list(connection.scalars(select(things.c.id).order_by(things.c.id)))


async def ids(database: Database) -> list[int]:
    return await database.run(read_ids)


async def add(database: Database, number: int) -> None:
    await database.execute(insert(things).values(id=number))


class Held:
    """A job that keeps the database's thread until it is let go, so that others wait behind it."""

    def __init__(self, database: Database) -> None:
        self._loop = asyncio.get_running_loop()
        self._begun = asyncio.Event()
        self._go = threading.Event()
        self.task = asyncio.create_task(database.run(self._hold))

    def _hold(self, _: Connection) -> None:
        self._loop.call_soon_threadsafe(self._begun.set)
        self._go.wait()

    async def begun(self) -> None:
        await self._begun.wait()

    def let_go(self) -> None:
        self._go.set()


async def answer(database: Database) -> object:
    return await database.run(lambda connection: connection.scalar(text("SELECT 42")))
