"""The bot: a discord.py client given everything its cogs use."""

from __future__ import annotations

import asyncio

import discord
from discord import app_commands
from discord.ext import commands

from bot.app.command_sync import register
from bot.app.command_tree import CallnoteCommandTree
from bot.app.database_supervisor import DatabaseSupervisor
from bot.communities.connections import Connections
from bot.communities.owners import Owners
from bot.health.probe import CadProbe
from bot.interactions.in_flight import InFlight
from bot.interactions.responses import OTHER_INSTANCE_SECONDS
from bot.notes.actions import NoteActions
from bot.notes.buttons import NoteButton
from bot.notes.log_channel import NoteLog
from bot.notes.service import NoteService
from bot.outbox import OutboxWorker
from bot.settings.cache import SettingsCache
from bot.settings.cad_server import CadServerChoice
from bot.settings.cad_servers import CadServers
from bot.settings.dispatchers import Dispatchers
from bot.settings.log_channel import LogChannel
from bot.settings.roles import DispatcherRoles
from bot.sonoran import SonoranClient

EXTENSIONS = ("cogs.callnote", "cogs.callnote_config", "cogs.guilds")
COMMANDS = frozenset({"callnote", "callnote-config"})


class CallnoteBot(commands.AutoShardedBot):
    """Callnote on Discord, with the `guilds` intent alone and no caches beyond it.

    `cad` is borrowed: whoever opened its session closes it; `settings`, `supervisor` and `notes`
    stand on a database that is borrowed, too. `other_instance_seconds` is how long another instance
    of the bot may take to answer.
    """

    tree: CallnoteCommandTree

    def __init__(
        self,
        *,
        cad: SonoranClient,
        settings: SettingsCache,
        connections: Connections,
        supervisor: DatabaseSupervisor,
        notes: NoteService,
        note_log: NoteLog,
        other_instance_seconds: float = OTHER_INSTANCE_SECONDS,
    ) -> None:
        discord.VoiceClient.warn_nacl = False  # no voice here, so its absence is no news
        discord.VoiceClient.warn_dave = False
        super().__init__(
            commands.when_mentioned,
            help_command=None,
            intents=discord.Intents(guilds=True),
            tree_cls=CallnoteCommandTree,
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
        self.supervisor = supervisor
        self.outbox: OutboxWorker = notes.outbox
        self.status_messages = notes.messages
        self.note_actions = NoteActions(self)
        self.dispatchers = Dispatchers(settings)
        self.dispatcher_roles = DispatcherRoles(settings)
        self.cad_servers = CadServers(cad)
        self.cad_server_choice = CadServerChoice(settings, self.cad_servers)
        self.log_channel = LogChannel(settings)
        self.note_log = note_log
        self.cad_probe = CadProbe(cad, self.cad_servers)
        self.other_instance_seconds = other_instance_seconds
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
