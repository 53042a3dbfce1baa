"""What `/callnote-config connect` shows, and its button, which works in every guild."""

from __future__ import annotations

from typing import Any

import discord

from bot.communities.connections import Connections, role_ids_of
from bot.communities.owners import Owners
from bot.communities.texts import (
    connect_question,
    connected_already,
    connected_now,
    disconnected_now,
    whom_to_ask,
)
from bot.interactions import audit_log
from bot.interactions.administrators import is_administrator
from bot.interactions.errors import InteractionProblem, Refusal
from bot.interactions.handler import InteractionHandler
from cogs.pickers import shown

CONNECT_ID = "callnote-config:connect"
"""The custom id of the one button that may be pressed in a guild that is not connected."""

_Interaction = discord.Interaction[Any]


class Connector:
    """Connects guilds to the CAD, and disconnects them, for whoever may."""

    def __init__(
        self, handler: InteractionHandler, connections: Connections, owners: Owners
    ) -> None:
        self._handler = handler
        self._connections = connections
        self._owners = owners

    async def show(self, interaction: _Interaction) -> None:
        """Offer the application's owner to connect the guild, and tell others whom to ask.

        The interaction must be acknowledged. Refuses with NOT_IN_GUILD outside a guild, and like
        `Owners.include` and `Connections.check_known` while it cannot be told.
        """
        guild = await self._to_be_connected(interaction)
        if guild is not None:
            view = shown(ConnectView(self))
            await self._handler.respond(interaction, connect_question(guild.name), view=view)
            audit_log.outcome(interaction, "connecting offered")

    async def disconnect(self, interaction: _Interaction) -> None:
        """Disconnect the guild for an administrator of it or the application's owner.

        The interaction must be acknowledged. Refuses with NOT_ADMINISTRATOR for anybody else, with
        NOT_IN_GUILD outside a guild, and like `Owners.include` and `Connections.disconnect`.
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
        """Connect the guild, if whoever pressed Connect owns the application.

        The answer takes the message's place, so a press elsewhere than in a private one, which
        nobody could make in an ordinary way, is left unanswered.
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
            await self._handler.respond(interaction, connected_now(), view=None)
            audit_log.outcome(interaction, "server connected")

    async def _to_be_connected(self, interaction: _Interaction) -> discord.Guild | None:
        """Return the guild that may be connected; None for whoever was told why it is not."""
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

    @discord.ui.button(custom_id=CONNECT_ID, label="Connect", style=discord.ButtonStyle.success)
    async def connect(
        self, interaction: _Interaction, _button: discord.ui.Button[ConnectView]
    ) -> None:
        """Leave the press to the connector, which answers it whatever goes wrong."""
        await self._connector.press(interaction)
