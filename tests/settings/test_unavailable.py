"""What is in force, and what is said, while the database is slow, lost, back or full."""

from __future__ import annotations

import asyncio

import pytest

from bot.storage import DatabaseUrl
from bot.timing import Timing
from tests import disturbed_database
from tests.administrator import configure, refused, status
from tests.database import setting_of
from tests.disturbed_database import way_to
from tests.gate import Gate
from tests.loop_clock import let_pass
from tests.postgresql import administer, at, postgresql
from tests.world import PATIENCE, World

pytestmark = pytest.mark.long

behind_gate = disturbed_database.behind_gate


class Forgetful(Gate):
    """Breaks a connection in place of confirming a change of a guild's settings."""

    _changing = False

    def passed_on(self, data: bytes) -> bytes:
        self._changing |= b"INTO guild_settings" in data
        if self._changing and data.startswith(b"C") and b"COMMIT" in data:
            self._changing = False
            raise ConnectionResetError
        return data


async def until_it_works(world: World) -> None:
    """Wait until the dispatcher's note is accepted."""
    async with asyncio.timeout(PATIENCE):
        while (await (await world.use()).answered()).ephemeral:  # noqa: ASYNC110 - the bot tells of nothing
            await asyncio.sleep(0.02)


NOT_CONFIRMED = "Callnote's database did not confirm this change, so it may be in force or not."
FULL, READ_ONLY = "53100", "25006"


async def fill(address: DatabaseUrl, table: str, code: str = FULL) -> None:
    """Let every change of a table fail as on a full disk, or for what another code says."""
    await administer(
        setting_of(address),
        "CREATE OR REPLACE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"RAISE 'no space' USING ERRCODE = '{code}'; END $$; "
        f"CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION full_disk()",
    )


async def test_unreachable_at_the_start_is_said_and_then_made_good(
    world: World, behind_gate: tuple[DatabaseUrl, Gate], caplog: pytest.LogCaptureFixture
) -> None:
    world.let(database_first=0.5, transaction=1.0, store_note=Timing().store_note)
    world.database, gate = behind_gate
    await gate.refuse()
    await world.registered()
    said = await refused(world, world.dispatcher)
    assert said.startswith("Callnote can't reach its database, so it does not know who may add")
    message = await configure(world, "roles")
    assert "Callnote can't reach its database" in message.content
    assert "sent" not in message.content
    assert world.cad.requests == []
    shown = await status(world)
    assert "settings: not known until the database answers." in shown
    assert "the PostgreSQL database cannot be used just now" in shown
    assert "\n➖ Callnote " in shown
    await gate.let_pass()
    await until_it_works(world)
    failures = [each for each in caplog.records if "cannot be opened" in each.getMessage()]
    assert len(failures) == 1


async def test_while_it_is_lost_the_roles_known_last_stay_in_use_and_no_change_is_pretended(
    world: World,
    behind_gate: tuple[DatabaseUrl, Gate],
    caplog: pytest.LogCaptureFixture,
) -> None:
    world.let(transaction=1.0, store_note=Timing().store_note)
    world.database, gate = behind_gate
    chief = world.guild.add_role("Chief")
    await world.registered()
    await configure(world, "roles-add", {"role": chief})
    gate.stall()
    message = await configure(world, "roles-remove", {"role": chief})
    assert message.content.startswith(NOT_CONFIRMED)
    assert "Chief" in await refused(world, world.civilian)
    message = await configure(world, "roles")
    assert message.content.startswith("Dispatcher roles: \\@Chief and \\@Dispatcher.")
    message = await configure(world, "history")
    assert message.content.startswith("The history can't be shown now: Callnote's database does")
    status = await configure(world, "status")
    assert "the PostgreSQL database cannot be used just now" in status.content
    await gate.let_pass()
    async with asyncio.timeout(PATIENCE):
        while message.content != "The dispatcher role is now \\@Dispatcher.":
            await asyncio.sleep(0.02)
            message = await configure(world, "roles-remove", {"role": chief})
    await until_it_works(world)
    lost = [each for each in caplog.records if "the database is down" in each.getMessage()]
    assert len(lost) <= 1


async def test_a_full_database_refuses_a_change_and_says_why(
    world: World, request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture
) -> None:
    async with postgresql(request.config) as address:
        world.database = address
        await world.registered()
        await fill(address, "guild_settings")
        message = await configure(world, "roles-remove", {"role": world.role})
        assert message.content.startswith("Nothing changed: Callnote's database is full")
        status = await configure(world, "status")
        assert "the PostgreSQL database was full at the last change" in status.content
        await world.say()
        assert world.stored() == ["some note here"]
        await fill(address, "notes")
        message = await world.say("no room for this")
        assert message.content.startswith("Not added: Callnote's database is full")
        assert "note not stored: The database has no room left on its disk" in caplog.text
        assert world.stored() == ["some note here"]
        await world.finish()


@pytest.mark.parametrize(
    ("code", "said", "shown"),
    [
        (FULL, "Nothing changed: Callnote's database is full", "is full"),
        (READ_ONLY, NOT_CONFIRMED, "cannot be used just now"),
    ],
)
async def test_a_database_that_can_be_read_but_takes_nothing_is_told_to_administrators(
    world: World,
    request: pytest.FixtureRequest,
    caplog: pytest.LogCaptureFixture,
    code: str,
    said: str,
    shown: str,
) -> None:
    async with postgresql(request.config) as address:
        world.database = address
        await world.registered()
        for table in ("leases", "guild_settings"):
            await fill(address, table, code)
        message = await configure(world, "unit-numbers", {"on": False})
        assert message.content.startswith(said)
        await let_pass(2 * world.timing.settings_refresh)  # in which the settings can be read
        told = f"❌ Database: the PostgreSQL database {shown}, so no note is accepted"
        assert told in await status(world)
        assert "the database is up again" not in caplog.text
        await world.finish()


async def test_a_change_that_was_saved_although_that_was_not_confirmed_is_not_denied(
    world: World, request: pytest.FixtureRequest
) -> None:
    async with postgresql(request.config) as address, Forgetful(way_to(address)) as gate:
        world.database = at(address, host="127.0.0.1", port=str(gate.port))
        await world.registered()
        message = await configure(world, "roles-remove", {"role": world.role})
        assert message.content.startswith(NOT_CONFIRMED)
        async with asyncio.timeout(PATIENCE):
            while "Dispatcher roles: none" not in await status(world):  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.02)
        await world.finish()
