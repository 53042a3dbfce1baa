import asyncio
import contextlib
import itertools
import os
import sqlite3
import stat
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from bot.storage import (
    Database,
    DatabaseInUseError,
    DatabaseUrl,
    NewerSchemaError,
    UnusableDatabaseError,
)
from bot.storage.tables import metadata
from bot.storage.upgrade import HEAD
from tests import database as databases
from tests.child import ROOT, environment
from tests.database import file_in, make_file, opened, setting_of
from tests.fork_server import Forked, fork
from tests.outbox.workers import eventually
from tests.postgresql import administer, at, postgresql, server_url
from tests.storage.jobs import ids, things
from tests.timing import PATIENCE

engine = databases.engine
address = databases.address
empty_address = databases.empty_address

both_ways = pytest.mark.parametrize("shared", [False, True])

IN_USE = (
    r"callnote\.db is in use by another instance of Callnote: stop that one, or give this one "
    r"another file in DATABASE_URL\.$"
)


class Holder:
    """A process that holds a database, and the file with what it has said."""

    def __init__(self, process: Forked, log: Path) -> None:
        self.process = process
        self._log = log

    async def said(self) -> str:
        """Return what it says of the database once it has tried to open it."""
        await eventually(lambda: self._log.read_text().endswith("\n"))
        return self._log.read_text()


@asynccontextmanager
async def holders(address: DatabaseUrl, folder: Path, count: int) -> AsyncIterator[list[Holder]]:
    """Let processes open a database at the same time, and end them with the block."""
    logs = [folder / f"log{number}" for number in range(count)]
    started = []
    try:
        for log in logs:
            with log.open("wb") as output:
                command = "tests.storage.holder", setting_of(address)
                process = await fork(ROOT, environment({}), *command, output=output)
            started.append(Holder(process, log))
        yield started
    finally:
        for holder in started:
            with contextlib.suppress(ProcessLookupError):
                holder.process.kill()
            await holder.process.wait()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def test_a_new_database_gets_its_tables_and_an_old_one_keeps_them(
    empty_address: DatabaseUrl,
) -> None:
    database = Database(empty_address, tables=things.metadata, seconds=PATIENCE)
    assert await database.open() is None
    await database.close()
    assert await database.open() == HEAD
    assert await ids(database) == []
    await database.close()


async def test_the_files_are_for_their_owner_only(tmp_path: Path) -> None:
    address = file_in(tmp_path / "new")
    before = mode(tmp_path)
    async with opened(address, tables=things.metadata):
        files = {path.name: mode(path) for path in (tmp_path / "new").iterdir()}
    assert set(files.values()) == {0o600}
    assert files.keys() == {
        "callnote.db",
        "callnote.db-wal",
        "callnote.db-shm",
        "callnote.db.lock",
    }
    assert mode(tmp_path / "new") == 0o700
    assert mode(tmp_path) == before


async def test_a_file_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    (tmp_path / "callnote.db").touch(0o644)
    async with opened(file_in(tmp_path), tables=things.metadata):
        assert mode(tmp_path / "callnote.db") == 0o600


async def test_sqlite_writes_ahead_and_waits_for_the_disk(tmp_path: Path) -> None:
    def read(connection: Connection) -> list[object]:
        names = ("journal_mode", "synchronous", "foreign_keys")
        return [connection.scalar(text(f"PRAGMA {name}")) for name in names]

    async with opened(make_file(file_in(tmp_path))) as database:
        settings = await database.run(read)
    assert settings == ["wal", 2, 1]


async def test_a_second_user_of_a_file_is_refused(tmp_path: Path) -> None:
    address = make_file(file_in(tmp_path))
    async with opened(address):
        for _ in range(2):  # the refused one's end must not lift the first one's lock
            with pytest.raises(DatabaseInUseError, match=IN_USE):
                await Database(address).open()
    async with opened(address):
        pass


async def test_another_process_holds_a_file_until_it_is_killed(tmp_path: Path) -> None:
    address = file_in(tmp_path)
    async with holders(address, tmp_path, 1) as (holder,):
        assert await holder.said() == "open\n"
        with pytest.raises(DatabaseInUseError):
            await Database(address).open()
        holder.process.kill()
        await holder.process.wait()
        async with opened(address):
            pass


async def test_of_two_that_open_a_new_file_at_once_one_gets_it(tmp_path: Path) -> None:
    address = file_in(tmp_path)
    both = [Database(address, tables=things.metadata) for _ in range(2)]
    results = await asyncio.gather(*(one.open() for one in both), return_exceptions=True)
    assert sorted(map(type, results), key=str) == sorted([type(None), DatabaseInUseError], key=str)
    for one in both:
        await one.close()


async def test_two_processes_that_open_a_new_file_at_once_leave_it_to_one(
    tmp_path: Path,
) -> None:
    async with holders(file_in(tmp_path), tmp_path, 2) as both:
        assert sorted([await each.said() for each in both]) == ["in use\n", "open\n"]


async def test_processes_that_open_a_new_postgresql_database_at_once_all_get_it(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    async with (
        postgresql(request.config, empty=True) as address,
        holders(address, tmp_path, 3) as others,
    ):
        both = [
            Database(address, tables=things.metadata, seconds=PATIENCE),
            Database(address, tables=things.metadata, seconds=PATIENCE),
        ]
        found = await asyncio.gather(*(one.open() for one in both))
        assert set(found) <= {None, HEAD}
        for each in others:
            assert await each.said() == "open\n"
        for one in both:
            await one.close()


async def test_a_look_beside_a_running_instance_finds_its_revision(address: DatabaseUrl) -> None:
    async with opened(address):
        look = Database(address, seconds=PATIENCE)
        assert await look.open(shared=True) == HEAD
        await look.close()


async def test_a_look_changes_nothing(empty_address: DatabaseUrl, tmp_path: Path) -> None:
    look = Database(empty_address, seconds=PATIENCE)
    for _ in range(2):
        assert await look.open(shared=True) is None
        await look.close()
    assert os.listdir(tmp_path) == []


async def test_a_newer_database_is_refused_and_left_alone(address: DatabaseUrl) -> None:
    async with opened(address) as database:
        await database.execute(text("UPDATE callnote_schema SET version_num = '9999'"))
    for shared in (False, True, False):
        with pytest.raises(NewerSchemaError, match="newer version of Callnote"):
            await Database(address, seconds=PATIENCE).open(shared=shared)
    # An earlier refusal has let the file go, or this would be refused for another reason.
    with pytest.raises(NewerSchemaError):
        await Database(address, seconds=PATIENCE).open()


@both_ways
async def test_a_file_that_is_no_database_is_refused(tmp_path: Path, shared: bool) -> None:
    content = b"a shopping list, and not a short one: " * 100
    file = tmp_path / "callnote.db"
    file.write_bytes(content)
    with pytest.raises(UnusableDatabaseError, match="not a SQLite database"):
        await Database(file_in(tmp_path)).open(shared=shared)
    assert file.read_bytes() == content


@both_ways
async def test_a_folder_in_the_place_of_the_file_is_refused(tmp_path: Path, shared: bool) -> None:
    (tmp_path / "callnote.db").mkdir()
    with pytest.raises(UnusableDatabaseError, match=r"callnote\.db is a folder.* DATABASE_URL"):
        await Database(file_in(tmp_path)).open(shared=shared)


@both_ways
async def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path, shared: bool) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(UnusableDatabaseError, match="cannot be made or written to in its folder: "):
        await Database(file_in(tmp_path / "data")).open(shared=shared)


async def test_a_file_with_foreign_tables_of_our_names_is_refused(tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "callnote.db")
    other.execute("CREATE TABLE things (mine TEXT)")
    other.close()
    with pytest.raises(UnusableDatabaseError, match="cannot be made"):
        await Database(file_in(tmp_path), tables=things.metadata).open()


@both_ways
@pytest.mark.parametrize(
    ("engine", "change"),
    [
        *itertools.product(
            ["sqlite", "postgresql"],
            [
                "DROP TABLE delivery_ledger",
                "DELETE FROM outbox_position",
                "DELETE FROM settings_version",
            ],
        ),
        ("sqlite", "UPDATE settings_version SET value = 'x'"),  # as a damaged file may have it
    ],
    indirect=["engine"],
)
async def test_a_database_that_lacks_one_of_its_tables_or_counters_is_refused(
    address: DatabaseUrl, shared: bool, change: str
) -> None:
    async with opened(address) as database:
        await database.execute(text(change))
    with pytest.raises(UnusableDatabaseError, match="have been deleted or changed"):
        await Database(address, tables=metadata, seconds=PATIENCE).open(shared=shared)


@both_ways
async def test_a_postgresql_user_who_may_make_no_tables_is_refused(
    request: pytest.FixtureRequest, shared: bool
) -> None:
    async with postgresql(request.config) as address:
        url, role = server_url(request.config), f"{address.parameters['dbname']}_reader"
        await administer(url, f"CREATE ROLE {role} LOGIN PASSWORD 'reader'")
        try:
            reader = at(address, user=role, password="reader")
            with pytest.raises(UnusableDatabaseError, match=r"lacks the right .* DATABASE_URL"):
                await Database(reader, seconds=PATIENCE).open(shared=shared)
        finally:
            await administer(url, f"DROP ROLE {role}")


@both_ways
async def test_a_database_that_cannot_store_every_text_is_refused(
    request: pytest.FixtureRequest, shared: bool
) -> None:
    url, name = server_url(request.config), f"callnote_{uuid.uuid4().hex}"
    await administer(
        url,
        f"CREATE DATABASE {name} ENCODING 'WIN1252' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0",
    )
    server = DatabaseUrl.parse(url, folder=Path())
    try:
        with pytest.raises(UnusableDatabaseError, match=r"is WIN1252, .* DATABASE_URL"):
            await Database(at(server, dbname=name)).open(shared=shared)
    finally:
        await administer(url, f"DROP DATABASE {name} WITH (FORCE)")


async def test_the_environment_does_not_decide_how_text_is_stored(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGCLIENTENCODING", "LATIN1")
    async with postgresql(request.config) as address, opened(address) as database:
        fire = text("SELECT CAST(:fire AS text)").bindparams(fire="🔥 fire")
        assert await database.run(lambda connection: connection.scalar(fire)) == "🔥 fire"
