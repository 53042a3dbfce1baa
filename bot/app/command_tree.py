"""The command tree: the one door in for commands and the one place that answers failures."""

from __future__ import annotations

import logging
import secrets
from typing import TYPE_CHECKING

import discord
from discord import app_commands

from bot.interactions import audit_log
from bot.interactions.errors import Refusal
from bot.interactions.responses import NotAcknowledgedError, close_if_forgotten, respond
from bot.notes import failure_texts

if TYPE_CHECKING:
    from bot.app.client import CallnoteBot

ANYWHERE = "anywhere"
"""The key in a command's extras that lets it be used in servers that are not connected."""


class CallnoteCommandTree(app_commands.CommandTree["CallnoteBot"]):
    """Counts commands in, and answers each that fails exactly once."""

    async def interaction_check(self, interaction: discord.Interaction[CallnoteBot], /) -> bool:
        """Let a command begin if it may: `begin`, and `Connections.admit` as it raises.

        Only the command with which a server is connected is for every server.
        """
        if not self.begin(interaction):
            return False
        command = interaction.command
        if command is None or not command.extras.get(ANYWHERE):
            self.client.connections.admit(interaction)
        return True

    def begin(self, interaction: discord.Interaction[CallnoteBot]) -> bool:
        """Let work on an interaction begin, and return whether it may.

        While the process is stopping it may not; then another instance has it.
        """
        audit_log.begin(interaction)
        if self.client.in_flight.closing:
            audit_log.outcome(interaction, "left to another instance")
            return False
        self.client.in_flight.add_current()
        return True

    async def on_error(
        self,
        interaction: discord.Interaction[CallnoteBot],
        error: app_commands.AppCommandError,
        /,
    ) -> None:
        """Log a failure by whose fault it is, and tell the member in words."""
        await self.answer_failure(
            interaction,
            error.original if isinstance(error, app_commands.CommandInvokeError) else error,
        )

    async def answer_failure(
        self, interaction: discord.Interaction[CallnoteBot], cause: Exception
    ) -> None:
        """Log why a command or a press of a button failed, and tell the member."""
        if isinstance(cause, NotAcknowledgedError):
            await self._leave(interaction, cause)
            return
        reference = secrets.token_hex(4)
        if isinstance(cause, Refusal):
            audit_log.outcome(interaction, f"refused ({type(cause).__name__})")
        else:
            audit_log.outcome(
                interaction, f"unexpected, reference {reference}", level=logging.ERROR, error=cause
            )
        setting = audit_log.is_setting(interaction)
        await respond(interaction, failure_texts.failure(cause, reference, setting=setting))

    async def _leave(
        self, interaction: discord.Interaction[CallnoteBot], cause: NotAcknowledgedError
    ) -> None:
        """Leave a command to the instance that has it, but see to it that somebody answers."""
        audit_log.outcome(interaction, f"not acknowledged ({cause.reason})", level=logging.WARNING)
        waited = not cause.expired and await self.client.in_flight.sleep_unless_closing(
            self.client.other_instance_seconds
        )
        if waited and await close_if_forgotten(
            interaction, failure_texts.forgotten(setting=audit_log.is_setting(interaction))
        ):
            audit_log.outcome(interaction, "closed unanswered", level=logging.ERROR)
