"""When the bot takes a guild for gone, by what Discord says and does not say."""

from __future__ import annotations

import asyncio
import gc
import logging

import discord
import pytest

from bot.sandbox.discord import Guild
from tests.communities import strangers as scene
from tests.communities.strangers import Strangers, logged
from tests.loop_clock import tick
from tests.world import PATIENCE, World

strangers = scene.strangers


async def marked(world: World, *guilds: Guild) -> None:
    """Wait until these guilds are marked as gone, and no others."""
    expected = {(guild.id,) for guild in guilds}
    async with asyncio.timeout(PATIENCE):
        while {*world.rows("SELECT guild_id FROM departures")} != expected:
            await tick()


@pytest.fixture
async def both(world: World, strangers: Strangers) -> Strangers:
    """Give a running bot that has stored something of both guilds."""
    world.connect(strangers.guild)
    await world.start()
    await strangers.let_in()
    await world.say()
    return strangers


async def test_a_guild_that_removed_the_bot_is_marked_until_it_is_back_an_unavailable_one_is_not(
    world: World, both: Strangers, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "callnote")
    await logged(caplog, "servers: 2")
    world.discord.lose_guild(world.guild)
    world.discord.remove_guild(both.guild)
    await marked(world, both.guild)  # so it was decided about both
    world.discord.return_to(both.guild)
    await marked(world)
    await world.final(await both.add("hello"))  # its settings are as they were


async def test_nothing_in_memory_has_the_object_of_a_guild_that_removed_the_bot(
    world: World, both: Strangers, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "callnote")
    await logged(caplog, "servers: 2")

    def in_memory() -> set[int]:
        gc.collect()
        return {each.id for each in gc.get_objects() if isinstance(each, discord.Guild)}

    assert in_memory() >= {world.guild.id, both.guild.id}
    world.discord.remove_guild(both.guild)
    async with asyncio.timeout(PATIENCE):
        while both.guild.id in in_memory():
            await tick()


async def test_a_guild_that_removed_the_bot_while_it_was_away_is_marked_at_the_start(
    world: World, both: Strangers
) -> None:
    await world.finish()
    world.guild.available = False
    world.discord.remove_guild(both.guild)
    await world.restart()
    await marked(world, both.guild)
    await world.finish()
    world.discord.return_to(both.guild)
    await world.restart()
    await marked(world)


async def test_a_guild_that_removed_the_bot_while_the_session_was_lost_is_marked(
    world: World, both: Strangers
) -> None:
    world.discord.forget_guild(both.guild)
    await world.discord.invalidate_sessions()
    await marked(world, both.guild)
