"""The `/callnote-config` commands, with which administrators set Callnote up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.app.client import CallnoteBot
from bot.app.command_tree import ANYWHERE
from bot.calls.guild_calls import GuildCalls
from bot.config import LARGEST_SERVER
from bot.health.status import StatusReport
from bot.interactions import audit_log
from bot.interactions.administrators import admit_administrator
from bot.interactions.handler import InteractionHandler
from bot.notes.history import HistoryPlace
from bot.notes.log_channel import check_channels_known
from bot.notes.parsing import parse_call_number
from bot.outbox import NoteHistory
from bot.settings.cache import SettingsCache
from bot.settings.texts import (
    cards_changed,
    cards_now,
    unit_numbers_changed,
    unit_numbers_now,
)
from cogs.connecting import Connector, ConnectView
from cogs.deleted_roles import DeletedRoles
from cogs.note_history import page_button, show_page
from cogs.pickers import LogChannelPicker, RolePicker, ServerPicker

_Interaction = discord.Interaction[Any]


@app_commands.default_permissions(manage_guild=True)
class CallnoteConfig(
    commands.GroupCog,
    group_name="callnote-config",
    group_description="Set Callnote up for this server",
):
    """Shows and changes a guild's settings; every answer is private to the administrator."""

    def __init__(
        self,
        handler: InteractionHandler,
        connector: Connector,
        roles: RolePicker,
        server: ServerPicker,
        log_channel: LogChannelPicker,
        status: StatusReport,
        history: NoteHistory,
        calls: GuildCalls,
        settings: SettingsCache,
    ) -> None:
        self._handler = handler
        self._connector = connector
        self._roles = roles
        self._server = server
        self._log_channel = log_channel
        self._status = status
        self._history = history
        self._calls = calls
        self._settings = settings

    async def interaction_check(self, interaction: discord.Interaction[Any], /) -> bool:
        """Admit administrators only, as Discord may show the commands to others."""
        audit_log.about_settings(interaction)
        if interaction.command not in (self.connect, self.disconnect):  # which the owner may, too
            guild = admit_administrator(interaction)
            if interaction.command is self.log_channel:  # whose option is looked up next
                check_channels_known(guild)
        return True

    @app_commands.command(
        extras={ANYWHERE: True}, description="Connect this server to the community's CAD."
    )
    async def connect(self, interaction: _Interaction) -> None:
        """Connect this server to the community's CAD."""
        await self._connector.show(interaction)

    @app_commands.command(
        extras={ANYWHERE: True}, description="Disconnect this server from the community's CAD."
    )
    async def disconnect(self, interaction: _Interaction) -> None:
        """Disconnect this server from the community's CAD."""
        await self._handler.acknowledge(interaction, private=True)
        await self._connector.disconnect(interaction)

    @app_commands.command(description="Choose the roles that may add notes.")
    async def roles(self, interaction: _Interaction) -> None:
        """Choose the roles that may add notes."""
        await self._roles.show(interaction)

    @app_commands.command(name="roles-add", description="Let one more role add notes.")
    @app_commands.describe(role="The role whose members may add notes from now on")
    async def roles_add(self, interaction: _Interaction, role: discord.Role) -> None:
        """Let one more role add notes."""
        await self._roles.add(interaction, role)

    @app_commands.command(name="roles-remove", description="Stop a role from adding notes.")
    @app_commands.describe(role="The role whose members may no longer add notes")
    async def roles_remove(self, interaction: _Interaction, role: discord.Role) -> None:
        """Stop a role from adding notes."""
        await self._roles.remove(interaction, role)

    @app_commands.command(description="Choose the CAD server that notes go to.")
    @app_commands.describe(number="The server's number in Sonoran CAD, to set it without the list")
    async def server(
        self,
        interaction: _Interaction,
        number: app_commands.Range[int, 1, LARGEST_SERVER] | None = None,
    ) -> None:
        """Choose the CAD server that notes go to."""
        if number is None:
            await self._server.show(interaction)
        else:
            await self._server.choose(interaction, number)

    @app_commands.command(
        name="log-channel", description="Choose the channel where every note is recorded, or none."
    )
    @app_commands.describe(channel="The channel where every note is recorded from now on")
    async def log_channel(
        self, interaction: _Interaction, channel: discord.TextChannel | None = None
    ) -> None:
        """Choose the channel where every note is recorded, or none."""
        if channel is None:
            await self._log_channel.show(interaction)
        else:
            await self._log_channel.choose(interaction, channel)

    @app_commands.command(
        name="unit-numbers", description="See what stands beside notes in the CAD, or change it."
    )
    @app_commands.describe(
        on="True: the member's unit number where the CAD knows it; False: always the display name"
    )
    async def unit_numbers(self, interaction: _Interaction, on: bool | None = None) -> None:
        """See what stands beside notes in the CAD, or change it."""
        await self._switch(interaction, "unit_numbers", on, unit_numbers_changed, unit_numbers_now)

    @app_commands.command(description="See whether cards may be kept in channels, or change it.")
    @app_commands.describe(allow="Whether dispatchers may keep a call's card in a channel")
    async def cards(self, interaction: _Interaction, allow: bool | None = None) -> None:
        """See whether cards may be kept in channels, or change it."""
        await self._switch(interaction, "call_cards", allow, cards_changed, cards_now)

    @app_commands.command(description="See whether all is well, and what to do if it is not.")
    async def status(self, interaction: _Interaction) -> None:
        """See whether all is well, and what to do if it is not."""
        guild = await self._handler.admit_administrator(interaction)
        channel = interaction.channel
        kind = discord.ChannelType.text if channel is None else channel.type
        content = await self._status.of(guild, interaction.app_permissions, kind)
        await self._handler.respond(interaction, content)
        audit_log.outcome(interaction, "status shown")

    @app_commands.command(description="See the last notes sent here and their outcomes.")
    @app_commands.describe(
        call="Only notes for this call, by its number in Sonoran CAD",
        member="Only notes by this member",
    )
    async def history(
        self,
        interaction: _Interaction,
        call: app_commands.Range[str, 1, 100] | None = None,
        member: discord.User | None = None,
    ) -> None:
        """See the last notes sent here and their outcomes."""
        place = HistoryPlace(
            call_id=parse_call_number(call) if call is not None else None,
            member_id=member.id if member is not None else None,
        )
        guild = await self._handler.admit_administrator(interaction)
        await show_page(self._handler, self._history, interaction, guild, place)

    @history.autocomplete("call")
    async def suggest_calls(
        self, interaction: _Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        """Suggest live calls, to dispatchers alone."""
        return await self._calls.suggest(interaction, typed)

    async def _switch(
        self,
        interaction: _Interaction,
        setting: str,
        on: bool | None,
        changed: Callable[[bool], str],
        now: Callable[[bool], str],
    ) -> None:
        """Switch a guild's setting on or off, or leave it (None), and show it.

        `changed` is for the record of a change and `now` for the answer. Refuses like
        `SettingsCache.set`.
        """
        guild = await self._handler.admit_administrator(interaction)
        outcome = f"setting {setting} shown"
        if on is not None:
            outcome = changed(on)
            await self._settings.set(guild.id, interaction.user.id, outcome, **{setting: on})
        await self._handler.respond(interaction, now(getattr(self._settings.of(guild.id), setting)))
        audit_log.outcome(interaction, outcome)


async def setup(bot: CallnoteBot) -> None:
    """Add the commands and their components to the bot."""
    services, handler, history = bot.services, bot.handler, bot.services.notes.outbox.history
    connector = Connector(
        handler,
        services.connections,
        services.connection_changes,
        services.communities,
        bot.owners,
        bot.credentials_form,
        timing=services.timing,
    )
    roles = RolePicker(handler, services.dispatcher_roles)
    server = ServerPicker(handler, services.cad_servers)
    channel = LogChannelPicker(handler, services.log_channel)
    await bot.add_cog(
        CallnoteConfig(
            handler,
            connector,
            roles,
            server,
            channel,
            services.status,
            history,
            services.guild_calls,
            services.settings,
        )
    )
    await bot.add_cog(DeletedRoles(services.dispatcher_roles, services.settings))
    # Components are answered however old their message is.
    for view in (ConnectView(connector), roles, server, channel):
        bot.add_view(view)
    bot.add_dynamic_items(page_button(handler, history))
