"""`/callnote-config connect` and `disconnect`, and the Connect button."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import discord

from bot.communities.application_owners import ApplicationOwners
from bot.communities.connection_changes import ConnectionChanges
from bot.communities.connections import Connections
from bot.communities.credentials_form import CredentialsForm
from bot.communities.registry import Communities
from bot.communities.texts import (
    CONNECT,
    CONNECTED_NOW,
    OTHER_CAD,
    connect_question,
    connected_already,
    disconnected_now,
    other_question,
    whom_to_ask,
)
from bot.interactions import audit_log
from bot.interactions.administrators import guild_of, is_administrator
from bot.interactions.components import stopped
from bot.interactions.errors import InteractionProblem, Refusal
from bot.interactions.handler import InteractionHandler
from bot.timing import Timing

CONNECT_ID = "callnote-config:connect"
OTHER_CAD_ID = "callnote-config:other-cad"
CONNECT_IDS = frozenset({CONNECT_ID, OTHER_CAD_ID})
"""The custom ids of the only buttons that work in a guild that is not connected."""

_Interaction = discord.Interaction[Any]


@dataclass(eq=False, repr=False, slots=True)
class Connector:
    """Connects guilds to the host's CAD for the application's owner, and disconnects them.

    Where administrators may connect their guilds to CADs of their own, it shows them `form`.
    """

    handler: InteractionHandler
    connections: Connections
    changes: ConnectionChanges
    communities: Communities
    owners: ApplicationOwners
    form: CredentialsForm
    timing: Timing

    async def show(self, interaction: _Interaction) -> None:
        """Show an administrator the form, and the application's owner what else they can do.

        Where there is no form, others than the owner are told whom to ask. Refuses with
        NOT_IN_GUILD in a direct message, with NOT_ADMINISTRATOR whom the form is not for, and like
        `ApplicationOwners.include` and `Connections.check_known`.
        """
        if not self.communities.accepts_new:
            await self.handler.acknowledge(interaction, private=True)
            guild = await self._to_be_connected(interaction)
            if guild is not None:
                await self._offer(interaction, self._question(guild), ConnectView(self))
        elif not await self._is_owner_soon(interaction.user.id):
            await self.form.show(interaction)
        else:
            await self.handler.acknowledge(interaction, private=True)
            await self._show_owner(interaction)

    async def disconnect(self, interaction: _Interaction) -> None:
        """Disconnect the guild for an administrator of it or the application's owner.

        The interaction must be acknowledged. Refuses with NOT_ADMINISTRATOR for others, with
        NOT_IN_GUILD in a direct message, and like `Connections.check_connected`,
        `ApplicationOwners.include` and `ConnectionChanges.disconnect`.
        """
        guild, user_id = guild_of(interaction), interaction.user.id
        self.connections.check_connected(self.connections.of(guild, interaction.user))
        if not is_administrator(interaction) and not await self.owners.include(user_id):
            raise Refusal(InteractionProblem.NOT_ADMINISTRATOR)
        await self.changes.disconnect(guild.id, user_id)
        left = self.connections.of(guild)
        await self.handler.respond(interaction, disconnected_now(left))
        audit_log.outcome(interaction, "server disconnected")

    async def press(self, interaction: _Interaction) -> None:
        """Connect the guild, if the user who pressed Connect owns the application.

        The answer replaces the message, so a forged press below a public message is not answered.
        """
        await self._run(interaction, lambda: self._connect(interaction))

    async def press_other(self, interaction: _Interaction) -> None:
        """Show an administrator the form."""
        await self._run(interaction, lambda: self.form.show(interaction))

    async def _run(self, interaction: _Interaction, work: Callable[[], Awaitable[None]]) -> None:
        if interaction.message is not None and interaction.message.flags.ephemeral:
            audit_log.about_settings(interaction)
            await self.handler.run(interaction, work)

    async def _connect(self, interaction: _Interaction) -> None:
        await self.handler.acknowledge(interaction, private=True)
        guild = await self._to_be_connected(interaction)
        if guild is not None:
            await self.changes.connect(guild.id, interaction.user.id)
            await self.handler.respond(interaction, CONNECTED_NOW, view=None)
            audit_log.outcome(interaction, "server connected")

    async def _to_be_connected(self, interaction: _Interaction) -> discord.Guild | None:
        """Return the guild to connect; None after telling the user why it cannot be."""
        guild = guild_of(interaction)
        connection = self.connections.of(guild, interaction.user)
        if connection.connected:
            await self.handler.respond(interaction, connected_already(connection), view=None)
            audit_log.outcome(interaction, "connected already")
            return None
        self.connections.check_known(connection)
        if not await self.owners.include(interaction.user.id):
            await self.handler.respond(interaction, whom_to_ask(guild.id), view=None)
            audit_log.outcome(interaction, "not connected, told whom to ask")
            return None
        return guild

    async def _is_owner_soon(self, user_id: int) -> bool:
        """Whether a user can connect guilds to the host's CAD, as far as Discord says so at once.

        The form must be shown within the time for a first response. Whoever is shown it for that
        reason has the button a moment later.
        """
        if self.communities.host is None:
            return False
        try:
            async with asyncio.timeout(self.timing.ask_owners_first):
                return await self.owners.include(user_id)
        except (Refusal, TimeoutError):
            return False

    async def _show_owner(self, interaction: _Interaction) -> None:
        guild = guild_of(interaction)
        connection = self.connections.of(guild, interaction.user)
        self.connections.check_known(connection)
        view = ConnectView(self)
        if not is_administrator(interaction):
            view.remove_item(view.other)
        if connection.connected:
            view.remove_item(view.connect)
            await self._offer(interaction, other_question(connection), view)
        else:
            await self._offer(interaction, self._question(guild), view)

    def _question(self, guild: discord.Guild) -> str:
        own_key = self.communities.of_guild(guild.id) is not None
        return connect_question(guild.name, own_key=own_key)

    async def _offer(self, interaction: _Interaction, content: str, view: ConnectView) -> None:
        if not self.communities.accepts_new:
            view.remove_item(view.other)
        await self.handler.respond(interaction, content, view=stopped(view))
        audit_log.outcome(interaction, "connecting offered")


class ConnectView(discord.ui.View):
    """Asks the application's owner whether to connect a guild, and to which CAD."""

    def __init__(self, connector: Connector) -> None:
        super().__init__(timeout=None)
        self._connector = connector

    @discord.ui.button(custom_id=CONNECT_ID, label=CONNECT, style=discord.ButtonStyle.success)
    async def connect(
        self, interaction: _Interaction, _button: discord.ui.Button[ConnectView]
    ) -> None:
        """Pass the press to the connector, which also answers failures."""
        await self._connector.press(interaction)

    @discord.ui.button(custom_id=OTHER_CAD_ID, label=OTHER_CAD)
    async def other(
        self, interaction: _Interaction, _button: discord.ui.Button[ConnectView]
    ) -> None:
        """Do the same for the form."""
        await self._connector.press_other(interaction)
