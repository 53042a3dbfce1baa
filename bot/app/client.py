"""The bot: a discord.py client with everything that its cogs use."""

from __future__ import annotations

import asyncio
from functools import partial
from importlib import import_module
from typing import cast

import discord
from discord import app_commands
from discord.ext import commands

from bot.app.command_sync import register
from bot.app.command_tree import CallnoteCommandTree
from bot.app.services import TEXTS, Services
from bot.communities.owners import Owners
from bot.interactions.handler import InteractionHandler
from bot.interactions.responses import first_response_trace
from bot.notes.actions import NoteActions
from bot.notes.buttons import note_button
from bot.notes.submit import NoteSubmitter

COGS = ("cogs.callnote", "cogs.callnote_config", "cogs.guilds")
COMMANDS = frozenset({"callnote", "callnote-config"})


class CallnoteBot(commands.AutoShardedBot):
    """Callnote on Discord, with only the `guilds` intent and its cache.

    `services` outlive it; `handler`, `owners`, `submitter` and `note_actions` belong to this
    client.
    """

    def __init__(self, services: Services) -> None:
        discord.VoiceClient.warn_nacl = False  # Callnote uses no voice
        discord.VoiceClient.warn_dave = False
        self.services = services
        self.handler = InteractionHandler(
            refusal=services.connections.refusal,
            texts=TEXTS,
            timing=services.timing,
        )
        super().__init__(
            commands.when_mentioned,
            help_command=None,
            intents=discord.Intents(guilds=True),
            # discord.py only calls it with this client.
            tree_cls=cast(
                type[CallnoteCommandTree], partial(CallnoteCommandTree, handler=self.handler)
            ),
            allowed_contexts=app_commands.AppCommandContext(guild=True),
            allowed_installs=app_commands.AppInstallationType(guild=True),
            allowed_mentions=discord.AllowedMentions.none(),
            max_messages=None,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            http_trace=first_response_trace(),
        )
        self.owners = Owners(self)
        self.submitter = NoteSubmitter(
            self,
            self.handler.in_flight,
            services.notes.outbox,
            services.notes.messages,
            services.composer,
            timing=services.timing,
        )
        self.note_actions = NoteActions(
            self.handler,
            self.submitter,
            services.notes.outbox,
            services.dispatchers,
            timing=services.timing,
        )
        self._registering: asyncio.Task[None] | None = None

    async def setup_hook(self) -> None:
        """Add the cogs and begin to register the commands."""
        self.add_dynamic_items(note_button(self.note_actions.press))
        for module in COGS:  # not as extensions, which are executed anew for every client
            try:
                await import_module(module).setup(self)
            except discord.DiscordException as error:  # a bug of ours, which retrying does not fix
                raise RuntimeError(f"{module} cannot be set up") from error
        self._registering = asyncio.create_task(register(self.tree, COMMANDS))

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Make a shard that begins a new session wait its turn, as discord.py does."""
        if not initial:
            await asyncio.sleep(self.services.timing.identify_again)

    async def close(self) -> None:
        """Close the connections to Discord."""
        if self._registering is not None:
            self._registering.cancel()
        await super().close()
