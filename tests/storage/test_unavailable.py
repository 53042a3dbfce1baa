"""A database that is slow, locked, unreachable, gone, or back again."""

import asyncio
import contextlib
import threading
import traceback
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from bot.storage import Database, DatabaseUrl, StorageUnavailableError, postgresql_connector
from tests import disturbed_database
from tests.database import opened
from tests.disturbed_database import somebody_waits, transaction
from tests.gate import Gate
from tests.postgresql import administer, at, postgresql, server_url
from tests.storage.jobs import LITTLE, answer
from tests.world import PATIENCE

behind_gate = disturbed_database.behind_gate

PASSWORD = "distinctive-5f1d7c"


@pytest.fixture
async def short_time_out(
    behind_gate: tuple[DatabaseUrl, Gate],
) -> AsyncIterator[tuple[Database, Gate]]:
    """Give an open database with little time for each transaction, and the gate before it."""
    address, gate = behind_gate
    async with opened(address):
        pass
    database = Database(address, seconds=LITTLE)
    yield database, gate
    await database.close()


async def test_a_server_that_refuses_connections_is_unavailable_until_it_takes_them(
    behind_gate: tuple[DatabaseUrl, Gate],
) -> None:
    address, gate = behind_gate
    await gate.refuse()
    database = Database(address)
    with pytest.raises(StorageUnavailableError, match="no connection could be made"):
        await database.open()
    await gate.let_pass()
    await database.open()
    assert await answer(database) == 42
    await database.close()


async def test_a_server_that_does_not_answer_at_the_start_is_unavailable(
    behind_gate: tuple[DatabaseUrl, Gate],
) -> None:
    address, gate = behind_gate
    gate.stall()
    database = Database(address, seconds=LITTLE)
    with pytest.raises(StorageUnavailableError, match="no answer in time"):
        await database.open()
    await gate.let_pass()
    async with opened(address) as patient:
        assert await answer(patient) == 42


async def test_a_connection_that_stalls_is_given_up_and_replaced(
    short_time_out: tuple[Database, Gate],
) -> None:
    database, gate = short_time_out

    def ask(connection: Connection) -> None:
        assert connection.scalar(text("SELECT 42")) == 42
        gate.stall()
        connection.scalar(text("SELECT 43"))

    for job in (ask, lambda c: c.scalar(text("SELECT 42"))):
        with pytest.raises(StorageUnavailableError, match="no answer in time"):
            await database.run(job)
    await gate.let_pass()
    assert await answer(database) == 42


async def test_a_connection_that_stalls_is_replaced_when_its_caller_gave_up_before(
    short_time_out: tuple[Database, Gate],
) -> None:
    database, gate = short_time_out
    await answer(database)
    gate.accepted = asyncio.Semaphore(0)  # for the connections that come from now on
    gate.stall()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await answer(database)

    async def go_on_asking() -> None:
        while True:
            with contextlib.suppress(StorageUnavailableError):
                await answer(database)

    asking = asyncio.create_task(go_on_asking())
    await asyncio.wait_for(gate.accepted.acquire(), PATIENCE)
    asking.cancel()
    await asyncio.wait({asking})


async def test_a_statement_that_failed_unnoticed_is_not_taken_for_committed(
    request: pytest.FixtureRequest,
) -> None:
    async with postgresql(request.config) as address, opened(address) as database:

        def swallow(connection: Connection) -> None:
            connection.execute(text("CREATE TABLE lost (id INTEGER)"))
            with contextlib.suppress(DBAPIError):
                connection.execute(text("SELECT no_such_function()"))

        with pytest.raises(StorageUnavailableError):
            await database.run(swallow)
        gone = text("SELECT to_regclass('lost')")
        assert await database.run(lambda connection: connection.scalar(gone)) is None


async def test_many_stalled_works_are_given_up_together(
    short_time_out: tuple[Database, Gate],
) -> None:
    database, gate = short_time_out
    assert await asyncio.gather(*(answer(database) for _ in range(8))) == [42] * 8
    gate.stall()
    results = await asyncio.gather(*(answer(database) for _ in range(8)), return_exceptions=True)
    assert {type(result) for result in results} == {StorageUnavailableError}
    await gate.let_pass()
    assert await asyncio.gather(*(answer(database) for _ in range(8))) == [42] * 8


async def test_a_row_that_is_locked_holds_up_no_other_work(request: pytest.FixtureRequest) -> None:
    async with postgresql(request.config) as address, opened(address) as database:
        lock = text("UPDATE settings_version SET value = value")
        async with transaction(address, "SELECT value FROM settings_version FOR UPDATE"):
            waiting = asyncio.create_task(database.execute(lock))
            for _ in range(3):
                await somebody_waits(address)
                assert await answer(database) == 42
            assert not waiting.done()
        await waiting


async def test_a_process_that_stands_still_in_a_transaction_locks_others_out_for_a_while_only(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql_connector, "IDLE_SECONDS", 1.0)
    locked, go = threading.Event(), threading.Event()

    def stand_still(connection: Connection) -> None:
        connection.execute(text("UPDATE settings_version SET value = value"))
        locked.set()
        go.wait()

    async with (
        postgresql(request.config) as address,
        opened(address) as suspended,
        opened(address) as other,
    ):
        task = asyncio.create_task(suspended.run(stand_still))
        await asyncio.to_thread(locked.wait)
        await other.execute(text("UPDATE settings_version SET value = value + 1"))
        go.set()
        with pytest.raises(StorageUnavailableError):
            await task
        assert await answer(suspended) == 42


async def test_closing_waits_for_no_server_that_does_not_answer(
    behind_gate: tuple[DatabaseUrl, Gate],
) -> None:
    address, gate = behind_gate
    async with opened(address):
        pass
    database = Database(address, seconds=PATIENCE)
    assert await asyncio.gather(*(answer(database) for _ in range(5))) == [42] * 5
    gate.stall()
    async with asyncio.timeout(PATIENCE):
        await database.close()


async def test_too_many_connections_are_unavailable_for_now(
    request: pytest.FixtureRequest,
) -> None:
    async with postgresql(request.config) as address:
        name = address.parameters["dbname"]
        role = f"{name}_few"
        url = server_url(request.config)
        await administer(url, f"CREATE ROLE {role} LOGIN CONNECTION LIMIT 0 PASSWORD '{PASSWORD}'")
        try:
            limited = at(address, user=role, password=PASSWORD)
            with pytest.raises(StorageUnavailableError, match="too many connections"):
                await Database(limited).open()
        finally:
            await administer(url, f"DROP ROLE {role}")


async def test_a_user_who_may_no_longer_write_is_unavailable_for_now(
    request: pytest.FixtureRequest,
) -> None:
    async with postgresql(request.config) as address, opened(address):
        url, role = server_url(request.config), f"{address.parameters['dbname']}_full"
        await administer(url, f"CREATE ROLE {role} LOGIN PASSWORD '{PASSWORD}'")
        try:
            full = Database(at(address, user=role, password=PASSWORD))
            with pytest.raises(StorageUnavailableError, match="may not write to it"):
                await full.execute(text("DELETE FROM notes"))
            await full.close()
        finally:
            await administer(url, f"DROP ROLE {role}")


async def test_credentials_that_are_rotated_make_place_for_new_ones(
    request: pytest.FixtureRequest,
) -> None:
    """As on Heroku, which takes the old ones away and restarts the bot with a new address."""
    async with postgresql(request.config) as address, opened(address):
        url, name = server_url(request.config), address.parameters["dbname"]
        old, new = (
            Database(at(address, user=f"{name}_{which}", password=PASSWORD))
            for which in ("old", "new")
        )
        for which in ("old", "new"):
            await administer(
                url, f"CREATE ROLE {name}_{which} SUPERUSER LOGIN PASSWORD '{PASSWORD}'"
            )
        try:
            assert await answer(old) == 42
            await administer(url, f"ALTER ROLE {name}_old NOLOGIN")
            ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = :name"
            await new.execute(text(ended).bindparams(name=f"{name}_old"))
            with pytest.raises(StorageUnavailableError, match="user or the password"):
                await answer(old)
            assert await answer(new) == 42
        finally:
            await old.close()
            await new.close()
            for which in ("old", "new"):
                await administer(url, f"DROP ROLE {name}_{which}")


async def test_a_login_that_is_refused_is_unavailable_for_now(
    request: pytest.FixtureRequest,
) -> None:
    async with postgresql(request.config) as address:
        refused = at(address, user="nobody_of_this_name", password=PASSWORD)
        with pytest.raises(StorageUnavailableError, match="user or the password") as caught:
            await Database(refused).open()
    said = "".join(traceback.format_exception(caught.value))
    assert PASSWORD not in said
    assert "nobody_of_this_name" not in said


async def test_a_database_that_is_not_there_is_unavailable_for_now(
    request: pytest.FixtureRequest,
) -> None:
    server = DatabaseUrl.parse(server_url(request.config), folder=Path())
    with pytest.raises(StorageUnavailableError, match="no database of this name"):
        await Database(at(server, dbname="no_such_database")).open()


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("28P01", "it refuses the user or the password"),
        ("3D000", "there is no database of this name"),
        ("XX000", "it had an error of its own"),
        ("F0000", "it had an error of its own"),
        ("CR000", "it had an error of its own"),  # no code of PostgreSQL's
    ],
)
async def test_what_is_no_fault_of_a_statement_is_unavailable_for_now(
    request: pytest.FixtureRequest, code: str, reason: str
) -> None:
    failing = text(f"DO $$ BEGIN RAISE 'a pooler''s' USING ERRCODE = '{code}'; END $$")
    async with postgresql(request.config) as address, opened(address) as database:
        with pytest.raises(StorageUnavailableError, match=reason):
            await database.execute(failing)


@pytest.mark.parametrize("code", ["42601", "22023", "P0001"])
async def test_what_is_a_fault_of_a_statement_stays_as_it_is(
    request: pytest.FixtureRequest, code: str
) -> None:
    failing = text(f"DO $$ BEGIN RAISE 'ours' USING ERRCODE = '{code}'; END $$")
    async with postgresql(request.config) as address, opened(address) as database:
        with pytest.raises(DBAPIError, match="ours"):
            await database.execute(failing)
