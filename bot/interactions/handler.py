"""Begins work on interactions, and responds to each that fails, exactly once."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import discord

from bot.interactions import audit_log, responses
from bot.interactions.administrators import admit_administrator
from bot.interactions.errors import Refusal
from bot.interactions.in_flight import InFlight
from bot.interactions.responses import NotAcknowledgedError, close_if_forgotten
from bot.timing import Timing


class FailureText(Protocol):
    """Words an error for the member, at most 2,000 characters.

    `reference` stands in the log, too; `setting` tells that the command was about settings, not
    about a note.
    """

    def __call__(self, error: Exception, reference: str, *, setting: bool = False) -> str:
        """Return the words."""


class InteractionHandler:
    """The one way in for commands, buttons and choices of one connection to Discord.

    `refusal` returns why an interaction's guild may do nothing, None if it may. `unanswered_text`
    stands in for the answer to a command that no instance finished.
    """

    def __init__(
        self,
        *,
        refusal: Callable[[discord.Interaction[Any]], Refusal | None],
        failure_text: FailureText,
        unanswered_text: str,
        timing: Timing,
    ) -> None:
        self.in_flight = InFlight(timing)
        self.refusal = refusal
        self._failure_text = failure_text
        self._unanswered_text = unanswered_text
        self._timing = timing

    def begin(self, interaction: discord.Interaction[Any]) -> bool:
        """Let work on an interaction begin, and return whether it may.

        While the process is stopping it may not; then another instance has it.
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
        """Show that the interaction is being worked on; see `responses.acknowledge`."""
        await responses.acknowledge(interaction, self._timing, private=private)

    async def admit_administrator(self, interaction: discord.Interaction[Any]) -> discord.Guild:
        """Let an administrator in and acknowledge privately; returns the server.

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
        """Show the interaction's one answer; see `responses.respond`."""
        return await responses.respond(interaction, content, self._timing, view=view)

    async def run_component_callback(
        self,
        interaction: discord.Interaction[Any],
        work: Callable[[discord.Guild], Awaitable[None]],
    ) -> None:
        """Let an administrator's press do its `work`; any failure is answered like a command's.

        In a server that is not connected whoever listens for presses there answers instead.
        discord.py only logs what goes wrong in a view, or nothing at all. What the press belongs
        to may be of an earlier process, and whoever pressed it may no longer be an administrator.
        """
        audit_log.about_settings(interaction)
        if self.refusal(interaction) or not self.begin(interaction):
            return
        try:
            await work(await self.admit_administrator(interaction))
        except Exception as error:
            await self.respond_to_failure(interaction, error)

    async def respond_to_failure(
        self, interaction: discord.Interaction[Any], error: Exception
    ) -> None:
        """Log why a command or a press failed, and tell the member."""
        if isinstance(error, NotAcknowledgedError):
            await self._leave(interaction, error)
            return
        reference = secrets.token_hex(4)
        if isinstance(error, Refusal):
            audit_log.outcome(interaction, f"refused ({type(error).__name__})")
        else:
            audit_log.outcome(
                interaction, f"unexpected, reference {reference}", level=logging.ERROR, error=error
            )
        setting = audit_log.is_setting(interaction)
        await self.respond(interaction, self._failure_text(error, reference, setting=setting))

    async def _leave(
        self, interaction: discord.Interaction[Any], error: NotAcknowledgedError
    ) -> None:
        """Leave a command to the instance that has it, but see to it that somebody answers."""
        audit_log.outcome(interaction, f"not acknowledged ({error.reason})", level=logging.WARNING)
        waited = not error.expired and await self.in_flight.sleep_unless_closing(
            self._timing.other_instance
        )
        if waited and await close_if_forgotten(interaction, self._unanswered_text):
            audit_log.outcome(interaction, "closed unanswered", level=logging.ERROR)
