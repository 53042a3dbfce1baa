"""An address that leads to several servers, or to several addresses of one."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest
from sqlalchemy import Connection, text

from bot.storage import Database, DatabaseUrl, StorageUnavailableError
from bot.storage.connectors import driver_of
from tests import disturbed_database
from tests.database import opened, set_to
from tests.disturbed_database import way_to
from tests.gate import Gate, Streams, startup_of
from tests.postgresql import at, postgresql
from tests.storage.jobs import LITTLE, answer

behind_gate = disturbed_database.behind_gate


class Standby(Gate):
    """Leads to a server's connections that can only be read."""

    async def greet(self, streams: Streams, there: asyncio.StreamWriter) -> None:
        body = await startup_of(streams)
        body = body[:-1] + b"options\0-c default_transaction_read_only=on\0\0"
        there.write((len(body) + 4).to_bytes(4) + body)


async def test_of_several_servers_the_one_that_answers_is_used(
    request: pytest.FixtureRequest,
) -> None:
    async with postgresql(request.config) as behind, Gate(way_to(behind)) as gate:
        two = at(behind, host="127.0.0.1,127.0.0.1", port=f"9,{gate.port}")
        async with opened(set_to(two, target_session_attrs="read-write")) as database:
            assert await database.run(lambda c: c.scalar(text("SELECT 42"))) == 42
        await gate.refuse()
        with pytest.raises(StorageUnavailableError, match="no connection could be made"):
            await Database(two).open()


async def test_of_several_servers_the_one_that_may_be_written_to_is_used(
    request: pytest.FixtureRequest,
) -> None:
    async with (
        postgresql(request.config) as behind,
        Standby(way_to(behind)) as standby,
        Gate(way_to(behind)) as primary,
    ):
        ports = f"{standby.port},{primary.port}"
        two = at(behind, host="127.0.0.1,127.0.0.1", port=ports, sslmode="disable")
        async with opened(set_to(two)) as database:
            await database.execute(text("UPDATE settings_version SET value = value"))


def resolve(monkeypatch: pytest.MonkeyPatch, name: str, *found: str) -> None:
    """Let a name have these addresses."""
    real = socket.getaddrinfo

    def resolved(host: str, port: Any, *args: Any, **options: Any) -> list[Any]:
        if host != name:
            return real(host, port, *args, **options)
        return [each for one in found for each in real(one, port, *args, **options)]

    monkeypatch.setattr(socket, "getaddrinfo", resolved)


@pytest.mark.long
async def test_a_server_behind_addresses_that_are_silent_is_waited_for_at_the_start(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve(monkeypatch, "silent.example", "127.0.0.1", "127.0.0.1")
    async with postgresql(request.config) as behind:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            host, port = (behind.parameters.get(part, "") for part in ("host", "port"))
            ports = f"{silent.getsockname()[1]},{port}"
            several = at(behind, host=f"silent.example,{host}", port=ports)
            database = Database(several, seconds=LITTLE)
            await database.open()
            assert await answer(database) == 42
            await database.close()


def told(connection: Connection) -> dict[str, str]:
    """Return what libpq was told for the connection."""
    parameters: dict[str, str] = driver_of(connection).info.get_parameters()
    return parameters


@pytest.mark.parametrize(("addresses", "seconds"), [(1, "9"), (3, "3"), (30, "2")])
async def test_the_addresses_of_a_name_share_the_time_to_connect(
    behind_gate: tuple[DatabaseUrl, Gate],
    monkeypatch: pytest.MonkeyPatch,
    addresses: int,
    seconds: str,
) -> None:
    resolve(monkeypatch, "db.example", *["127.0.0.1"] * addresses)
    async with opened(at(behind_gate[0], host="db.example"), seconds=9.0) as database:
        assert (await database.run(told))["connect_timeout"] == seconds


async def test_servers_that_can_only_be_read_are_unavailable_for_now(
    request: pytest.FixtureRequest,
) -> None:
    async with postgresql(request.config) as address:
        standby = set_to(
            address,
            options="-c default_transaction_read_only=on",
            target_session_attrs="read-write",
        )
        with pytest.raises(StorageUnavailableError, match="only be read at present"):
            await Database(standby).open()
