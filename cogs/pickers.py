"""The settings that an administrator chooses, by command or in a picker below a message.

Each picker has fixed custom ids and one instance registered with the bot, which handles them also
after a restart. The shown instances are stopped, so that discord.py does not keep them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import discord

from bot.calls.card_buttons import MOST_OPTIONS
from bot.interactions import audit_log
from bot.interactions.components import stopped
from bot.interactions.handler import InteractionHandler
from bot.notes.log_channel import LogChannel, check_channels_known, unwritable
from bot.settings import texts
from bot.settings.cad_servers import CadServers
from bot.settings.dispatcher_roles import MOST_ROLES, DispatcherRoles
from bot.sonoran import CadServer

_OPTION_CHARACTERS = 100  # of a label (Discord API docs, Component Reference)

_Interaction = discord.Interaction[Any]


class RolePicker(discord.ui.View):
    """Chooses the dispatcher roles; the choice replaces the earlier one."""

    def __init__(
        self,
        handler: InteractionHandler,
        choice: DispatcherRoles,
        roles: Sequence[discord.Role] = (),
    ) -> None:
        super().__init__(timeout=None)
        self._handler = handler
        self._choice = choice
        self.pick.default_values = list(roles[:MOST_ROLES])

    async def show(self, interaction: _Interaction) -> None:
        """Answer an administrator with the dispatcher roles and the picker."""
        guild = await self._handler.admit_administrator(interaction)
        roles = self._choice.current(guild)
        content = texts.roles_shown(_names(roles), chosen=self._choice.chosen(guild))
        await self._handler.respond(interaction, content, view=self._showing(roles))
        audit_log.outcome(interaction, "dispatcher roles shown")

    async def add(self, interaction: _Interaction, role: discord.Role) -> None:
        """Add a role for an administrator; refuses like `DispatcherRoles.add`."""
        guild = await self._handler.admit_administrator(interaction)
        roles = await self._choice.add(guild, interaction.user.id, role)
        await self._handler.respond(interaction, texts.roles_now(_names(roles)))
        audit_log.outcome(interaction, f"dispatcher role {role.id} added")

    async def remove(self, interaction: _Interaction, role: discord.Role) -> None:
        """Remove a role for an administrator; refuses like `DispatcherRoles.remove`."""
        guild = await self._handler.admit_administrator(interaction)
        roles = await self._choice.remove(guild, interaction.user.id, role)
        await self._handler.respond(interaction, texts.roles_now(_names(roles)))
        audit_log.outcome(interaction, f"dispatcher role {role.id} removed")

    @discord.ui.select(
        cls=discord.ui.RoleSelect["RolePicker"],
        custom_id="callnote-config:roles",
        placeholder=texts.ROLES_PLACEHOLDER,
        min_values=0,
        max_values=MOST_ROLES,
    )
    async def pick(
        self, interaction: _Interaction, select: discord.ui.RoleSelect[RolePicker]
    ) -> None:
        """Save the choice."""

        async def save(guild: discord.Guild) -> None:
            before = self._choice.current(guild)
            roles = await self._choice.choose(guild, interaction.user.id, select.values)
            gone = _names([role for role in before if role not in roles])
            content = texts.roles_now(_names(roles), gone=gone)
            await self._handler.respond(interaction, content, view=self._showing(roles))
            audit_log.outcome(interaction, f"dispatcher roles chosen ({len(roles)})")

        await self._handler.run_component_callback(interaction, save)

    def _showing(self, roles: Sequence[discord.Role]) -> discord.ui.View:
        return stopped(RolePicker(self._handler, self._choice, roles))


class ServerPicker(discord.ui.View):
    """Chooses the CAD server by name; at most `MOST_OPTIONS` of them are shown."""

    def __init__(
        self,
        handler: InteractionHandler,
        choice: CadServers,
        servers: Sequence[CadServer] = (),
        current: int = 0,
    ) -> None:
        super().__init__(timeout=None)
        self._handler = handler
        self._choice = choice
        self.pick.options = [
            discord.SelectOption(
                label=f"{server.server_id} {server.name}"[:_OPTION_CHARACTERS],
                value=str(server.server_id),
                default=server.server_id == current,
            )
            for server in servers[:MOST_OPTIONS]
        ]

    async def show(self, interaction: _Interaction) -> None:
        """Answer an administrator with the CAD server and the picker."""
        guild = await self._handler.admit_administrator(interaction)
        current, servers = self._choice.current(guild.id), await self._servers(guild.id)
        content = texts.servers_unknown(current)
        if servers:
            names = {server.server_id: server.name for server in servers}
            content = texts.server_shown(
                current, names.get(current), more=len(servers) > MOST_OPTIONS
            )
        await self._handler.respond(interaction, content, view=self._showing(servers, current))
        audit_log.outcome(interaction, "CAD server shown")

    async def choose(self, interaction: _Interaction, number: int) -> None:
        """Save an administrator's choice; refuses like `CadServers.choose`."""
        guild = await self._handler.admit_administrator(interaction)
        await self._save(interaction, guild, number)

    @discord.ui.select(
        cls=discord.ui.Select["ServerPicker"],
        custom_id="callnote-config:server",
        placeholder=texts.SERVER_PLACEHOLDER,
    )
    async def pick(
        self, interaction: _Interaction, select: discord.ui.Select[ServerPicker]
    ) -> None:
        """Save the choice."""

        async def save(guild: discord.Guild) -> None:
            number = int(select.values[0])
            view = self._showing(await self._servers(guild.id), number)
            await self._save(interaction, guild, number, view)

        await self._handler.run_component_callback(interaction, save)

    async def _save(
        self,
        interaction: _Interaction,
        guild: discord.Guild,
        number: int,
        view: discord.ui.View | None = None,
    ) -> None:
        name = await self._choice.choose(guild.id, interaction.user.id, number)
        await self._handler.respond(interaction, texts.server_now(number, name), view=view)
        audit_log.outcome(interaction, f"CAD server {number} chosen")

    async def _servers(self, guild_id: int) -> Sequence[CadServer]:
        found = await self._choice.list(guild_id)
        return () if found is None else found.servers

    def _showing(self, servers: Sequence[CadServer], current: int) -> discord.ui.View | None:
        if not servers:
            return None
        return stopped(ServerPicker(self._handler, self._choice, servers, current))


class LogChannelPicker(discord.ui.View):
    """Chooses the log channel, or none with a button that is shown only when there is one."""

    def __init__(
        self,
        handler: InteractionHandler,
        choice: LogChannel,
        channel_id: int | None = None,
        *,
        button: bool = True,
    ) -> None:
        super().__init__(timeout=None)
        self._handler = handler
        self._choice = choice
        if channel_id is not None:
            self.pick.default_values = [discord.Object(channel_id)]
        if not button:
            self.remove_item(self.switch_off)

    async def show(self, interaction: _Interaction) -> None:
        """Answer an administrator with the log channel and the picker."""
        guild = await self._handler.admit_administrator(interaction)
        choice = self._choice
        content = texts.log_channel_shown(
            choice.name_of(guild), choice.trouble(guild), gone=choice.gone(guild)
        )
        view = self._showing(choice.id_of(guild))
        await self._handler.respond(interaction, content, view=view)
        audit_log.outcome(interaction, "log channel shown")

    async def choose(self, interaction: _Interaction, channel: discord.TextChannel) -> None:
        """Save an administrator's choice; refuses like `LogChannel.choose`."""
        guild = await self._handler.admit_administrator(interaction)
        await self._save(interaction, guild, channel)

    @discord.ui.select(
        cls=discord.ui.ChannelSelect["LogChannelPicker"],
        custom_id="callnote-config:log-channel",
        channel_types=[discord.ChannelType.text, discord.ChannelType.news],
        placeholder=texts.LOG_CHANNEL_PLACEHOLDER,
    )
    async def pick(
        self, interaction: _Interaction, select: discord.ui.ChannelSelect[LogChannelPicker]
    ) -> None:
        """Save the choice."""

        async def save(guild: discord.Guild) -> None:
            check_channels_known(guild)
            chosen = select.values[0]
            channel = guild.get_channel(chosen.id)
            if not isinstance(channel, discord.TextChannel):
                raise unwritable(chosen.name, [texts.VIEW_CHANNEL])
            await self._save(interaction, guild, channel, self._showing(channel.id))

        await self._handler.run_component_callback(interaction, save)

    @discord.ui.button(custom_id="callnote-config:log-off", label=texts.SWITCH_OFF)
    async def switch_off(
        self, interaction: _Interaction, _button: discord.ui.Button[LogChannelPicker]
    ) -> None:
        """Save that there is no log channel."""

        async def save(guild: discord.Guild) -> None:
            await self._choice.switch_off(guild, interaction.user.id)
            await self._handler.respond(
                interaction, texts.log_channel_now(None), view=self._showing(None)
            )
            audit_log.outcome(interaction, "log channel switched off")

        await self._handler.run_component_callback(interaction, save)

    async def _save(
        self,
        interaction: _Interaction,
        guild: discord.Guild,
        channel: discord.TextChannel,
        view: discord.ui.View | None = None,
    ) -> None:
        await self._choice.choose(guild, interaction.user.id, channel)
        await self._handler.respond(interaction, texts.log_channel_now(channel.name), view=view)
        audit_log.outcome(interaction, f"log channel {channel.id} chosen")

    def _showing(self, channel_id: int | None) -> discord.ui.View:
        button = channel_id is not None
        return stopped(LogChannelPicker(self._handler, self._choice, channel_id, button=button))


def _names(roles: Sequence[discord.Role]) -> list[str]:
    return [role.name for role in roles]
