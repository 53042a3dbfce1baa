import contextlib
import logging
import sqlite3
import stat
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from sqlalchemy import Column, Connection, MetaData, Table, inspect, select, text

import bot.calls.schema
import bot.communities.schema
import bot.outbox.schema
import bot.settings.schema  # noqa: F401 - they fill the metadata
from bot.storage import DatabaseUrl, StorageError, UnusableDatabaseError
from bot.storage.migrations import REVISIONS, VERSION_TABLE
from bot.storage.tables import metadata
from bot.storage.upgrade import HEAD, revision_of, upgrade
from tests import database as databases
from tests.database import at_once, file_in, opened
from tests.made_once import made_once
from tests.postgresql import postgresql

engine = databases.engine
address = databases.empty_address

SAMPLES: dict[type, Callable[[int], Any]] = {
    int: lambda number: 7 + number,
    float: lambda number: 1.5 + number,
    str: lambda number: f"kept {number}",
    bool: lambda _: True,
    bytes: lambda number: b"kept %d" % number,
}

SINGLE = {"settings_version", "journal_position", "outbox_position"}
"""Tables that have one row from the start."""

RENAMED_TABLES = {
    "journal_position": "outbox_position",
    "delivered_notes": "delivery_ledger",
    "processes": "leases",
}
RENAMED_COLUMNS = {
    "notes": {
        "cause": "failure",
        "uncertain": "unconfirmed_sends",
        "tries": "attempts",
        "since": "round_started_at",
    },
    "delivered_notes": {"added": "confirmed", "uncertain": "unconfirmed"},
    "processes": {"seen_at": "heartbeat_at"},
}

Rows = dict[str, list[dict[str, Any]]]


def tables(connection: Connection) -> list[Table]:
    """Return the tables that a database has with their columns alone, the version's left out."""
    return [
        Table(name, MetaData(), *(Column(each["name"], each["type"]) for each in columns))
        for (_, name), columns in inspect(connection).get_multi_columns().items()
        if name != VERSION_TABLE
    ]


def fill(connection: Connection, there: list[Table], number: int = 0) -> None:
    """Put a row with something in every column into each table, another for another number."""
    for table in there:
        if table.name in SINGLE and connection.execute(select(table)).first() is not None:
            continue
        row = {each.name: SAMPLES[each.type.python_type](number) for each in table.columns}
        connection.execute(table.insert().values(row))


def rows(connection: Connection, there: list[Table] | None = None) -> Rows:
    return {
        table.name: [dict(row) for row in connection.execute(select(table)).mappings()]
        for table in (tables(connection) if there is None else there)
    }


def missing(before: Rows, after: Rows) -> list[tuple[str, dict[str, Any]]]:
    """Return what an earlier version's tables had, as it is called now, that is not there once."""
    lost = []
    for name, kept in before.items():
        names = RENAMED_COLUMNS.get(name, {})
        table = RENAMED_TABLES.get(name, name)
        for row in kept:
            now = {names.get(key, key): value for key, value in row.items()}
            if sum(now.items() <= found.items() for found in after[table]) != 1:
                lost.append((table, now))
    return lost


# Alembic is loaded where it is used: each process of the tests loads this module.


def differences(connection: Connection) -> list[Any]:
    """Return how the tables differ from those of the schema, as Alembic sees it."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
    return list(compare_metadata(context, metadata))


def test_the_revisions_are_those_that_alembic_finds() -> None:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", "bot.storage:migrations")
    found = ScriptDirectory.from_config(config).walk_revisions()
    assert tuple(script.revision for script in found) == REVISIONS[::-1]


def shape(connection: Connection) -> dict[str, Any]:
    """Return all that is in a database: the columns by name, what the engine names itself aside."""
    found = inspect(connection)

    def index(named: Any) -> tuple[object, ...]:
        wheres = [str(value) for key, value in named["dialect_options"].items() if "where" in key]
        return named["name"], named["column_names"], named["unique"], wheres

    return {
        name: (
            sorted(
                (each["name"], repr(each["type"]), each["nullable"], each["default"])
                for each in found.get_columns(name)
            ),
            found.get_pk_constraint(name)["constrained_columns"],
            [index(each) for each in found.get_indexes(name)],
            found.get_unique_constraints(name),
            connection.execute(text(f"SELECT * FROM {name}")).fetchall(),  # noqa: S608
        )
        for name in found.get_table_names()
    }


async def test_new_and_migrated_tables_are_those_of_the_schema_and_others_are_noticed(
    address: DatabaseUrl, engine: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    def migrated(connection: Connection) -> tuple[object, list[Any]]:
        upgrade(connection)
        return shape(connection), differences(connection)

    def changed(connection: Connection) -> list[Any]:
        connection.exec_driver_sql("DROP INDEX guild_settings_version")
        connection.exec_driver_sql("ALTER TABLE guild_settings RENAME COLUMN server_id TO other")
        return differences(connection)

    async with contextlib.AsyncExitStack() as stack:
        new = file_in(tmp_path / "new")
        (tmp_path / "new").mkdir()
        if engine == "postgresql":
            new = await stack.enter_async_context(postgresql(request.config, empty=True))
        await at_once(new, lambda connection: upgrade(connection, tables=metadata))
        made = await at_once(new, shape)
        assert len(made) == len(metadata.tables) + 1
        assert await at_once(address, migrated) == (made, [])
        assert len(await at_once(new, changed)) == 3


async def test_the_rows_of_each_revision_are_intact_in_the_last(address: DatabaseUrl) -> None:
    def walk(connection: Connection) -> dict[str, Rows]:
        """Go from revision to revision in one transaction, as an update does, with new rows."""
        found = {}
        for number, revision in enumerate(REVISIONS[:-1]):
            upgrade(connection, to=revision)
            there = tables(connection)
            fill(connection, there, number)
            found[revision] = rows(connection, there)
        return found

    before = await at_once(address, walk)
    assert all(before[REVISIONS[0]].values())
    async with opened(address):
        pass
    async with opened(address, shared=True) as database:
        assert await database.run(revision_of) == HEAD
    after = await at_once(address, rows)
    lost = {revision: missing(found, after) for revision, found in before.items()}
    assert {revision: some for revision, some in lost.items() if some} == {}


async def older(folder: Path) -> tuple[DatabaseUrl, Rows]:
    """Make a file of the version before in a folder; returns its rows, too."""

    def make(connection: Connection) -> None:
        upgrade(connection, to=REVISIONS[-2])
        fill(connection, tables(connection))

    async def made() -> bytes:
        with TemporaryDirectory() as other:
            address = file_in(Path(other))
            await at_once(address, make)
            assert address.path is not None
            return address.path.read_bytes()

    address = file_in(folder)
    assert address.path is not None
    address.path.write_bytes(made_once("older", made))
    found: Rows = await at_once(address, rows)
    return address, found


def copies(folder: Path) -> list[Path]:
    return sorted(folder.glob("callnote.db.*.bak*"))


async def test_a_file_is_copied_before_its_tables_are_updated_and_can_be_put_back(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "bot.storage")
    address, before = await older(tmp_path)
    assert address.path is not None
    with contextlib.closing(sqlite3.connect(address.path)) as other:
        other.execute("PRAGMA journal_mode = WAL")
        other.execute("UPDATE guild_settings SET version = 8")
        other.commit()  # which is in the log beside the file until all have closed it
        async with opened(address):
            pass
    before["guild_settings"][0]["version"] = 8
    (copy,) = copies(tmp_path)
    assert copy.name == f"callnote.db.{REVISIONS[-2]}.bak"
    assert f"from revision {REVISIONS[-2]} to {HEAD}; as it was it is kept in {copy.name}" in (
        caplog.text
    )
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    copy.replace(address.path)
    assert await at_once(address, rows) == before
    async with opened(address):
        pass
    assert copies(tmp_path) == [copy]


async def test_the_first_start_and_one_without_an_update_make_no_copy(tmp_path: Path) -> None:
    for _ in range(2):
        async with opened(file_in(tmp_path), tables=metadata):
            pass
    assert copies(tmp_path) == []


async def test_without_room_for_the_copy_nothing_is_updated(tmp_path: Path) -> None:
    address, before = await older(tmp_path)
    (tmp_path / f"callnote.db.{REVISIONS[-2]}.bak").mkdir()  # where none can be put
    with pytest.raises(StorageError):
        async with opened(address):
            pass
    assert await at_once(address, rows) == before


async def test_a_failed_upgrade_leaves_the_database_as_it_was(address: DatabaseUrl) -> None:
    def half_there(connection: Connection) -> None:
        connection.exec_driver_sql("CREATE TABLE setting_changes (mine INTEGER)")

    await at_once(address, half_there)
    with pytest.raises(UnusableDatabaseError):
        async with opened(address):
            pass
    assert set(await at_once(address, rows)) == {"setting_changes"}


async def test_a_database_that_lacks_a_counter_is_refused_by_the_start_that_updates_it(
    address: DatabaseUrl,
) -> None:
    def without(connection: Connection) -> None:
        upgrade(connection, to=REVISIONS[-2])
        connection.exec_driver_sql("DELETE FROM outbox_position")

    await at_once(address, without)
    with pytest.raises(UnusableDatabaseError, match="have been deleted or changed"):
        async with opened(address, tables=metadata):
            pass
