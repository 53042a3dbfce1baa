"""Tracks the guilds that the bot joins and leaves, and hears of forms and components in them."""

from __future__ import annotations

import logging
from collections.abc import Mapping

import discord
from discord.ext import commands

from bot.app.client import CallnoteBot
from bot.communities.connections import Connection, Connections
from bot.communities.credentials_form import CredentialsForm
from bot.communities.departures import Departures
from bot.communities.texts import CONNECTED_BY
from bot.health.texts import everyone_line
from bot.interactions.handler import InteractionHandler
from bot.notes.forms import NoteForms
from bot.notes.status_updater import StatusUpdater
from bot.settings.cache import SettingsCache
from bot.storage import StorageError
from cogs.connecting import CONNECT_IDS

_log = logging.getLogger("callnote")


class Guilds(commands.Cog):
    """Logs joined and left guilds, and answers components in guilds that are not connected.

    Forms that are submitted go to `credentials_form` and `note_forms`.
    """

    def __init__(
        self,
        bot: commands.AutoShardedBot,
        handler: InteractionHandler,
        settings: SettingsCache,
        connections: Connections,
        departures: Departures,
        messages: StatusUpdater,
        credentials_form: CredentialsForm,
        note_forms: NoteForms,
    ) -> None:
        self._bot = bot
        self._handler = handler
        self._settings = settings
        self._connections = connections
        self._departures = departures
        self._messages = messages
        self._credentials_form = credentials_form
        self._note_forms = note_forms
        self._named: set[int] = set()
        self._guilds: dict[int, discord.Guild] = {}

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction) -> None:
        """Hand on submitted forms, and refuse components of unconnected guilds.

        Commands are the tree's. As each listener runs in a task of its own, also for every command,
        there is this one alone.
        """
        if interaction.type is discord.InteractionType.modal_submit:
            for form in (self._credentials_form, self._note_forms):
                if await form.submitted(interaction):
                    return
        elif interaction.type is not discord.InteractionType.component or _is_connect(interaction):
            return
        error = self._handler.refusal(interaction)
        if error is not None and self._handler.begin(interaction):
            await self._handler.respond_to_failure(interaction, error)

    @commands.Cog.listener()
    async def on_shard_connect(self, shard_id: int) -> None:
        """Find the guilds that removed the bot while this shard had no session.

        In discord.py 2.7 a sharded client makes a new object for each guild of a new session, and
        keeps the old object of a guild that is gone.
        """
        for guild in self._bot.guilds:
            if guild.shard_id == shard_id:
                if self._guilds.get(guild.id) is guild:
                    await self.on_guild_remove(guild)
                else:
                    self._guilds[guild.id] = guild

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        """Log how many guilds there are."""
        _log.info("servers: %d", len(self._bot.guilds))

    @commands.Cog.listener()
    async def on_guild_available(self, guild: discord.Guild) -> None:
        """Log once that a guild has settings and is not connected; also called for a joined one."""
        if guild.id not in self._guilds:
            await self.on_guild_join(guild)
        self._connections.join(guild.id)
        await self._settings.loaded()
        if guild.id not in self._named and self._settings.default_is_everyone(guild.id):
            self._named.add(guild.id)
            _log.warning("guild=%d: %s", guild.id, everyone_line([guild.id]).text)
        if guild.id in self._named or not self._connections.to_be_connected(guild):
            return
        self._named.add(guild.id)
        _log.warning(
            "guild=%d has settings but is not connected, so no note can be added: use "
            "/callnote-config connect there as the application's owner, or add the id to "
            "DISCORD_GUILD_IDS: %s",
            guild.id,
            guild.name,
        )

    @commands.Cog.listener()
    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Log a new guild, and whether it may reach the CAD."""
        self._guilds[guild.id] = guild
        self._connections.join(guild.id)
        connection = self._connections.of(guild)
        state = "not connected"
        if connection.connected:
            state = f"connected {CONNECTED_BY[connection]}"
        elif connection is Connection.SETTINGS_UNKNOWN:
            state = "not known whether connected"
        _log.info("guild=%d joined, %s: %s", guild.id, state, guild.name)

    @commands.Cog.listener()
    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """Log a guild that removed the bot; its waiting notes are withdrawn."""
        self._guilds.pop(guild.id, None)
        if self._connections.leave(guild):
            _log.info("guild=%d left, its waiting notes are withdrawn: %s", guild.id, guild.name)

    @commands.Cog.listener("on_guild_channel_update")
    @commands.Cog.listener("on_guild_role_update")
    @commands.Cog.listener("on_member_update")
    async def show_hidden(
        self,
        _: object,
        changed: discord.abc.GuildChannel | discord.Role | discord.Member,
    ) -> None:
        """Show what could not be shown, if the bot has got a permission back."""
        self._messages.show_hidden(changed.guild)

    @commands.Cog.listener("on_guild_available")
    async def show_hidden_of_guild(self, guild: discord.Guild) -> None:
        """Do the same after a new session, which tells of no changes."""
        self._messages.show_hidden(guild)

    @commands.Cog.listener("on_ready")
    @commands.Cog.listener("on_guild_join")
    @commands.Cog.listener("on_guild_remove")
    async def review_departures(self, *_: discord.Guild) -> None:
        """Store which guilds the bot has left or is back in; `Cleanup` makes up for a failure."""
        await self._settings.loaded()
        try:
            await self._departures.review()
        except StorageError as error:
            _log.warning("which servers are left cannot be stored: %s", error)


def _is_connect(interaction: discord.Interaction) -> bool:
    """Whether a button was pressed that connects a guild, which works in every guild."""
    data: Mapping[str, object] = interaction.data or {}
    message = interaction.message
    return (
        data.get("component_type") == discord.ComponentType.button.value
        and data.get("custom_id") in CONNECT_IDS
        and message is not None
        and message.flags.ephemeral
    )


async def setup(bot: CallnoteBot) -> None:
    """Add the cog to the bot."""
    services = bot.services
    await bot.add_cog(
        Guilds(
            bot,
            bot.handler,
            services.settings,
            services.connections,
            services.departures,
            services.notes.messages,
            bot.credentials_form,
            bot.note_forms,
        )
    )
