"""The `/callnote-config` commands, with which administrators set Callnote up."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.app.client import CallnoteBot
from bot.app.command_tree import ANYWHERE
from bot.health.status import StatusReport
from bot.interactions import audit_log
from bot.interactions.administrators import admit_administrator
from bot.interactions.handler import InteractionHandler
from bot.notes.history import HistoryPlace
from bot.notes.log_channel import LogChannel
from bot.notes.text import parse_call_number
from bot.outbox import OutboxWorker
from bot.settings.cache import SettingsCache
from bot.settings.cad_server import CadServerChoice
from bot.settings.cad_servers import CadServers
from bot.settings.roles import DispatcherRoles
from bot.settings.texts import (
    log_channel_now,
    log_channel_shown,
    roles_now,
    roles_shown,
    server_now,
    server_shown,
    servers_unknown,
)
from cogs.config_pickers import (
    MOST_OPTIONS,
    LogChannelPicker,
    RolePicker,
    ServerPicker,
    shown,
)
from cogs.connecting import Connector, ConnectView
from cogs.deleted_roles import DeletedRoles
from cogs.note_history import page_button, show_page

_LARGEST_SERVER = 999_999_999  # as in SONORAN_SERVER_ID

_Interaction = discord.Interaction[Any]


@app_commands.default_permissions(manage_guild=True)
class CallnoteConfig(
    commands.GroupCog,
    group_name="callnote-config",
    group_description="Set Callnote up for this server",
):
    """Shows and changes a server's settings; every answer is for the administrator alone."""

    def __init__(
        self,
        *,
        handler: InteractionHandler,
        connector: Connector,
        settings: SettingsCache,
        dispatcher_roles: DispatcherRoles,
        cad_server_choice: CadServerChoice,
        cad_servers: CadServers,
        log_channel: LogChannel,
        status: StatusReport,
        outbox: OutboxWorker,
    ) -> None:
        self._handler = handler
        self._connector = connector
        self._settings = settings
        self._dispatcher_roles = dispatcher_roles
        self._cad_server_choice = cad_server_choice
        self._cad_servers = cad_servers
        self._log_channel = log_channel
        self._status = status
        self._outbox = outbox

    async def interaction_check(self, interaction: discord.Interaction[Any], /) -> bool:
        """Let administrators in, whatever Discord shows to whom."""
        audit_log.about_settings(interaction)
        if interaction.command not in (self.connect, self.disconnect):  # for the owner, too
            admit_administrator(interaction)
        return True

    @app_commands.command(extras={ANYWHERE: True})
    async def connect(self, interaction: _Interaction) -> None:
        """Connect this server to the community's CAD."""
        await self._handler.acknowledge(interaction, private=True)
        await self._connector.show(interaction)

    @app_commands.command()
    async def disconnect(self, interaction: _Interaction) -> None:
        """Disconnect this server from the community's CAD."""
        await self._handler.acknowledge(interaction, private=True)
        await self._connector.disconnect(interaction)

    @app_commands.command()
    async def roles(self, interaction: _Interaction) -> None:
        """Choose the roles that may add notes."""
        guild = admit_administrator(interaction)
        choice = self._dispatcher_roles
        await self._handler.acknowledge(interaction, private=True)
        roles = choice.current(guild)
        content = roles_shown([role.name for role in roles], chosen=choice.chosen(guild))
        await self._handler.respond(
            interaction, content, view=shown(RolePicker(self._handler, choice, roles))
        )
        audit_log.outcome(interaction, "dispatcher roles shown")

    @app_commands.command(name="roles-add")
    @app_commands.describe(role="The role whose members may add notes from now on")
    async def roles_add(self, interaction: _Interaction, role: discord.Role) -> None:
        """Let one more role add notes."""
        guild = admit_administrator(interaction)
        await self._handler.acknowledge(interaction, private=True)
        roles = await self._dispatcher_roles.add(guild, interaction.user.id, role)
        await self._handler.respond(interaction, roles_now([each.name for each in roles]))
        audit_log.outcome(interaction, f"dispatcher role {role.id} added")

    @app_commands.command(name="roles-remove")
    @app_commands.describe(role="The role whose members may no longer add notes")
    async def roles_remove(self, interaction: _Interaction, role: discord.Role) -> None:
        """Let a role no longer add notes."""
        guild = admit_administrator(interaction)
        await self._handler.acknowledge(interaction, private=True)
        roles = await self._dispatcher_roles.remove(guild, interaction.user.id, role)
        await self._handler.respond(interaction, roles_now([each.name for each in roles]))
        audit_log.outcome(interaction, f"dispatcher role {role.id} removed")

    @app_commands.command()
    @app_commands.describe(number="The server's number in Sonoran CAD, if the list is no help")
    async def server(
        self,
        interaction: _Interaction,
        number: app_commands.Range[int, 1, _LARGEST_SERVER] | None = None,
    ) -> None:
        """Choose the CAD server whose calls are meant."""
        guild = admit_administrator(interaction)
        await self._handler.acknowledge(interaction, private=True)
        if number is not None:
            name = await self._cad_server_choice.choose(guild.id, interaction.user.id, number)
            await self._handler.respond(interaction, server_now(number, name))
            audit_log.outcome(interaction, f"server {number} chosen")
            return
        current = self._settings.server_id(guild.id)
        servers = await self._cad_servers.get()
        if servers:
            name = await self._cad_servers.name_of(current)
            content = server_shown(current, name, more=len(servers) > MOST_OPTIONS)
            await self._handler.respond(
                interaction,
                content,
                view=shown(ServerPicker(self._handler, self._cad_server_choice, servers, current)),
            )
        else:
            await self._handler.respond(interaction, servers_unknown(current))
        audit_log.outcome(interaction, "servers shown")

    @app_commands.command(name="log-channel")
    @app_commands.describe(channel="The channel where every note is recorded from now on")
    async def log_channel(
        self, interaction: _Interaction, channel: discord.TextChannel | None = None
    ) -> None:
        """Choose the channel where every note is recorded, or none."""
        guild = admit_administrator(interaction)
        await self._handler.acknowledge(interaction, private=True)
        choice = self._log_channel
        if channel is not None:
            await choice.choose(guild, interaction.user.id, channel)
            await self._handler.respond(interaction, log_channel_now(channel.name))
            audit_log.outcome(interaction, f"log channel {channel.id} chosen")
            return
        current = choice.id_of(guild)
        trouble = choice.trouble(guild)
        content = log_channel_shown(choice.name_of(guild), trouble, gone=choice.gone(guild))
        view = LogChannelPicker(self._handler, choice, current, button=current is not None)
        await self._handler.respond(interaction, content, view=shown(view))
        audit_log.outcome(interaction, "log channel shown")

    @app_commands.command()
    async def status(self, interaction: _Interaction) -> None:
        """See whether all is well, and what to do where it is not."""
        guild = admit_administrator(interaction)
        await self._handler.acknowledge(interaction, private=True)
        content = await self._status.of(guild, interaction.app_permissions)
        await self._handler.respond(interaction, content)
        audit_log.outcome(interaction, "status shown")

    @app_commands.command()
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
        """Look back at the notes added here and what became of them."""
        guild = admit_administrator(interaction)
        place = HistoryPlace(
            call_id=parse_call_number(call) if call is not None else None,
            member_id=member.id if member is not None else None,
        )
        await self._handler.acknowledge(interaction, private=True)
        await show_page(self._handler, self._outbox, interaction, guild, place)


async def setup(bot: CallnoteBot) -> None:
    """Add the commands and what goes with them to the bot."""
    services, handler, outbox = bot.services, bot.handler, bot.services.notes.outbox
    connector = Connector(handler, services.connections, bot.owners)
    await bot.add_cog(
        CallnoteConfig(
            handler=handler,
            connector=connector,
            settings=services.settings,
            dispatcher_roles=services.dispatcher_roles,
            cad_server_choice=services.cad_server_choice,
            cad_servers=services.cad_servers,
            log_channel=services.log_channel,
            status=services.status,
            outbox=outbox,
        )
    )
    await bot.add_cog(DeletedRoles(services.dispatcher_roles, services.settings))
    # What is chosen or pressed is answered however old the message is.
    bot.add_view(ConnectView(connector))
    bot.add_view(RolePicker(handler, services.dispatcher_roles))
    bot.add_view(ServerPicker(handler, services.cad_server_choice))
    bot.add_view(LogChannelPicker(handler, services.log_channel))
    bot.add_dynamic_items(page_button(handler, outbox))
