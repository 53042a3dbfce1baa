"""Begins work on interactions, and answers each that fails exactly once."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

import discord
from discord import app_commands

from bot.interactions import audit_log, responses
from bot.interactions.administrators import admit_administrator
from bot.interactions.errors import InteractionProblem, Refusal
from bot.interactions.in_flight import InFlight
from bot.interactions.responses import NotAcknowledgedError, close_if_forgotten
from bot.interactions.texts import Catalogue, worded
from bot.timing import Timing


class InteractionHandler:
    """The entry point for the commands, buttons and selects of one Discord client.

    `refusal` returns why an interaction's guild is refused, None if it is not. `texts` has a
    sentence for every key of a `Refusal`.
    """

    def __init__(
        self,
        *,
        refusal: Callable[[discord.Interaction[Any]], Refusal | None],
        texts: Catalogue,
        timing: Timing,
    ) -> None:
        self.in_flight = InFlight(timing)
        self.refusal = refusal
        self._texts = texts
        self._timing = timing

    def begin(self, interaction: discord.Interaction[Any]) -> bool:
        """Begin work on an interaction; returns False while the process is stopping.

        Another instance handles it then.
        """
        audit_log.begin(interaction)
        if self.in_flight.closing:
            audit_log.outcome(interaction, "left to another instance")
            return False
        self.in_flight.add_current()
        return True

    async def acknowledge(
        self, interaction: discord.Interaction[Any], *, private: bool = False
    ) -> None:
        """Acknowledge an interaction; see `responses.acknowledge`."""
        await responses.acknowledge(interaction, self._timing, private=private)

    async def admit_administrator(self, interaction: discord.Interaction[Any]) -> discord.Guild:
        """Check for an administrator and acknowledge privately; returns the guild.

        Raises as `administrators.admit_administrator` and `responses.acknowledge` do.
        """
        guild = admit_administrator(interaction)
        await self.acknowledge(interaction, private=True)
        return guild

    async def respond(
        self,
        interaction: discord.Interaction[Any],
        content: str,
        *,
        view: discord.ui.View | None = discord.utils.MISSING,
    ) -> bool:
        """Show an interaction's answer; see `responses.respond`."""
        return await responses.respond(interaction, content, self._timing, view=view)

    async def run(
        self, interaction: discord.Interaction[Any], work: Callable[[], Awaitable[None]]
    ) -> None:
        """Run the `work` of a component callback; a failure is answered like a command's.

        discord.py at best logs an exception in a view.
        """
        if not self.begin(interaction):
            return
        try:
            await work()
        except Exception as error:
            await self.respond_to_failure(interaction, error)

    async def run_component_callback(
        self,
        interaction: discord.Interaction[Any],
        work: Callable[[discord.Guild], Awaitable[None]],
    ) -> None:
        """Run the `work` of an administrator's component callback, as `run` does.

        The component may date from an earlier process, and its user may no longer be an
        administrator. In a guild that is not connected `cogs.guilds` answers instead.
        """

        async def admitted() -> None:
            await work(await self.admit_administrator(interaction))

        audit_log.about_settings(interaction)
        if not self.refusal(interaction):
            await self.run(interaction, admitted)

    async def respond_to_failure(
        self, interaction: discord.Interaction[Any], error: Exception
    ) -> None:
        """Log why a command or a component callback failed, and tell the member."""
        if isinstance(error, NotAcknowledgedError):
            await self._leave(interaction, error)
            return
        reference = secrets.token_hex(4)
        if isinstance(error, Refusal):
            audit_log.outcome(interaction, f"refused ({error.key})")
        else:
            audit_log.outcome(
                interaction, f"unexpected, reference {reference}", level=logging.ERROR, error=error
            )
        setting = audit_log.is_setting(interaction)
        await self.respond(interaction, self.words_for(error, reference, setting=setting))

    def words_for(self, error: Exception, reference: str, *, setting: bool = False) -> str:
        """Return the content that tells a member what went wrong.

        For an unexpected error it contains `reference`, which is also in the log; `setting` means
        that no note was involved.
        """
        refusal = _refusal_for(error, reference, setting=setting)
        return worded(self._texts, refusal.key, **refusal.data)

    async def _leave(
        self, interaction: discord.Interaction[Any], error: NotAcknowledgedError
    ) -> None:
        """Leave a command to the instance that has it, but close it if none answers."""
        audit_log.outcome(interaction, f"not acknowledged ({error.reason})", level=logging.WARNING)
        waited = not error.expired and await self.in_flight.sleep_unless_closing(
            self._timing.other_instance
        )
        content = worded(self._texts, InteractionProblem.UNFINISHED)
        if waited and await close_if_forgotten(interaction, content):
            audit_log.outcome(interaction, "closed unanswered", level=logging.ERROR)


def _refusal_for(error: Exception, reference: str, *, setting: bool) -> Refusal:
    if isinstance(error, Refusal):
        return error
    if isinstance(error, app_commands.CommandNotFound | app_commands.CommandSignatureMismatch):
        return Refusal(InteractionProblem.OUTDATED_COMMAND)
    if isinstance(error, app_commands.TransformerError):
        return Refusal(InteractionProblem.HIDDEN_CHANNEL)
    unexpected = InteractionProblem.UNEXPECTED
    if setting:
        unexpected = InteractionProblem.UNEXPECTED_IN_SETTING
    return Refusal(unexpected, reference=reference)
