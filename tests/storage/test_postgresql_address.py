"""What an address tells a PostgreSQL server, or a pooler before it."""

from __future__ import annotations

import asyncio
import os
import re
import socket
import tempfile
from pathlib import Path

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from bot.storage import Database, DatabaseUrl, StorageUnavailableError, UnusableDatabaseError
from bot.storage.connectors import driver_of
from bot.storage.postgresql_connector import PREPARE_AFTER
from tests import disturbed_database
from tests.database import opened, set_to, setting_of
from tests.disturbed_database import way_to
from tests.gate import Gate, Streams, startup_of
from tests.postgresql import administer, at, postgresql
from tests.storage.jobs import answer

behind_gate = disturbed_database.behind_gate


class Pooler(Gate):
    """Refuses parameters at the start of a connection, as PgBouncer does and others after it.

    Those that it takes are in its documentation, ignore_startup_parameters. It tells of a process
    of its own in place of the server's.
    """

    TAKEN = frozenset({"user", "database", "application_name", "client_encoding"})

    async def greet(self, streams: Streams, there: asyncio.StreamWriter) -> None:
        body = await startup_of(streams)
        for name in body[4:].decode().split("\0")[::2]:  # the names, as values are between them
            if name and name not in self.TAKEN:
                told = f"SFATAL\0C08P01\0Munsupported startup parameter: {name}\0\0".encode()
                streams[1].write(b"E" + (len(told) + 4).to_bytes(4) + told)
                await streams[1].drain()
        there.write((len(body) + 4).to_bytes(4) + body)

    def passed_on(self, data: bytes) -> bytes:
        key = re.compile(rb"(K\0\0\0\x0c)....", re.DOTALL)
        return key.sub(lambda found: found[1] + (7).to_bytes(4), data)


def shown(connection: Connection) -> list[object]:
    names = ("work_mem", "application_name", "lock_timeout", "statement_timeout")
    return [connection.scalar(text(f"SHOW {name}")) for name in names]


async def test_options_of_the_address_hold_beside_callnotes_own_limits(
    request: pytest.FixtureRequest,
) -> None:
    async with postgresql(request.config) as address:
        chosen = set_to(address, options="-c work_mem=5MB -c lock_timeout=7s")
        async with opened(chosen) as database:
            memory, name, lock, statement = await database.run(shown)
    assert (memory, name, lock) == ("5MB", "callnote", "50ms")
    assert statement != "0"


async def test_the_operating_system_is_told_when_a_silent_connection_is_broken(
    behind_gate: tuple[DatabaseUrl, Gate],
) -> None:
    def told(connection: Connection) -> list[int]:
        idle, user = socket.TCP_KEEPIDLE, socket.TCP_USER_TIMEOUT
        options = (idle, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT, user)
        with socket.socket(fileno=os.dup(driver_of(connection).fileno())) as connected:
            return [connected.getsockopt(socket.IPPROTO_TCP, option) for option in options]

    async with opened(behind_gate[0]) as database:
        assert await database.run(told) == [30, 10, 3, 10_000]
    async with opened(set_to(behind_gate[0], keepalives_idle="60")) as database:
        assert await database.run(told) == [60, 10, 3, 10_000]


async def test_options_may_name_another_schema(request: pytest.FixtureRequest) -> None:
    async with postgresql(request.config, empty=True) as address:
        await administer(setting_of(address), "CREATE SCHEMA apart")
        async with opened(set_to(address, options="-csearch_path=apart")) as database:
            found = text("SELECT to_regclass('apart.notes') IS NOT NULL")
            assert await database.run(lambda connection: connection.scalar(found))


async def test_a_pooler_gets_no_parameters_but_those_it_knows_and_refuses_options_in_a_sentence(
    request: pytest.FixtureRequest,
) -> None:
    async with postgresql(request.config) as behind, Pooler(way_to(behind)) as pooler:
        address = at(behind, host="127.0.0.1", port=str(pooler.port), sslmode="disable")
        async with opened(set_to(address, application_name="ours", pgbouncer="true")) as database:
            assert (await database.run(shown))[1:3] == ["ours", "50ms"]
        with pytest.raises(UnusableDatabaseError, match="refuses a parameter of DATABASE_URL"):
            await Database(set_to(address, options="-c work_mem=5MB")).open()


@pytest.mark.parametrize(("pooled", "kept"), [(False, 1), (True, 0)])
async def test_the_server_keeps_plans_unless_a_pooler_gives_out_its_connections(
    request: pytest.FixtureRequest, *, pooled: bool, kept: int
) -> None:
    async with postgresql(request.config) as behind, Pooler(way_to(behind)) as pooler:
        proxy = {"host": "127.0.0.1", "port": str(pooler.port), "sslmode": "disable"}
        async with opened(at(behind, **proxy) if pooled else behind) as database:
            query = text("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE :like")
            asked = {"like": "%pg_prepared_statements%"}
            for _ in range(10):
                count = await database.run(lambda connection: connection.scalar(query, asked))
    assert count == kept


async def test_a_plan_that_another_process_made_useless_is_made_anew(
    request: pytest.FixtureRequest,
) -> None:
    async with postgresql(request.config) as address, opened(address) as database:
        await database.execute(text("CREATE TABLE things (what TEXT)"))
        for _ in range(10):
            await database.run(
                lambda connection: connection.scalar(text("SELECT what FROM things"))
            )
        await administer(setting_of(address), "ALTER TABLE things ALTER what TYPE CHAR(9)")
        found = text("SELECT what FROM things")
        assert await database.run(lambda connection: connection.scalar(found)) is None


@pytest.mark.parametrize(
    ("before", "done", "code"),
    [
        (2 * PREPARE_AFTER, "DO $$ BEGIN EXECUTE 'DEALLOCATE ALL'; END $$", "26000"),
        (0, "; ".join(f'PREPARE "_pg3_{number}" AS SELECT 7' for number in range(60)), "42P05"),
    ],
    ids=["gone", "somebody else's"],
)
async def test_a_plan_that_is_lost_behind_a_pooler_that_hides_itself_is_made_anew(
    request: pytest.FixtureRequest, before: int, done: str, code: str
) -> None:
    """The next transaction has another connection to the server."""
    seen = set()

    def ask(connection: Connection) -> object:
        try:
            return connection.scalar(text("SELECT 41 + 1"))
        except DBAPIError as error:
            seen.add(getattr(error.orig, "sqlstate", None))
            raise

    def change(connection: Connection) -> None:
        driver_of(connection).execute(done, prepare=False)

    async with postgresql(request.config) as address, opened(address) as database:
        for _ in range(before):
            assert await database.run(ask) == 42
        await database.run(change)
        for _ in range(2 * PREPARE_AFTER):
            assert await database.run(ask) == 42
    assert seen == {code}


@pytest.mark.parametrize(
    "options",
    [
        "-c no_such_setting=1",
        "-c work_mem",
        "-c log_statement_stats=perhaps",
        "-c shared_buffers=1",
        "--no-such-option",
        "endpoint=ep-cool-rain",
    ],
)
async def test_options_that_the_server_does_not_take_are_one_sentence(
    request: pytest.FixtureRequest, options: str
) -> None:
    async with postgresql(request.config) as address:
        with pytest.raises(UnusableDatabaseError, match="refuses a parameter of DATABASE_URL"):
            await Database(set_to(address, options=options)).open()


@pytest.mark.parametrize(
    ("parameters", "name"),
    [
        ({"channel_binding": "perhaps"}, "channel_binding"),
        ({"target_session_attrs": "best"}, "target_session_attrs"),
        ({"ssl_min_protocol_version": "SSLv3"}, "ssl_min_protocol_version"),
        ({"sslrootcert": "system", "sslmode": "require"}, "sslmode"),
        ({"port": "1,2"}, "port"),
        ({"host": "127.0.0.1", "keepalives_idle": "1.5"}, "keepalives_idle"),
        ({"service": "nowhere"}, "service"),
        ({"min_protocol_version": "3.2", "max_protocol_version": "3.0"}, "min_protocol_version"),
    ],
)
async def test_a_value_that_libpq_does_not_take_is_one_sentence(
    parameters: dict[str, str], name: str
) -> None:
    address = DatabaseUrl.parse("postgresql://u:p@/d?host=/no/such/folder", folder=Path())
    sentence = f"The value of {name} in DATABASE_URL cannot be used."
    with pytest.raises(UnusableDatabaseError) as caught:
        await Database(set_to(address, **parameters)).open()
    assert str(caught.value) == sentence


async def test_what_no_server_can_fulfil_is_one_sentence() -> None:
    address = DatabaseUrl.parse("postgresql://u:p@/d?host=/no/such/folder", folder=Path())
    empty = {"ssl_min_protocol_version": "TLSv1.3", "ssl_max_protocol_version": "TLSv1.2"}
    with pytest.raises(UnusableDatabaseError, match="cannot be used with that of ssl_max_protocol"):
        await Database(set_to(address, **empty)).open()


async def test_a_server_of_another_user_than_the_address_demands_is_one_sentence() -> None:
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as server:
        server.bind(f"{folder}/.s.PGSQL.5432")
        server.listen()
        demanding = f"postgresql://u:p@/d?host={folder}&requirepeer=nobody-of-this-name"
        with pytest.raises(UnusableDatabaseError, match="The value of requirepeer in DATABASE_URL"):
            await Database(DatabaseUrl.parse(demanding, folder=Path())).open()


async def test_a_server_that_asks_for_no_password_where_one_is_demanded_is_one_sentence(
    request: pytest.FixtureRequest,
) -> None:
    async with postgresql(request.config) as address:
        with pytest.raises(UnusableDatabaseError, match="does not ask for the password or cert"):
            await Database(set_to(address, require_auth="gss")).open()


async def test_an_address_without_a_host_leads_to_where_libpq_looks(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with postgresql(request.config) as address:
        for name in {"host", "port", "user", "password"} & address.parameters.keys():
            monkeypatch.setenv(f"PG{name.upper()}", address.parameters[name])
        alone = f"postgresql:///{address.parameters['dbname']}"
        async with opened(DatabaseUrl.parse(alone, folder=Path())) as database:
            assert await answer(database) == 42


async def test_a_socket_that_is_not_there_is_unavailable_for_now() -> None:
    address = DatabaseUrl.parse("postgresql://u:p@/d?host=/no/such/folder", folder=Path())
    with pytest.raises(StorageUnavailableError, match="no connection could be made"):
        await Database(address).open()
