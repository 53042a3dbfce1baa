"""The simulator of Discord, and real discord.py clients that connect to it.

A test module takes over the fixture: `world = discord_client.world`.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import discord
import pytest
from discord import app_commands
from discord.ext import commands

from bot.app.discord_endpoint import use_discord_at
from bot.sandbox.discord import Channel, DiscordServer, Guild, Member
from bot.sandbox.discord import Interaction as Action
from tests.clock import Clock

TOKEN = "a-token-of-the-simulator"
Interaction = discord.Interaction[commands.AutoShardedBot]
Respond = Callable[[Interaction], Awaitable[Any]]


class World:
    """One simulator with a guild, and ways to connect real clients to it."""

    def __init__(self, server: DiscordServer, clock: Clock, stack: AsyncExitStack) -> None:
        self.server = server
        self.clock = clock
        self.guild: Guild = server.add_guild("Rockford County", owner="sheriff")
        self.role = self.guild.add_role("Dispatcher")
        self.channel: Channel = self.guild.add_channel("dispatch")
        self.dana: Member = self.guild.add_member("dana", nick="D-2", roles=[self.role])
        self._stack = stack

    async def connect(
        self, respond: Respond, prepare: Callable[[commands.AutoShardedBot], None] | None = None
    ) -> commands.AutoShardedBot:
        """Connect a bot whose command does what `respond` does; `prepare` may add to it before."""
        intents = discord.Intents(guilds=True)
        bot = commands.AutoShardedBot("!", intents=intents, guild_ready_timeout=0.05)

        @bot.tree.command(description="Add a note")
        @app_commands.describe(call="The call", note="The note")
        async def callnote(
            interaction: Interaction,
            call: str,
            note: app_commands.Range[str, 1, 1500],
            unit: str | None = None,
        ) -> None:
            await respond(interaction)

        if prepare is not None:
            prepare(bot)
        count = len(self.server.connections) + 1
        await self._stack.enter_async_context(running(bot))
        await self.server.connected(count)
        await bot.wait_until_ready()
        return bot

    async def note(self) -> Action:
        """Let Dana use the command."""
        options = {"call": "123", "note": "x"}
        return await self.server.use_command(self.dana, self.channel, "callnote", options)


@asynccontextmanager
async def running(bot: commands.AutoShardedBot) -> AsyncIterator[None]:
    async with bot:
        await bot.login(TOKEN)
        connection = asyncio.create_task(bot.connect())
        try:
            yield
        finally:
            await bot.close()
            await asyncio.gather(connection, return_exceptions=True)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    clock = Clock()
    async with (
        DiscordServer(token=TOKEN, clock=clock) as server,
        AsyncExitStack() as stack,
    ):
        use_discord_at(server.api_url, server.gateway_url)
        yield World(server, clock, stack)


class Recorder:
    """Does one thing with each interaction and keeps what came of it."""

    def __init__(self, action: Respond) -> None:
        self.action = action
        self.outcomes: asyncio.Queue[Any] = asyncio.Queue()

    async def __call__(self, interaction: Interaction) -> None:
        try:
            await self.outcomes.put(await self.action(interaction))
        except discord.HTTPException as error:
            await self.outcomes.put((error.status, error.code))


async def heard(bot: commands.AutoShardedBot, event: str, cause: Callable[[], object]) -> Any:
    """Return what the bot's listeners of an event get after `cause` was called."""
    waiting = asyncio.ensure_future(bot.wait_for(event))
    await asyncio.sleep(0)  # lets the bot start listening
    cause()
    return await waiting


async def say_hello(interaction: Interaction) -> None:
    await interaction.response.send_message("Hello")
