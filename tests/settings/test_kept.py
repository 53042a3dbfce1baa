"""Settings outlive the process and are shared by all processes on one database."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from bot.sandbox.discord import Member
from bot.settings.repository import SettingsRepository
from bot.storage import DatabaseUrl
from tests import database
from tests.administrator import configure, refused
from tests.child import running, settings_of, start
from tests.database import at_once, setting_of
from tests.postgresql import postgresql
from tests.world import PATIENCE, World

engine = database.engine
address = database.address


async def admitted(world: World, member: Member) -> bool:
    """Let a member send a note; returns whether it was accepted."""
    interaction = await world.discord.use_command(
        member, world.channel, "callnote", {"call": "123", "note": "may I?"}
    )
    return not (await asyncio.wait_for(interaction.answered(), PATIENCE)).ephemeral


async def test_a_confirmed_change_survives_a_kill(
    world: World, address: DatabaseUrl, tmp_path: Path
) -> None:
    setting = setting_of(address)
    async with running(world, tmp_path, DATABASE_URL=setting) as child:
        await asyncio.wait_for(world.discord.requested("commands_put"), PATIENCE)
        await configure(world, "roles-remove", {"role": world.role})
        child.signal(signal.SIGKILL)
        await child.ended()
    await asyncio.wait_for(world.discord.disconnected(), PATIENCE)
    async with running(world, tmp_path, DATABASE_URL=setting):
        assert "Nobody may add notes here" in await refused(world, world.dispatcher)


async def test_two_processes_on_one_database_see_each_other_s_changes_within_seconds(
    world: World, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    chief = world.guild.add_role("Chief")
    member = world.guild.add_member("charlie", roles=[chief])
    async with postgresql(request.config) as shared:
        setting = setting_of(shared)
        async with (
            running(world, tmp_path, DATABASE_URL=setting) as first,
            running(world, tmp_path, connections=2, DATABASE_URL=setting) as second,
        ):
            await asyncio.wait_for(world.discord.requested("commands_put"), PATIENCE)
            # While the first process is halted, only the second can carry the command out.
            os.kill(first.process.pid, signal.SIGSTOP)
            await configure(world, "roles-add", {"role": chief})
            os.kill(first.process.pid, signal.SIGCONT)
            second.signal(signal.SIGTERM)
            assert (await second.ended())[0] == 0
            async with asyncio.timeout(PATIENCE):
                while not await admitted(world, member):  # noqa: ASYNC110 - the bot tells of nothing
                    await asyncio.sleep(0.05)


async def test_of_two_processes_one_carries_a_command_out_and_answers(
    world: World, request: pytest.FixtureRequest
) -> None:
    async with postgresql(request.config) as shared:
        world.database = shared
        # Else the one that does not carry it out would soon take the other for dead.
        world.let(other_instance=PATIENCE)
        await world.start()
        await asyncio.wait_for(world.discord.requested("commands_put"), PATIENCE)
        await world.start()
        message = await configure(world, "roles-remove", {"role": world.role})
        assert message.content.startswith("Nobody can add notes now")
        (interaction,) = world.discord.interactions
        await asyncio.wait_for(interaction.attempted(2), PATIENCE)
        await world.finish()
        assert interaction.messages == [message]
        async with database.opened(shared) as look:
            changes = await SettingsRepository(look).changes(world.guild.id, 10)
    assert [(each.member_id, each.what) for each in changes] == [
        (world.admin.id, "dispatcher roles: none")
    ]


@pytest.mark.parametrize("arguments", [(), ("check",)])
async def test_a_malformed_database_address_is_one_sentence_without_it(
    world: World, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    malformed = "mysql://someone:hunter2@db/callnote"
    child = await start(tmp_path, settings_of(world, DATABASE_URL=malformed), *arguments)
    status, out, errors = await child.ended()
    assert status == 78
    assert out == ""
    (line,) = [line for line in errors.splitlines() if "DATABASE_URL" in line]
    assert line.startswith("  DATABASE_URL: expected ")
    assert "hunter2" not in errors
    assert "Traceback" not in errors


@pytest.mark.parametrize("content", [b"this is no database, but a text of some length\n" * 100])
async def test_a_file_that_is_no_database_ends_the_process_with_one_sentence(
    world: World, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "callnote.db").write_bytes(content)
    child = await start(tmp_path, settings_of(world))
    status, _, errors = await child.ended()
    assert status == 78
    assert len(errors.splitlines()) == 1
    assert world.discord.identifies == []
    assert (tmp_path / "callnote.db").read_bytes() == content


async def test_settings_tables_that_are_gone_end_the_process_with_one_sentence(
    world: World, address: DatabaseUrl, tmp_path: Path
) -> None:
    def drop(connection: Connection) -> None:
        for table in ("guild_settings", "settings_version"):
            connection.execute(text(f"DROP TABLE {table}"))

    async with running(world, tmp_path, DATABASE_URL=setting_of(address)) as child:
        await asyncio.wait_for(world.discord.requested("commands_put"), PATIENCE)
        await at_once(address, drop)
        status, _, errors = await child.ended()
    assert status == 78
    (line,) = errors.splitlines()
    assert "tables in the database have been deleted or changed" in line


async def test_a_second_process_on_the_same_file_ends_with_one_sentence(
    world: World, tmp_path: Path
) -> None:
    async with running(world, tmp_path):
        second = await start(tmp_path, settings_of(world))
        status, _, errors = await second.ended()
        assert status == 78
        assert len(errors.splitlines()) == 1
        assert len(world.discord.identifies) == 1
