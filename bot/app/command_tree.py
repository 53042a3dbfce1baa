"""The command tree: admits commands, and has each that fails answered exactly once."""

from __future__ import annotations

import contextlib
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.interactions.errors import DISCORD_FAILURES, UNREADABLE
from bot.interactions.handler import InteractionHandler

ANYWHERE = "anywhere"
"""The key in a command's extras that allows it in guilds that are not connected."""


class CallnoteCommandTree(app_commands.CommandTree[commands.AutoShardedBot]):
    """Lets `handler` admit each command, and respond to each that fails."""

    def __init__(self, client: commands.AutoShardedBot, *, handler: InteractionHandler) -> None:
        super().__init__(client)
        self._handler = handler

    async def interaction_check(
        self, interaction: discord.Interaction[commands.AutoShardedBot], /
    ) -> bool:
        """Begin a command if it may, or raise the refusal of its guild; see `ANYWHERE`.

        Also called while an option is being typed, for suggestions.
        """
        if not self._handler.begin(interaction):
            return False
        command = interaction.command
        anywhere = command is not None and command.extras.get(ANYWHERE)
        refusal = None if anywhere else self._handler.refusal(interaction)
        if refusal is not None:
            raise refusal
        return True

    async def on_error(
        self,
        interaction: discord.Interaction[Any],
        error: app_commands.AppCommandError,
        /,
    ) -> None:
        """Log a failure and tell the member; where suggestions are refused there are none."""
        if interaction.type is discord.InteractionType.autocomplete:
            with contextlib.suppress(*DISCORD_FAILURES, *UNREADABLE):
                await interaction.response.autocomplete([])
            return
        await self._handler.respond_to_failure(
            interaction,
            error.original if isinstance(error, app_commands.CommandInvokeError) else error,
        )
