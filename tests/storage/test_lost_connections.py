"""A connection to PostgreSQL that is lost."""

import asyncio

import pytest
from sqlalchemy import Connection, text

from bot.storage import Database, DatabaseUrl, StorageUnavailableError
from tests import disturbed_database
from tests.database import opened
from tests.gate import Gate
from tests.postgresql import administer, postgresql, server_url
from tests.storage.jobs import answer

behind_gate = disturbed_database.behind_gate


async def test_a_connection_lost_during_a_work_is_not_noticed(
    behind_gate: tuple[DatabaseUrl, Gate],
) -> None:
    address, gate = behind_gate
    async with opened(address) as database:
        loop = asyncio.get_running_loop()
        cuts = 0

        def write(connection: Connection) -> None:
            nonlocal cuts
            connection.execute(text("CREATE TABLE lost (id INTEGER)"))
            if not cuts:
                cuts += 1
                asyncio.run_coroutine_threadsafe(gate.cut(), loop).result()
            connection.execute(text("INSERT INTO lost VALUES (1)"))

        await database.run(write)
        count = await database.run(lambda c: c.scalar(text("SELECT count(*) FROM lost")))
        assert count == 1


async def test_a_connection_that_is_lost_again_and_again_is_unavailable(
    behind_gate: tuple[DatabaseUrl, Gate],
) -> None:
    address, gate = behind_gate
    async with opened(address) as database:
        loop = asyncio.get_running_loop()

        def write(connection: Connection) -> None:
            asyncio.run_coroutine_threadsafe(gate.cut(), loop).result()
            connection.execute(text("SELECT 43"))

        with pytest.raises(StorageUnavailableError, match="the connection broke"):
            await database.run(write)
        assert await answer(database) == 42


async def test_a_connection_lost_while_idle_is_not_noticed(
    behind_gate: tuple[DatabaseUrl, Gate],
) -> None:
    address, gate = behind_gate
    async with opened(address) as database:
        for _ in range(3):
            await gate.cut()
            assert await answer(database) == 42


async def test_a_server_that_ends_our_connections_is_not_noticed(
    request: pytest.FixtureRequest,
) -> None:
    async with postgresql(request.config) as address, opened(address) as database:
        loop = asyncio.get_running_loop()
        pids: list[int] = []

        def ask(connection: Connection) -> object:
            pids.append(connection.scalar(text("SELECT pg_backend_pid()")) or 0)
            if len(pids) == 1:
                end = f"SELECT pg_terminate_backend({pids[0]}, 5000)"
                ending = administer(server_url(request.config), end)
                asyncio.run_coroutine_threadsafe(ending, loop).result()
            return connection.scalar(text("SELECT 43"))

        assert await database.run(ask) == 43
        assert len(set(pids)) == 2


async def test_a_connection_that_can_only_be_read_is_replaced(
    request: pytest.FixtureRequest,
) -> None:
    """As one that was made to a primary's replica, or leads to a former primary."""
    async with postgresql(request.config, empty=True) as address:
        url, setting = server_url(request.config), "default_transaction_read_only"
        this = f"ALTER DATABASE {address.parameters['dbname']}"
        database = Database(address)
        try:
            await administer(url, f"{this} SET {setting} = on")
            assert await answer(database) == 42
            await administer(url, f"{this} RESET {setting}")
            await database.execute(text("CREATE TABLE things (id INTEGER)"))
        finally:
            await database.close()
