"""Where it is recorded that a server is connected, and what the host is told of it."""

from __future__ import annotations

import asyncio
import logging
import signal
from pathlib import Path

import pytest
from sqlalchemy import Connection

from bot.storage import DatabaseUrl
from bot.storage.upgrade import upgrade
from tests import database, disturbed_database
from tests.administrator import configure
from tests.child import running, settings_of, start
from tests.communities import strangers as scene
from tests.communities.strangers import (
    NOT_CONNECTED,
    STATUS,
    Strangers,
    changes,
    logged,
    told_nothing,
)
from tests.database import at_once, setting_of
from tests.gate import Gate
from tests.note_messages import (
    privately,
)
from tests.postgresql import postgresql
from tests.world import PATIENCE, World

strangers = scene.strangers
behind_gate = disturbed_database.behind_gate
engine = database.engine
address = database.address


async def test_the_choice_survives_a_restart_and_who_made_it_is_recorded(
    world: World, strangers: Strangers
) -> None:
    await world.start()
    await strangers.press_connect(strangers.owner)
    assert changes(world) == [(strangers.guild.id, strangers.owner.id, "connected to the CAD")]
    await world.restart()
    content = (await strangers.use(STATUS)).content
    assert "This server is connected, with /callnote-config connect." in content


async def test_a_second_process_sees_the_choice_within_seconds(
    world: World, strangers: Strangers, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    async with postgresql(request.config) as shared:
        setting = setting_of(shared)
        async with running(world, tmp_path, DATABASE_URL=setting) as first:
            async with running(world, tmp_path, connections=2, DATABASE_URL=setting) as second:
                first.signal(signal.SIGSTOP)
                await strangers.press_connect(strangers.owner)
                first.signal(signal.SIGCONT)
                second.signal(signal.SIGTERM)
                assert (await second.ended())[0] == 0
            async with asyncio.timeout(PATIENCE):
                while "connected, with" not in (await strangers.use(STATUS)).content:  # noqa: ASYNC110 - the bot tells of nothing
                    await asyncio.sleep(0.2)


async def test_servers_that_the_host_names_are_connected(
    world: World, strangers: Strangers
) -> None:
    world.connect(strangers.guild)
    await world.start()
    assert "DISCORD\\_GUILD\\_IDS" in (await strangers.use(STATUS)).content
    said = (await strangers.use("callnote-config connect", by=strangers.owner)).content
    assert said == (
        "This server is connected already, by the host's setting DISCORD\\_GUILD\\_IDS."
    )
    said = (await strangers.use("callnote-config disconnect")).content
    assert said.startswith("This server is still connected, by the host's setting DISCORD")
    assert (
        "a role in the host's setting DISPATCHER\\_ROLE\\_IDS"
        in (await configure(world, "status")).content
    )


async def test_disconnect_is_remembered_below_the_hosts_setting(
    world: World, strangers: Strangers
) -> None:
    await world.start()
    await strangers.press_connect(strangers.owner)
    await world.finish()
    world.connect(strangers.guild)
    await world.restart()
    await strangers.use("callnote-config disconnect")
    await world.finish()
    world.connect()
    await world.restart()
    assert (await strangers.use(STATUS)).content == NOT_CONNECTED


async def test_while_the_settings_are_not_known_nobody_new_gets_in(
    world: World, strangers: Strangers, behind_gate: tuple[DatabaseUrl, Gate]
) -> None:
    world.database, gate = behind_gate
    await gate.refuse()
    world.let(database_first=0.5)
    await world.start()
    unknown = "Callnote can't reach its database, so it can't tell whether this server is connected"
    assert unknown in (await strangers.use(STATUS)).content
    assert unknown in (await strangers.use("callnote-config connect", by=strangers.owner)).content
    assert unknown in await strangers.press_connect(strangers.owner)
    assert told_nothing(world)
    # Ours is connected by what the host set, and hears how things are.
    assert "database cannot be used just now" in (await configure(world, "status")).content
    await world.finish()


async def test_a_database_of_the_version_before_opens_and_its_servers_are_named(
    world: World,
    strangers: Strangers,
    address: DatabaseUrl,
    caplog: pytest.LogCaptureFixture,
) -> None:
    (role,) = strangers.stranger.roles
    ours, theirs = world.guild.id, strangers.guild.id
    await at_once(address, lambda connection: upgrade(connection, to="0002"))

    def fill(connection: Connection) -> None:
        for number, guild_id in enumerate((ours, theirs), 1):
            connection.exec_driver_sql(
                "INSERT INTO guild_settings (guild_id, role_ids, version)"  # noqa: S608
                f" VALUES ({guild_id}, '[{role.id}]', {number})"
            )
        connection.exec_driver_sql("UPDATE settings_version SET value = 2")

    await at_once(address, fill)
    world.database = address
    caplog.set_level(logging.INFO, "callnote")
    await world.start()
    await logged(
        caplog,
        f"guild={theirs} has settings but is not connected, so no note can be added: use "
        "/callnote-config connect there as the application's owner, or add the id to "
        "DISCORD_GUILD_IDS: Paleto Bay",
    )
    assert sum("has settings but is not connected" in line for line in caplog.messages) == 1
    assert await privately(world, await strangers.add()) == NOT_CONNECTED
    await strangers.press_connect(strangers.owner)
    await world.final(await strangers.add("with the roles it had"))
    assert world.stored() == ["with the roles it had"]


async def test_joining_and_leaving_a_server_is_a_log_line(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "callnote")
    await world.start()
    await logged(caplog, "servers: 1")  # before that, discord.py cannot tell who is new
    guild = world.discord.add_guild(name="Paleto Bay")
    await logged(caplog, f"guild={guild.id} joined, not connected: Paleto Bay")
    world.discord.remove_guild(guild)
    await logged(caplog, f"guild={guild.id} left, its waiting notes are withdrawn: Paleto Bay")


async def test_the_check_says_who_can_invite_the_bot_and_where_it_is(
    world: World, strangers: Strangers, tmp_path: Path
) -> None:
    async def check(**more: str) -> tuple[int, str]:
        child = await start(tmp_path, settings_of(world, **more), "check")
        status, out, _ = await child.ended()
        return status, out

    _, out = await check()
    assert "Anyone can invite the application. Only connected servers reach the CAD; switch " in out
    assert "Public Bot off in the Developer Portal if it serves your server alone." in out
    ours = f'{world.guild.id} "Rockford County"'
    assert f'in 2 servers: {ours}, {strangers.guild.id} "Paleto Bay".' in out
    world.discord.bot_public = False
    status, out = await check(DISCORD_GUILD_IDS=f"{world.guild.id},77")
    assert "Only the application's owner or team can invite it." in out
    assert "NOT OK DISCORD_GUILD_IDS names 77, where the bot is not" in out
    assert status == 1


async def test_the_check_names_at_most_so_many_servers_and_shows_what_cannot_be_shown(
    world: World, tmp_path: Path
) -> None:
    for number in range(205):
        world.discord.add_guild(name="Evil\nok     \x1b[2J" if number == 0 else f"Guild {number}")
    child = await start(tmp_path, settings_of(world), "check")
    _, out, _ = await child.ended()
    (line,) = [line for line in out.splitlines() if "The bot is in" in line]
    assert line.startswith("--     The bot is in 206 servers: ")
    assert "Evil\\nok" in line
    assert line.endswith(" and 186 more.")
