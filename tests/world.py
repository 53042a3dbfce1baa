"""The real bot between the two stand-ins, over loopback sockets."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from bot.config import Config
from bot.process import serve
from bot.sonoran import ApiVersion, Credentials
from bot.standins.discord_server import DiscordServer, Interaction, Message
from bot.standins.sonoran_server import SonoranServer

TOKEN = "test-token-8f0e"
API_KEY = "test-key-55aa"
COMMUNITY = "rockford"
PATIENCE = 30.0
"""Seconds after which a test that waits for something gives up."""


class World:
    """A Discord server with a dispatcher and a civilian, a CAD with call 123, and running bots."""

    def __init__(self, discord: DiscordServer, cad: SonoranServer) -> None:
        self.discord = discord
        self.cad = cad
        self.guild = discord.add_guild(name="Rockford County")
        self.role = self.guild.add_role("Dispatcher")
        self.channel = self.guild.add_channel("dispatch")
        self.dispatcher = self.guild.add_member("dana", nick="Dana D-2", roles=[self.role])
        self.civilian = self.guild.add_member("casey")
        cad.add_call(123, title="Traffic stop")
        cad.rate_limited = False
        self.stop = asyncio.Event()
        self.bots: list[asyncio.Task[None]] = []
        self.config = Config(
            discord_token=TOKEN,
            credentials=Credentials(api_key=API_KEY, community_id=COMMUNITY),
            dispatcher_role_ids=frozenset({self.role.id}),
            sonoran_api_url=cad.url,
            discord_api_url=discord.api_url,
        )

    async def start(self, *, other_copy_seconds: float = 0.3) -> None:
        """Run one more bot with the present `config`; returns once it is connected."""
        self.bots.append(
            asyncio.create_task(
                serve(self.config, self.stop, other_copy_seconds=other_copy_seconds)
            )
        )
        await asyncio.wait_for(self.discord.connected(len(self.bots)), PATIENCE)

    async def start_with(self, version: int) -> None:
        """Run a bot that is told which API version the CAD speaks."""
        self.config = replace(self.config, api_version=ApiVersion(version))
        await self.start()

    async def use(self, note: str = "some note here", call: str = "123") -> Interaction:
        """Let the dispatcher use `/callnote`."""
        return await self.discord.use_command(
            self.dispatcher, self.channel, "callnote", {"call": call, "note": note}
        )

    async def say(self, note: str = "some note here", call: str = "123") -> Message:
        """Let the dispatcher use `/callnote` and return the answer."""
        interaction = await self.use(note, call)
        return await asyncio.wait_for(interaction.answered(), PATIENCE)

    def stored(self, call_id: int = 123) -> list[str]:
        """Return the texts of the notes that the CAD has."""
        return [note.content for note in self.cad.notes(call_id)]

    async def finish(self) -> None:
        """Stop every bot and wait for it; what a bot raised is raised here."""
        self.stop.set()
        for bot in self.bots:
            await asyncio.wait_for(bot, PATIENCE)
        self.bots.clear()
