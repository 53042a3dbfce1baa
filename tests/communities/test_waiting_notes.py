"""What becomes of waiting notes when their server is disconnected, unavailable or left."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import discord
import pytest

from bot.communities.credentials import StoredCredentials
from bot.outbox import HOST, WaitingNotes
from bot.sandbox.discord.permissions import ORDINARY_PERMISSIONS
from bot.sandbox.sonoran import Fault as CadFault
from bot.settings.repository import SettingsRepository
from bot.sonoran import Credentials
from bot.storage import Database
from bot.timing import Timing
from tests import database
from tests.communities import strangers as scene
from tests.communities.strangers import DOWN, NOT_CONNECTED, STATUS, WITHDRAWN, Strangers, logged
from tests.communities.unreached import communities_in, connections_of
from tests.loop_clock import let_pass
from tests.note_messages import (
    ADDED,
    CHECKING,
    QUEUED,
    privately,
    shows,
    told,
)
from tests.settings_cache import cache_of
from tests.world import World

strangers = scene.strangers


@pytest.mark.parametrize(("who", "in_doubt"), [("an administrator", False), ("the owner", True)])
async def test_disconnect_undoes_it_and_withdraws_what_waits(
    world: World, strangers: Strangers, who: str, *, in_doubt: bool
) -> None:
    if in_doubt:
        world.cad.faults.add(CadFault(on="note", times=None, abort="before"))
        world.cad.faults.add(CadFault(on="calls", times=None, status=503))
    else:
        world.cad.faults.add(DOWN)
    strangers.owner.permissions = ORDINARY_PERMISSIONS
    await world.start()
    await strangers.press_connect(strangers.owner)
    await strangers.let_in()
    interaction = await strangers.add("hello")
    message = await told(world, interaction, CHECKING if in_doubt else QUEUED)
    by = strangers.owner if who == "the owner" else strangers.stranger
    said = (await strangers.use("callnote-config disconnect", by=by)).content
    assert said.startswith("Disconnected.")
    await shows(world, message, "Cancelled, but it may have" if in_doubt else WITHDRAWN)
    world.cad.faults.clear()
    await world.say("ours")
    assert world.stored() == ["ours"]
    assert await privately(world, await strangers.add()) == NOT_CONNECTED


@pytest.mark.parametrize("how", ["removed", "while stopped", "while the session was lost"])
async def test_the_waiting_notes_of_a_server_that_removed_the_bot_are_withdrawn(
    world: World, strangers: Strangers, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "callnote")
    world.connect(strangers.guild)
    world.cad.faults.add(DOWN)
    await world.start()
    await strangers.let_in()
    message = await strangers.waiting_note()
    ours = await told(world, await world.use(), QUEUED)
    guild_id = strangers.guild.id
    match how:
        case "removed":
            world.discord.remove_guild(strangers.guild)
        case "while stopped":
            await world.finish()
            world.discord.remove_guild(strangers.guild)
            await world.restart()
        case _:
            await logged(caplog, "servers: 2")
            world.discord.forget_guild(strangers.guild)
            await world.discord.invalidate_sessions()
            await logged(
                caplog, f"guild={guild_id} left, its waiting notes are withdrawn: Paleto Bay"
            )
    await shows(world, message, WITHDRAWN)
    world.cad.faults.clear()
    await shows(world, ours, ADDED)
    assert world.stored() == ["some note here"]


async def test_a_server_that_removed_the_bot_and_took_it_back_is_connected_as_before(
    world: World, strangers: Strangers, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "callnote")
    world.connect(strangers.guild)
    await world.start()
    await strangers.let_in()
    await logged(caplog, "servers: 2")
    guild_id = strangers.guild.id
    world.discord.remove_guild(strangers.guild)
    await logged(caplog, f"guild={guild_id} left, its waiting notes are withdrawn: Paleto Bay")
    world.discord.return_to(strangers.guild)
    await logged(
        caplog,
        f"guild={guild_id} joined, connected by the host's setting DISCORD_GUILD_IDS: Paleto Bay",
    )
    await world.final(await strangers.add("hello"))
    assert world.stored() == ["hello"]


async def test_the_host_takes_a_server_out_and_nothing_of_it_is_sent_any_more(
    world: World, strangers: Strangers
) -> None:
    world.connect(strangers.guild)
    world.cad.faults.add(DOWN)
    await world.start()
    await strangers.let_in()
    message = await strangers.waiting_note()
    await world.finish()
    world.connect()
    world.cad.faults.clear()
    await world.restart()
    await shows(world, message, WITHDRAWN)
    assert world.stored() == []


async def test_the_waiting_notes_of_an_unavailable_server_are_kept(
    world: World, strangers: Strangers
) -> None:
    world.connect(strangers.guild)
    world.cad.faults.add(DOWN)
    await world.start()
    await strangers.let_in()
    theirs = await strangers.waiting_note()
    ours = await told(world, await world.use(), QUEUED)
    world.discord.lose_guild(world.guild)
    world.discord.remove_guild(strangers.guild)
    await shows(world, theirs, WITHDRAWN)  # so it was decided about both
    world.cad.faults.clear()
    world.discord.restore_guild(world.guild)
    await shows(world, ours, ADDED)
    assert world.stored() == ["some note here"]


async def test_those_of_one_that_was_unavailable_at_the_start_wait_until_it_is_known(
    world: World, strangers: Strangers
) -> None:
    world.cad.add_call(124)
    world.connect(strangers.guild)
    world.cad.faults.add(DOWN)
    await world.start()
    await strangers.let_in()
    ours = await told(world, await world.use(), QUEUED)
    theirs = await told(world, await strangers.add("theirs", call="124"), "⏳ Queued for call #124")
    await world.finish()
    world.guild.available = False
    world.cad.faults.clear()
    await world.restart()
    await shows(world, theirs, "NOTE 'theirs' added to call #124")
    assert world.stored() == []
    said = await privately(
        world, await world.discord.use_command(world.admin, world.channel, STATUS)
    )
    assert "Discord has not sent this server's roles" in said
    world.discord.restore_guild(world.guild)
    await shows(world, ours, ADDED)


async def test_without_discord_notes_are_sent_after_a_while_where_it_is_not_needed_to_know(
    world: World, strangers: Strangers, tmp_path: Path
) -> None:
    lone = Database(database.file_in(tmp_path))
    settings = cache_of(SettingsRepository(lone))
    communities = communities_in(lone, None)
    connections = connections_of(settings, communities, guild_ids=frozenset({world.guild.id}))
    assert connections.waiting_notes(world.guild.id, HOST) is WaitingNotes.KEEP
    await let_pass(Timing().first_guilds)
    connections.use(None)  # as after each try that fails, which begins no new time
    assert connections.waiting_notes(world.guild.id, HOST) is WaitingNotes.SEND
    assert connections.waiting_notes(strangers.guild.id, HOST) is WaitingNotes.KEEP


async def test_without_discord_the_notes_of_a_server_with_a_key_of_its_own_are_sent_unless_it_left(
    tmp_path: Path,
) -> None:
    async with database.opened(database.file_in(tmp_path)) as lone:
        settings = cache_of(SettingsRepository(lone))
        await settings.refresh()
        communities = communities_in(lone)
        connections = connections_of(settings, communities)
        usable, sealed, left = 1, 2, 3
        for guild_id in (usable, sealed, left):
            own = None if guild_id == sealed else Credentials("paleto-key", "Paleto")
            communities.entered.stored(guild_id, StoredCredentials("paleto", own, 1))
        client = discord.Client(intents=discord.Intents.none())
        about: Any = {"id": str(left), "name": "Grapeseed"}
        connections.leave(discord.Guild(data=about, state=client._connection))
        await let_pass(Timing().first_guilds)
        assert connections.waiting_notes(usable, "paleto") is WaitingNotes.SEND
        assert connections.waiting_notes(sealed, "paleto") is WaitingNotes.KEEP
        assert connections.waiting_notes(left, "paleto") is WaitingNotes.KEEP
