"""What `/callnote-config connect` shows, and its button, which works in every server."""

from __future__ import annotations

import discord

from bot.app.client import CallnoteBot
from bot.communities.texts import (
    connect_question,
    connected_already,
    connected_now,
    disconnected_now,
    whom_to_ask,
)
from bot.interactions import audit_log
from bot.interactions.administrators import is_administrator
from bot.interactions.errors import NotAdministratorError, NotInGuildError
from bot.interactions.responses import acknowledge, respond
from cogs.config_pickers import shown

CONNECT_ID = "callnote-config:connect"
"""The custom id of the one button that may be pressed in a server that is not connected."""

_Interaction = discord.Interaction[CallnoteBot]


class ConnectView(discord.ui.View):
    """Asks the application's owner whether to connect a server."""

    def __init__(self) -> None:
        super().__init__(timeout=None)

    @discord.ui.button(custom_id=CONNECT_ID, label="Connect", style=discord.ButtonStyle.success)
    async def connect(
        self, interaction: _Interaction, _button: discord.ui.Button[ConnectView]
    ) -> None:
        """Connect the server, if whoever pressed it owns the application.

        The answer takes the message's place, so a press elsewhere than in a private one, which
        nobody could make in an ordinary way, is left unanswered.
        """
        if interaction.message is None or not interaction.message.flags.ephemeral:
            return
        audit_log.about_settings(interaction)
        tree = interaction.client.tree
        if not tree.begin(interaction):
            return
        try:
            await acknowledge(interaction, private=True)
            await _connect(interaction)
        except Exception as error:
            await tree.answer_failure(interaction, error)


async def show_connect(interaction: _Interaction) -> None:
    """Offer the application's owner to connect the server, and tell others whom to ask.

    The interaction must be acknowledged. Raises `NotInGuildError` outside a server, and
    `OwnersUnknownError`, `NotMemberError`, `ConnectionUnknownError` or `GuildNotReadyError` while
    it cannot be told.
    """
    guild = await _to_be_connected(interaction)
    if guild is not None:
        await respond(interaction, connect_question(guild.name), view=shown(ConnectView()))
        audit_log.outcome(interaction, "connecting offered")


async def disconnect(interaction: _Interaction) -> None:
    """Disconnect the server for an administrator of it or the application's owner.

    The interaction must be acknowledged. Raises `NotAdministratorError` for anybody else,
    `NotInGuildError` outside a server, `OwnersUnknownError`, and as `Connections.disconnect` does.
    """
    client, guild, user_id = interaction.client, interaction.guild, interaction.user.id
    if guild is None:
        raise NotInGuildError
    if not is_administrator(interaction) and not await client.owners.include(user_id):
        raise NotAdministratorError
    await respond(
        interaction, disconnected_now(await client.connections.disconnect(guild, user_id))
    )
    audit_log.outcome(interaction, "server disconnected")


async def _connect(interaction: _Interaction) -> None:
    guild = await _to_be_connected(interaction)
    if guild is not None:
        await interaction.client.connections.connect(guild, interaction.user.id)
        await respond(interaction, connected_now(), view=None)
        audit_log.outcome(interaction, "server connected")


async def _to_be_connected(interaction: _Interaction) -> discord.Guild | None:
    """Return the server that may be connected; None for whoever was told why it is not."""
    client, guild = interaction.client, interaction.guild
    if guild is None:
        raise NotInGuildError
    connection = client.connections.of(guild)
    if connection.connected:
        await respond(interaction, connected_already(connection), view=None)
        audit_log.outcome(interaction, "connected already")
        return None
    client.connections.check_known(connection)
    if not await client.owners.include(interaction.user.id):
        await respond(interaction, whom_to_ask(guild.id), view=None)
        audit_log.outcome(interaction, "not connected, told whom to ask")
        return None
    return guild
