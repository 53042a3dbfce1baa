"""When the bot takes a guild for gone, by what Discord says and does not say."""

from __future__ import annotations

import asyncio
import logging

import pytest
from sqlalchemy import Connection, select

from bot.communities.schema import departures
from bot.sandbox.discord import Guild
from tests import engines
from tests.communities import strangers as scene
from tests.communities.strangers import Strangers, logged
from tests.database import at_once
from tests.loop_clock import tick
from tests.world import PATIENCE, World

kept = engines.kept
strangers = scene.strangers


async def marked(world: World, *guilds: Guild) -> None:
    """Wait until these guilds are marked as gone, and no others."""
    assert world.database is not None
    expected = {guild.id for guild in guilds}
    async with asyncio.timeout(PATIENCE):
        while await at_once(world.database, _marks) != expected:
            await tick()


def _marks(connection: Connection) -> set[int]:
    return set(connection.scalars(select(departures.c.guild_id)))


@pytest.fixture
async def both(kept: World, strangers: Strangers) -> Strangers:
    """Give a running bot that has stored something of both guilds."""
    kept.connect(strangers.guild)
    await kept.start()
    await strangers.let_in()
    await kept.say()
    return strangers


async def test_a_guild_that_removed_the_bot_is_marked_until_it_is_back_an_unavailable_one_is_not(
    kept: World, both: Strangers, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "callnote")
    await logged(caplog, "servers: 2")
    kept.discord.lose_guild(kept.guild)
    kept.discord.remove_guild(both.guild)
    await marked(kept, both.guild)  # so it was decided about both
    kept.discord.return_to(both.guild)
    await marked(kept)
    await kept.final(await both.add("hello"))  # its settings are as they were


async def test_a_guild_that_removed_the_bot_while_it_was_away_is_marked_at_the_start(
    kept: World, both: Strangers
) -> None:
    await kept.finish()
    kept.guild.available = False
    kept.discord.remove_guild(both.guild)
    await kept.restart()
    await marked(kept, both.guild)
    await kept.finish()
    kept.discord.return_to(both.guild)
    await kept.restart()
    await marked(kept)


async def test_a_guild_that_removed_the_bot_while_the_session_was_lost_is_marked(
    kept: World, both: Strangers
) -> None:
    kept.discord.forget_guild(both.guild)
    await kept.discord.invalidate_sessions()
    await marked(kept, both.guild)
