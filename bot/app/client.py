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
from bot.app.discord_endpoint import introduce
from bot.app.gateway import ShardConnection, bot_gateway
from bot.app.services import TEXTS, Services
from bot.app.session_starts import SessionStarts
from bot.calls.cards import CallCards
from bot.communities.application_owners import ApplicationOwners
from bot.communities.credentials_form import CredentialsForm
from bot.communities.shards import Shards
from bot.interactions.handler import InteractionHandler
from bot.interactions.responses import answers_trace
from bot.notes.actions import NoteActions
from bot.notes.buttons import note_button
from bot.notes.form_texts import FORM_TITLE
from bot.notes.forms import NoteForms
from bot.notes.submit import NoteSubmitter
from bot.timing import end_tasks

COGS = (
    "cogs.callnote",
    "cogs.note_forms",
    "cogs.call_cards",
    "cogs.callnote_config",
    "cogs.guilds",
)
COMMANDS = frozenset({"callnote", "callnote-form", "callnote-config", "call", "calls", FORM_TITLE})


class CallnoteBot(commands.AutoShardedBot):
    """Callnote on Discord, with only the `guilds` intent and its cache.

    `services` and `starts` outlive it; `handler`, `owners`, `credentials_form`, `submitter`,
    `note_forms`, `note_actions` and `call_cards` belong to this client.
    """

    def __init__(
        self,
        services: Services,
        starts: SessionStarts,
        proxy: str | None,
    ) -> None:
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
            http_trace=answers_trace(),
            proxy=proxy,
        )
        introduce(self)
        self.owners = ApplicationOwners(self, services.timing)
        self.credentials_form = CredentialsForm(
            self.handler,
            services.connections,
            services.connection_changes,
            services.communities,
            services.trial,
        )
        self.submitter = NoteSubmitter(
            self,
            self.handler.in_flight,
            services.notes.outbox,
            services.notes.messages,
            services.composer,
            services.connections.community_of,
            services.guild_calls,
            timing=services.timing,
        )
        self.note_forms = NoteForms(
            self.handler,
            services.dispatchers,
            services.settings,
            services.guild_calls,
            self.submitter,
            services.composer,
            services.note_labels,
            services.connections.community_of,
            services.kept_cards.calls_in,
            timing=services.timing,
        )
        self.note_actions = NoteActions(
            self.handler,
            self.submitter,
            services.notes.outbox,
            services.dispatchers,
            services.connections.community_of,
            timing=services.timing,
        )
        self.call_cards = CallCards(
            self.handler,
            services.dispatchers,
            services.settings,
            services.guild_calls,
            services.kept_cards,
            self.note_forms.open,
        )
        self._registering: asyncio.Task[None] | None = None
        self._starts = starts
        self._shards: dict[asyncio.Task[None], ShardConnection] = {}

    async def setup_hook(self) -> None:
        """Add the cogs and begin to register the commands."""
        self.add_dynamic_items(note_button(self.note_actions.on_button))
        for module in COGS:  # not as extensions, which are executed anew for every client
            try:
                await import_module(module).setup(self)
            except Exception as error:  # a bug of ours, which retrying does not fix
                raise RuntimeError(f"{module} cannot be set up") from error
        self._registering = asyncio.create_task(register(self.tree, COMMANDS))

    async def connect(self, *, reconnect: bool = True) -> None:
        """Keep the process's shards connected until this is cancelled or the client closed.

        Raises as `bot_gateway` and `ShardConnection.run` do. `reconnect` has no effect.
        """
        count, _, _ = await bot_gateway(self)
        shards = self.services.shards or Shards(count, [*range(count)])
        # discord.py 2.7.1 sets these in `launch_shards`, with connections of its own.
        self.shard_count = self._connection.shard_count = shards.count
        self._connection.shard_ids = shards.ids
        for shard_id in shards.ids:
            shard = ShardConnection(
                self, shard_id, self._starts, self.services.timing, self.services.observer
            )
            self._shards[asyncio.create_task(shard.run())] = shard
        try:
            await asyncio.wait(self._shards, return_when=asyncio.FIRST_EXCEPTION)
        finally:
            await end_tasks(self._shards)
        for task in self._shards:
            if not task.cancelled():
                task.result()

    @property
    def connected_shards(self) -> tuple[int, int]:
        """How many shards of this process have a session, and how many it has in all."""
        return len(self.latencies), len(self._shards)

    @property
    def latencies(self) -> list[tuple[int, float]]:
        """The id of each shard of this process that has a session, and its latency in seconds.

        The latency is infinite before the first answer to a heartbeat.
        """
        latencies = [(shard.shard_id, shard.latency) for shard in self._shards.values()]
        return [(shard_id, latency) for shard_id, latency in latencies if latency is not None]

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Note a session's start; the shard has waited for its turn before it connected."""
        self._starts.record(shard_id or 0)

    async def leave_gateway(self) -> None:
        """End the sessions, so that nothing new arrives."""
        for task in self._shards:
            task.cancel()
        await asyncio.gather(*(shard.close() for shard in self._shards.values()))

    async def close(self) -> None:
        """Close the connections to Discord."""
        if self._registering is not None:
            self._registering.cancel()
        await self.leave_gateway()
        await super().close()
