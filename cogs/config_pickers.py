"""What an administrator chooses settings from, going on working after a restart.

Each view has fixed custom ids, and one of each is registered with the bot. A view that is shown
counts as stopped, so that discord.py keeps none of them and takes presses to the registered one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import discord

from bot.interactions import audit_log
from bot.interactions.errors import UnwritableChannelError
from bot.interactions.handler import InteractionHandler
from bot.notes.log_channel import LogChannel
from bot.settings.cad_server import CadServerChoice
from bot.settings.roles import MOST_ROLES, DispatcherRoles
from bot.settings.texts import log_channel_now, roles_now, server_now
from bot.sonoran import CadServer

MOST_OPTIONS = 25
"""Discord's limit for the options of a select (Component reference, String Select)."""

_OPTION_CHARACTERS = 100  # the same page

_Interaction = discord.Interaction[Any]


def shown(view: discord.ui.View) -> discord.ui.View:
    """Return a view to be shown in a message, for the registered one of its kind to serve."""
    view.stop()
    return view


class RolePicker(discord.ui.View):
    """Chooses the dispatcher roles: what is chosen takes the place of what was."""

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

    @discord.ui.select(
        cls=discord.ui.RoleSelect["RolePicker"],
        custom_id="callnote-config:roles",
        placeholder="The roles that may add notes",
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
            gone = [role.name for role in before if role not in roles]
            content = roles_now([role.name for role in roles], gone=gone)
            await self._handler.respond(
                interaction, content, view=shown(RolePicker(self._handler, self._choice, roles))
            )
            audit_log.outcome(interaction, f"dispatcher roles chosen ({len(roles)})")

        await self._handler.run_component_callback(interaction, save)


class ServerPicker(discord.ui.View):
    """Chooses the CAD server by name; at most `MOST_OPTIONS` of them are shown."""

    def __init__(
        self,
        handler: InteractionHandler,
        choice: CadServerChoice,
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

    @discord.ui.select(
        cls=discord.ui.Select["ServerPicker"],
        custom_id="callnote-config:server",
        placeholder="The CAD server whose calls are meant",
    )
    async def pick(
        self, interaction: _Interaction, select: discord.ui.Select[ServerPicker]
    ) -> None:
        """Save the choice."""

        async def save(guild: discord.Guild) -> None:
            number = int(select.values[0])
            name = await self._choice.choose(guild.id, interaction.user.id, number)
            servers = await self._choice.servers()
            view = (
                shown(ServerPicker(self._handler, self._choice, servers, number))
                if servers
                else None
            )
            await self._handler.respond(interaction, server_now(number, name), view=view)
            audit_log.outcome(interaction, f"server {number} chosen")

        await self._handler.run_component_callback(interaction, save)


class LogChannelPicker(discord.ui.View):
    """Chooses the log channel, or none; the button is there only when there is one."""

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

    @discord.ui.select(
        cls=discord.ui.ChannelSelect["LogChannelPicker"],
        custom_id="callnote-config:log-channel",
        channel_types=[discord.ChannelType.text, discord.ChannelType.news],
        placeholder="The channel where every note is recorded",
    )
    async def pick(
        self, interaction: _Interaction, select: discord.ui.ChannelSelect[LogChannelPicker]
    ) -> None:
        """Save the choice."""

        async def save(guild: discord.Guild) -> None:
            chosen = select.values[0]
            channel = guild.get_channel(chosen.id)
            if not isinstance(channel, discord.TextChannel):
                raise UnwritableChannelError(chosen.name, ["View Channel"])
            await self._choice.choose(guild, interaction.user.id, channel)
            view = shown(self._new(channel.id))
            await self._handler.respond(interaction, log_channel_now(channel.name), view=view)
            audit_log.outcome(interaction, f"log channel {channel.id} chosen")

        await self._handler.run_component_callback(interaction, save)

    @discord.ui.button(custom_id="callnote-config:log-off", label="Record nowhere")
    async def switch_off(
        self, interaction: _Interaction, _button: discord.ui.Button[LogChannelPicker]
    ) -> None:
        """Save that notes are recorded nowhere."""

        async def save(guild: discord.Guild) -> None:
            await self._choice.switch_off(guild, interaction.user.id)
            await self._handler.respond(
                interaction, log_channel_now(None), view=shown(self._new(button=False))
            )
            audit_log.outcome(interaction, "log channel switched off")

        await self._handler.run_component_callback(interaction, save)

    def _new(self, channel_id: int | None = None, *, button: bool = True) -> LogChannelPicker:
        return LogChannelPicker(self._handler, self._choice, channel_id, button=button)
