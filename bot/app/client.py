"""The bot: a discord.py client given everything its cogs use."""

from __future__ import annotations

import asyncio

import discord
from discord import app_commands
from discord.ext import commands

from bot.app.command_sync import register
from bot.app.command_tree import CallnoteTree
from bot.app.database_supervisor import DatabaseLife
from bot.communities.connections import Connections
from bot.communities.owners import Owners
from bot.health.probe import CadProbe
from bot.interactions.in_flight import InFlight
from bot.interactions.responses import OTHER_COPY_SECONDS
from bot.notes.actions import NoteActions
from bot.notes.buttons import NoteButton
from bot.notes.log_channel import NoteLog
from bot.notes.service import NoteService
from bot.outbox import Delivery
from bot.settings.cache import SettingsInForce
from bot.settings.cad_server import ServerChoice
from bot.settings.cad_servers import CadServers
from bot.settings.dispatchers import Dispatchers
from bot.settings.log_channel import LogChannel
from bot.settings.roles import RoleChoice
from bot.sonoran import SonoranClient

EXTENSIONS = ("cogs.callnote", "cogs.callnote_config", "cogs.guilds")
COMMANDS = frozenset({"callnote", "callnote-config"})


class CallnoteBot(commands.AutoShardedBot):
    """Callnote on Discord, with the `guilds` intent alone and no caches beyond it.

    `cad` is borrowed: whoever opened its session closes it; `settings`, `life` and `notes`
    stand on a database that is borrowed, too. `other_copy_seconds` is how long another copy of
    the bot may take to answer.
    """

    tree: CallnoteTree

    def __init__(
        self,
        *,
        cad: SonoranClient,
        settings: SettingsInForce,
        connections: Connections,
        life: DatabaseLife,
        notes: NoteService,
        note_log: NoteLog,
        other_copy_seconds: float = OTHER_COPY_SECONDS,
    ) -> None:
        discord.VoiceClient.warn_nacl = False  # no voice here, so its absence is no news
        discord.VoiceClient.warn_dave = False
        super().__init__(
            commands.when_mentioned,
            help_command=None,
            intents=discord.Intents(guilds=True),
            tree_cls=CallnoteTree,
            allowed_contexts=app_commands.AppCommandContext(guild=True),
            allowed_installs=app_commands.AppInstallationType(guild=True),
            allowed_mentions=discord.AllowedMentions.none(),
            max_messages=None,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
        )
        self.cad = cad
        self.settings = settings
        self.connections = connections
        self.owners = Owners(self)
        self.life = life
        self.delivery: Delivery = notes.delivery
        self.note_messages = notes.messages
        self.note_actions = NoteActions(self)
        self.dispatchers = Dispatchers(settings)
        self.role_choice = RoleChoice(settings)
        self.cad_servers = CadServers(cad)
        self.server_choice = ServerChoice(settings, self.cad_servers)
        self.log_channel = LogChannel(settings)
        self.note_log = note_log
        self.cad_probe = CadProbe(cad, self.cad_servers)
        self.other_copy_seconds = other_copy_seconds
        self.in_flight = InFlight()
        self._registering: asyncio.Task[None] | None = None

    async def setup_hook(self) -> None:
        """Load the cogs, whose failure stops the start, and see to the commands meanwhile."""
        self.add_dynamic_items(NoteButton)
        for extension in EXTENSIONS:
            await self.load_extension(extension)
        self._registering = asyncio.create_task(register(self.tree, COMMANDS))

    async def close(self) -> None:
        """Close the connections to Discord."""
        if self._registering is not None:
            self._registering.cancel()
        await super().close()
