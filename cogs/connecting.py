"""`/callnote-config connect` and `disconnect`, and the Connect button."""

from __future__ import annotations

from typing import Any

import discord

from bot.communities.connections import Connections, role_ids_of
from bot.communities.owners import Owners
from bot.communities.texts import (
    CONNECT,
    CONNECTED_NOW,
    connect_question,
    connected_already,
    disconnected_now,
    whom_to_ask,
)
from bot.interactions import audit_log
from bot.interactions.administrators import is_administrator
from bot.interactions.components import stopped
from bot.interactions.errors import InteractionProblem, Refusal
from bot.interactions.handler import InteractionHandler

CONNECT_ID = "callnote-config:connect"
"""The custom id of the only button that works in a guild that is not connected."""

_Interaction = discord.Interaction[Any]


class Connector:
    """Connects guilds to the CAD for the application's owner, and disconnects them."""

    def __init__(
        self, handler: InteractionHandler, connections: Connections, owners: Owners
    ) -> None:
        self._handler = handler
        self._connections = connections
        self._owners = owners

    async def show(self, interaction: _Interaction) -> None:
        """Ask the application's owner whether to connect the guild; tell others whom to ask.

        The interaction must be acknowledged. Refuses with NOT_IN_GUILD in a direct message, and
        like `Owners.include` and `Connections.check_known`.
        """
        guild = await self._to_be_connected(interaction)
        if guild is not None:
            view = stopped(ConnectView(self))
            await self._handler.respond(interaction, connect_question(guild.name), view=view)
            audit_log.outcome(interaction, "connecting offered")

    async def disconnect(self, interaction: _Interaction) -> None:
        """Disconnect the guild for an administrator of it or the application's owner.

        The interaction must be acknowledged. Refuses with NOT_ADMINISTRATOR for others, with
        NOT_IN_GUILD in a direct message, and like `Owners.include` and `Connections.disconnect`.
        """
        guild, user_id = interaction.guild, interaction.user.id
        if guild is None:
            raise Refusal(InteractionProblem.NOT_IN_GUILD)
        if not is_administrator(interaction) and not await self._owners.include(user_id):
            raise Refusal(InteractionProblem.NOT_ADMINISTRATOR)
        left = await self._connections.disconnect(guild, user_id)
        await self._handler.respond(interaction, disconnected_now(left))
        audit_log.outcome(interaction, "server disconnected")

    async def press(self, interaction: _Interaction) -> None:
        """Connect the guild, if the user who pressed Connect owns the application.

        The answer replaces the message, so a forged press below a public message is not answered.
        """
        if interaction.message is None or not interaction.message.flags.ephemeral:
            return
        audit_log.about_settings(interaction)
        await self._handler.run(interaction, lambda: self._connect(interaction))

    async def _connect(self, interaction: _Interaction) -> None:
        await self._handler.acknowledge(interaction, private=True)
        guild = await self._to_be_connected(interaction)
        if guild is not None:
            await self._connections.connect(guild, interaction.user.id)
            await self._handler.respond(interaction, CONNECTED_NOW, view=None)
            audit_log.outcome(interaction, "server connected")

    async def _to_be_connected(self, interaction: _Interaction) -> discord.Guild | None:
        """Return the guild to connect; None after telling the user why it cannot be."""
        guild = interaction.guild
        if guild is None:
            raise Refusal(InteractionProblem.NOT_IN_GUILD)
        connection = self._connections.of(guild, role_ids_of(interaction.user))
        if connection.connected:
            await self._handler.respond(interaction, connected_already(connection), view=None)
            audit_log.outcome(interaction, "connected already")
            return None
        self._connections.check_known(connection)
        if not await self._owners.include(interaction.user.id):
            await self._handler.respond(interaction, whom_to_ask(guild.id), view=None)
            audit_log.outcome(interaction, "not connected, told whom to ask")
            return None
        return guild


class ConnectView(discord.ui.View):
    """Asks the application's owner whether to connect a guild."""

    def __init__(self, connector: Connector) -> None:
        super().__init__(timeout=None)
        self._connector = connector

    @discord.ui.button(custom_id=CONNECT_ID, label=CONNECT, style=discord.ButtonStyle.success)
    async def connect(
        self, interaction: _Interaction, _button: discord.ui.Button[ConnectView]
    ) -> None:
        """Pass the press to the connector, which also answers failures."""
        await self._connector.press(interaction)
