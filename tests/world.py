"""The real bot between the two simulators, over loopback sockets."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

from bot.app.client import CallnoteBot
from bot.app.discord_endpoint import use_discord_at
from bot.app.lifecycle import serve
from bot.app.services import Services
from bot.app.session_starts import SessionStarts
from bot.config import Config
from bot.outbox import Limits
from bot.sandbox.discord import DiscordServer, Guild, Interaction, Message
from bot.sandbox.discord.permissions import MANAGE_GUILD, ORDINARY_PERMISSIONS
from bot.sandbox.sonoran import SonoranServer
from bot.sonoran import ApiVersion, Credentials, open_session
from bot.storage import DatabaseUrl
from tests.clock import Clock
from tests.database import make_file
from tests.disturbed_database import locked_file
from tests.timing import PATIENCE as PATIENCE
from tests.timing import QUICK

TOKEN = "test-token-8f0e"
API_KEY = "test-key-55aa"
COMMUNITY = "rockford"

LIMITS = Limits(
    notes_per_minute=6000,
    notes_burst=1000,
    call_reads_per_minute=600,
    settle_seconds=0.2,
    longest_pause_seconds=0.2,
)
"""Limits with which a test need not wait a minute."""


class World:
    """A Discord server with three members, a CAD with call 123, and running bots.

    Each bot keeps its settings in a file of its own in `folder`, as on a host where two processes
    share no disk, unless they are given a `database`. `clock` is Discord's and
    stands still, so that no interaction is too old unless a test lets time pass.
    """

    def __init__(
        self, discord: DiscordServer, cad: SonoranServer, folder: Path, clock: Clock
    ) -> None:
        self.clock = clock
        self.discord = discord
        self.cad = cad
        self.guild = discord.add_guild(name="Rockford County")
        self.role = self.guild.add_role("Dispatcher")
        self.populate()
        self.folder = folder
        self.database: DatabaseUrl | None = None
        self.timing = QUICK
        self.stop = asyncio.Event()
        self.bots: list[asyncio.Task[None]] = []
        self.config = Config(
            discord_token=TOKEN,
            credentials=Credentials(api_key=API_KEY, community_id=COMMUNITY),
            database=self.file(0),
            dispatcher_role_ids=frozenset({self.role.id}),
            sonoran_api_url=cad.url,
            discord_api_url=discord.api_url,
            limits=LIMITS,
        )

    def populate(self) -> None:
        """Let there be a channel, the three members and the call."""
        self.channel = self.guild.add_channel("dispatch")
        self.dispatcher = self.guild.add_member("dana", nick="Dana D-2", roles=[self.role])
        self.civilian = self.guild.add_member("casey")
        self.admin = self.guild.add_member(
            "alex", nick="Alex", permissions=ORDINARY_PERMISSIONS | MANAGE_GUILD
        )
        self.cad.add_call(123, title="Traffic stop")
        self.cad.rate_limited = False

    def file(self, number: int) -> DatabaseUrl:
        """Return the address of the file that the bot with this number uses, counted from 0."""
        return DatabaseUrl.parse(f"sqlite:///bot{number}.db", folder=self.folder)

    def connect(self, *guilds: Guild) -> None:
        """Let the host's settings of the next bot connect these servers, besides the World's own.

        That has a role in them unless a test takes it out.
        """
        self.config = replace(self.config, guild_ids=frozenset(guild.id for guild in guilds))

    def let(self, **periods: float) -> None:
        """Give the next bots other periods, by their names in `Timing`."""
        self.timing = replace(self.timing, **periods)

    async def start(self) -> None:
        """Run one more bot with the present `config` and `timing`; returns once it is connected.

        Raises what the bot raises, if it ends before.
        """
        database = make_file(self.database or self.file(len(self.bots)))
        config = replace(self.config, database=database)
        bot = asyncio.create_task(serve(config, self.stop, timing=self.timing))
        connected = asyncio.create_task(self.discord.connected(len(self.bots) + 1))
        try:
            async with asyncio.timeout(PATIENCE):
                await asyncio.wait({bot, connected}, return_when=asyncio.FIRST_COMPLETED)
            if not connected.done():
                await bot
        finally:
            connected.cancel()
        self.bots.append(bot)

    async def registered(self) -> None:
        """Run one more bot and wait until its commands are registered."""
        await self.start()
        await asyncio.wait_for(self.discord.requested("commands_put"), PATIENCE)

    async def start_with(self, version: int) -> None:
        """Run a bot that is told which API version the CAD speaks."""
        self.config = replace(self.config, api_version=ApiVersion(version))
        await self.start()

    @contextlib.asynccontextmanager
    async def lone_bot(self) -> AsyncIterator[CallnoteBot]:
        """Make a client without the process around it, not logged in yet."""
        use_discord_at(self.discord.api_url, self.discord.gateway_url)
        config = replace(self.config, database=make_file(self.config.database))
        async with open_session(None) as session:
            services = Services(config, session, timing=self.timing)
            await services.database.open()
            try:
                await services.settings.refresh()
                async with CallnoteBot(services, SessionStarts(self.timing), None) as bot:
                    yield bot
            finally:
                await services.live_calls.close()
                await services.database.close()

    @contextlib.asynccontextmanager
    async def bot_until_killed(self) -> AsyncIterator[None]:
        """Run a client that delivers notes, made anew, so that a test can have changed its code.

        At the end of the block it ends like a killed process: nothing is finished or handed over.
        """
        opened = asyncio.Event()
        opened.set()
        async with self.lone_bot() as bot:
            services, notes = bot.services, bot.services.notes
            await bot.login(self.config.discord_token)
            services.connections.use(bot)
            notes.messages.connect(bot)
            services.kept_cards.connect(bot)
            tasks = [asyncio.create_task(bot.connect()), asyncio.create_task(notes.run(opened))]
            try:
                await asyncio.wait_for(self.discord.connected(), PATIENCE)
                yield
            finally:
                tasks.pop().cancel()
                await notes.outbox.finish(0)
                await notes.messages.finish(0)
                await bot.close()
                await asyncio.wait_for(asyncio.gather(*tasks), PATIENCE)

    async def use(self, note: str = "some note here", call: str = "123") -> Interaction:
        """Let the dispatcher use `/callnote`."""
        return await self.discord.use_command(
            self.dispatcher, self.channel, "callnote", {"call": call, "note": note}
        )

    async def say(self, note: str = "some note here", call: str = "123") -> Message:
        """Let the dispatcher use `/callnote` and return the final answer."""
        return await self.final(await self.use(note, call))

    async def final(self, interaction: Interaction) -> Message:
        """Wait until an interaction's answer is one that nothing follows by itself."""
        async with asyncio.timeout(PATIENCE):
            message = await interaction.answered()
            await self.discord.world.changes.until(
                lambda: not message.content.startswith(("⏳ Queued for", "⏳ Checking call"))
            )
        return message

    @contextlib.asynccontextmanager
    async def locked(self) -> AsyncIterator[None]:
        """Keep the first bot's SQLite file locked against every change until the block ends."""
        path = self.file(0).path
        assert path is not None
        async with locked_file(path):
            yield

    def stored(self, call_id: int = 123) -> list[str]:
        """Return the texts of the notes that the CAD has."""
        return [note.content for note in self.cad.notes(call_id)]

    def rows(self, query: str) -> list[tuple[object, ...]]:
        """Return what a query finds in the first bot's SQLite file."""
        path = self.file(0).path
        assert path is not None
        with contextlib.closing(sqlite3.connect(path)) as other:
            return other.execute(query).fetchall()

    async def settled(self) -> None:
        """Wait until nothing is left to do about any note of the first bot but those held back."""
        path = self.file(0).path
        assert path is not None
        with contextlib.closing(sqlite3.connect(path)) as other:
            left = "SELECT 1 FROM notes WHERE NOT settled AND state <> 'held' LIMIT 1"
            async with asyncio.timeout(PATIENCE):
                while other.execute(left).fetchone():  # noqa: ASYNC110 - SQLite tells of nothing
                    await asyncio.sleep(0.02)

    async def restart(self) -> None:
        """Stop every bot in good order and run one with the same database."""
        await self.finish()
        await asyncio.wait_for(self.discord.disconnected(), PATIENCE)
        self.stop.clear()
        await self.start()

    async def finish(self) -> None:
        """Stop every bot and wait for it; what a bot raised is raised here."""
        self.stop.set()
        for bot in self.bots:
            await asyncio.wait_for(bot, PATIENCE)
        self.bots.clear()
