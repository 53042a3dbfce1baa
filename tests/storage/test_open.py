"""How a database is opened, what is refused then, and who may read its files."""

import itertools
import os
import stat
import uuid
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

import bot.calls.schema
import bot.communities.schema
import bot.outbox.schema
import bot.settings.schema  # noqa: F401 - they fill the metadata
from bot.storage import (
    Database,
    DatabaseUrl,
    NewerSchemaError,
    UnusableDatabaseError,
)
from bot.storage.tables import metadata
from bot.storage.upgrade import HEAD
from tests import database as databases
from tests.database import at_once, file_in, make_file, opened, set_to, setting_of
from tests.postgresql import administer, at, postgresql, server_url
from tests.storage.jobs import ids, things
from tests.timing import PATIENCE

engine = databases.engine
address = databases.address
empty_address = databases.empty_address

both_ways = pytest.mark.parametrize("shared", [False, True])


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


@both_ways
async def test_a_database_with_foreign_tables_of_our_names_is_refused(
    empty_address: DatabaseUrl, shared: bool
) -> None:
    foreign = text("CREATE TABLE things (mine TEXT)")
    await at_once(empty_address, lambda connection: connection.execute(foreign))
    database = Database(empty_address, tables=things.metadata, seconds=PATIENCE)
    with pytest.raises(UnusableDatabaseError, match="as others with their names are in it"):
        await database.open(shared=shared)


@both_ways
async def test_only_the_schema_that_gets_the_tables_matters(
    request: pytest.FixtureRequest, shared: bool
) -> None:
    async with postgresql(request.config, empty=True) as empty:
        path = set_to(empty, options="-csearch_path=apart,public")
        await administer(setting_of(empty), "CREATE TABLE things (mine TEXT); CREATE SCHEMA apart")
        database = Database(path, tables=things.metadata, seconds=PATIENCE)
        assert await database.open(shared=shared) is None
        await database.close()


@both_ways
async def test_a_search_path_that_leads_to_no_schema_is_refused(
    request: pytest.FixtureRequest, shared: bool
) -> None:
    async with postgresql(request.config, empty=True) as empty:
        path = set_to(empty, options="-csearch_path=nowhere")
        with pytest.raises(UnusableDatabaseError, match=r"leads to no schema .* DATABASE_URL"):
            await Database(path, tables=metadata, seconds=PATIENCE).open(shared=shared)


@both_ways
@pytest.mark.parametrize(
    ("engine", "change"),
    [
        *itertools.product(
            ["sqlite", "postgresql"],
            [
                "DROP TABLE delivery_ledger",
                "ALTER TABLE notes DROP member_name",
                "DELETE FROM outbox_position",
                "DELETE FROM settings_version",
            ],
        ),
        ("sqlite", "UPDATE settings_version SET value = 'x'"),  # as a damaged file may have it
    ],
    indirect=["engine"],
)
async def test_a_database_that_lacks_one_of_its_tables_columns_or_counters_is_refused(
    address: DatabaseUrl, shared: bool, change: str
) -> None:
    async with opened(address) as database:
        await database.execute(text(change))
    with pytest.raises(UnusableDatabaseError, match="have been deleted or changed"):
        await Database(address, tables=metadata, seconds=PATIENCE).open(shared=shared)


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
