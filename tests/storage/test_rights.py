"""A database to which Callnote lacks rights: a SQLite file or folder, or one on a server."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path

import pytest

from bot.outbox.schema import send_times
from bot.storage import Database, DatabaseUrl, StorageUnavailableError, UnusableDatabaseError
from bot.storage.migrations import REVISIONS
from bot.storage.tables import metadata
from bot.storage.upgrade import upgrade
from tests.database import at_once, file_in, make_file, opened, set_to, setting_of
from tests.postgresql import administer, at, postgresql
from tests.timing import PATIENCE

NOBODY = 65534

both_ways = pytest.mark.parametrize("shared", [False, True], ids=["to use it", "for a look"])

UNWRITABLE = (
    r"callnote\.db cannot be made or written to in its folder: let the user .* DATABASE_URL\.$"
)


@pytest.fixture
async def folder() -> AsyncIterator[Path]:
    """Give a folder with a database that was used before, in a place that everybody can reach."""
    with tempfile.TemporaryDirectory() as name:
        async with opened(make_file(file_in(Path(name)))):
            pass
        yield Path(name)


@contextmanager
def owning(folder: Path, mode: int = 0o700) -> Iterator[None]:
    """Be the folder's owner, with these rights to it, but not root, to whom nothing is refused."""
    root = os.geteuid() == 0
    for path in (folder, *folder.iterdir()) if root else ():
        os.chown(path, NOBODY, NOBODY)
    folder.chmod(mode)
    if root:
        os.setresuid(NOBODY, NOBODY, 0)
    try:
        yield
    finally:
        if root:
            os.setresuid(0, 0, 0)
        folder.chmod(0o700)


async def refused(folder: Path, mode: int = 0o700, *, shared: bool) -> None:
    """Find the database refused, and the folder left as it was."""
    before = seen(folder)
    with owning(folder, mode), pytest.raises(UnusableDatabaseError, match=UNWRITABLE):
        await Database(file_in(folder)).open(shared=shared)
    assert seen(folder) == before


def seen(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {
        path.name: (stat.S_IMODE(path.stat().st_mode), path.read_bytes())
        for path in folder.iterdir()
    }


@both_ways
@pytest.mark.parametrize("name", ["callnote.db", "callnote.db.lock"])
async def test_a_file_that_can_only_be_read_is_refused(
    folder: Path, name: str, shared: bool
) -> None:
    (folder / name).chmod(0o400)
    await refused(folder, shared=shared)


@both_ways
async def test_an_empty_file_that_can_only_be_read_is_refused(folder: Path, shared: bool) -> None:
    (folder / "callnote.db").write_bytes(b"")
    (folder / "callnote.db").chmod(0o400)
    await refused(folder, shared=shared)


@both_ways
@pytest.mark.parametrize("there", [False, True])
async def test_a_folder_that_can_only_be_read_is_refused(
    folder: Path, there: bool, shared: bool
) -> None:
    if not there:
        (folder / "callnote.db").unlink()
        (folder / "callnote.db.lock").unlink()
    await refused(folder, 0o500, shared=shared)


@both_ways
async def test_a_folder_that_may_not_be_looked_into_is_refused(folder: Path, shared: bool) -> None:
    await refused(folder, 0o200, shared=shared)


@both_ways
async def test_a_file_and_a_folder_that_can_be_written_to_are_taken(
    folder: Path, shared: bool
) -> None:
    with owning(folder):
        async with opened(file_in(folder), shared=shared):
            pass


async def test_a_look_tells_of_a_server_that_can_only_be_read(
    request: pytest.FixtureRequest,
) -> None:
    async with postgresql(request.config) as address:
        standby = set_to(address, options="-c default_transaction_read_only=on")
        with pytest.raises(StorageUnavailableError, match="it can only be read at present"):
            await Database(standby).open(shared=True)


@asynccontextmanager
async def another_user(address: DatabaseUrl, rights: str) -> AsyncIterator[DatabaseUrl]:
    """Give the address for a new user, `USER` in the statements that give and take rights."""
    url, role = setting_of(address), f"{address.parameters['dbname']}_other"
    await administer(url, f"CREATE ROLE {role} LOGIN PASSWORD 'other'")
    try:
        await administer(url, rights.replace("USER", role))
        yield at(address, user=role, password="other")
    finally:
        await administer(url, f"DROP OWNED BY {role}")
        await administer(url, f"DROP ROLE {role}")


async def test_a_look_tells_of_a_user_who_may_not_write(request: pytest.FixtureRequest) -> None:
    rights = "GRANT SELECT ON ALL TABLES IN SCHEMA public TO USER"
    async with postgresql(request.config) as address, another_user(address, rights) as full:
        with pytest.raises(StorageUnavailableError, match="may not write to it"):
            await Database(full).open(shared=True)


@both_ways
async def test_a_user_who_may_make_no_tables_is_refused(
    request: pytest.FixtureRequest, shared: bool
) -> None:
    rights = "REVOKE CREATE ON SCHEMA public FROM PUBLIC"
    async with (
        postgresql(request.config, empty=True) as empty,
        another_user(empty, rights) as reader,
    ):
        database = Database(reader, tables=metadata, seconds=PATIENCE)
        with pytest.raises(UnusableDatabaseError, match=r"lacks the right .* DATABASE_URL"):
            await database.open(shared=shared)


OTHERS = r"may not be used or updated by its user: .* DATABASE_URL"


@both_ways
@pytest.mark.parametrize("unread", ["ALL TABLES IN SCHEMA public", send_times.name])
async def test_a_user_who_may_not_read_the_tables_is_refused(
    request: pytest.FixtureRequest, unread: str, shared: bool
) -> None:
    rights = (
        "GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA public TO USER; "  # noqa: S608 - no query
        f"REVOKE SELECT ON {unread} FROM USER"
    )
    async with postgresql(request.config) as address, another_user(address, rights) as other:
        database = Database(other, tables=metadata, seconds=PATIENCE)
        with pytest.raises(UnusableDatabaseError, match=OTHERS):
            await database.open(shared=shared)


async def test_a_user_who_may_not_update_the_tables_is_refused(
    request: pytest.FixtureRequest,
) -> None:
    async with postgresql(request.config, empty=True) as address:
        await at_once(address, partial(upgrade, to=REVISIONS[0]))
        rights = "GRANT ALL ON ALL TABLES IN SCHEMA public TO USER"
        async with another_user(address, rights) as other:
            with pytest.raises(UnusableDatabaseError, match=OTHERS):
                await Database(other, seconds=PATIENCE).open()
