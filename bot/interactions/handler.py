"""Begins work on interactions, and answers each that fails exactly once."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import discord
from discord import app_commands

from bot.interactions import audit_log
from bot.interactions.administrators import admit_administrator
from bot.interactions.discord_answers import is_about_content, was_taken
from bot.interactions.errors import DISCORD_FAILURES, UNREADABLE, InteractionProblem, Refusal
from bot.interactions.in_flight import InFlight
from bot.interactions.responses import (
    ACKNOWLEDGED,
    PRIVATE,
    NotAcknowledgedError,
    close_if_forgotten,
    confirmed,
    edit_placeholder,
    files_of,
    reason_of,
)
from bot.interactions.texts import Catalogue, worded
from bot.timing import Timing


class Answer(NamedTuple):
    """What answers an interaction: a content, a text to attach, and components below it.

    `kept` is the text that must not be lost where Discord refuses the content.
    """

    content: str
    attachment: str | None = None
    view: discord.ui.View | None = None
    kept: str | None = None


AnswerFor = Callable[[str], Answer]

_log = logging.getLogger(__name__)


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
        self.in_flight = InFlight(timing.last_words)
        self.refusal = refusal
        self._texts = texts
        self._timing = timing

    def begin(self, interaction: discord.Interaction[Any]) -> bool:
        """Begin work on an interaction; False while stopping, when another instance handles it."""
        audit_log.begin(interaction)
        if self.in_flight.closing:
            if interaction.type is not discord.InteractionType.autocomplete:
                audit_log.outcome(interaction, "left to another instance")
            return False
        self.in_flight.add_current()
        return True

    async def acknowledge(
        self, interaction: discord.Interaction[Any], *, private: bool = False
    ) -> None:
        """Show "thinking…" for a command, publicly or `private` to the member.

        For a component nothing is shown: its answer replaces the message. Raises
        `NotAcknowledgedError` unless Discord confirms within `Timing.acknowledge`.
        """
        interaction.extras[PRIVATE] = private
        component = interaction.type is discord.InteractionType.component
        await confirmed(
            lambda: interaction.response.defer(thinking=not component, ephemeral=private),
            self._timing,
        )
        interaction.extras[ACKNOWLEDGED] = True

    async def show_form(
        self, interaction: discord.Interaction[Any], form: discord.ui.Modal
    ) -> None:
        """Answer with a form, which must be the first response; raises like `acknowledge`."""
        await confirmed(lambda: interaction.response.send_modal(form), self._timing)
        interaction.extras[ACKNOWLEDGED] = True

    async def admit_administrator(self, interaction: discord.Interaction[Any]) -> discord.Guild:
        """Admit an administrator, acknowledge privately, return the guild; raises as both do."""
        guild = admit_administrator(interaction)
        await self.acknowledge(interaction, private=True)
        return guild

    async def respond(
        self,
        interaction: discord.Interaction[Any],
        content: str,
        *,
        view: discord.ui.View | None = discord.utils.MISSING,
        attachment: str | None = None,
        kept: str | None = None,
    ) -> None:
        """Show `content` as the interaction's answer.

        After an acknowledgement it replaces the placeholder, else it is a private message. In place
        of a content that Discord refuses a sentence says so, without new components. `view` holds
        the components below it; None removes those that are there. `attachment` is a text to
        attach, `kept` one that is attached to that sentence. Never raises for failures of Discord
        or the network.
        """
        if not await self.show_if_taken(interaction, content, view=view, attachment=attachment):
            _log.warning("interaction=%d answer refused for its content", interaction.id)
            content = worded(self._texts, InteractionProblem.ANSWER_REFUSED)
            if not await self.show_if_taken(interaction, content, attachment=kept) and kept:
                await self.show_if_taken(interaction, content)

    async def show_if_taken(
        self,
        interaction: discord.Interaction[Any],
        content: str,
        *,
        view: discord.ui.View | None = discord.utils.MISSING,
        attachment: str | None = None,
    ) -> bool:
        """Do as `respond`; returns False if Discord refuses `content` itself."""
        try:
            if interaction.response.is_done() or ACKNOWLEDGED in interaction.extras:
                await edit_placeholder(
                    interaction,
                    content,
                    view,
                    self._timing.edit_again,
                    self.in_flight.sleep_unless_closing,
                    attachment,
                )
            else:
                await confirmed(
                    lambda: interaction.response.send_message(
                        content,
                        view=view or discord.utils.MISSING,
                        files=files_of(attachment),
                        ephemeral=True,
                    ),
                    self._timing,
                )
        except (*DISCORD_FAILURES, *UNREADABLE, NotAcknowledgedError) as error:
            if isinstance(error, UNREADABLE) and was_taken(error):
                return True
            if is_about_content(error) or (
                isinstance(error, NotAcknowledgedError) and error.content
            ):
                return False
            _log.warning("interaction=%d answer failed: %s", interaction.id, reason_of(error))
        return True

    async def run(
        self,
        interaction: discord.Interaction[Any],
        work: Callable[[], Awaitable[None]],
        answer_for: AnswerFor = Answer,
    ) -> None:
        """Run a component's or form's `work`, and answer failures, which discord.py only logs.

        `answer_for` makes the answer from the words for a failure.
        """
        if not self.begin(interaction):
            return
        try:
            await work()
        except Exception as error:
            await self.respond_to_failure(interaction, error, answer_for)

    async def run_connected(
        self, interaction: discord.Interaction[Any], work: Callable[[], Awaitable[None]]
    ) -> None:
        """Do as `run`, unless the guild is not connected: then `cogs.guilds` answers."""
        if not self.refusal(interaction):
            await self.run(interaction, work)

    async def run_component_callback(
        self,
        interaction: discord.Interaction[Any],
        work: Callable[[discord.Guild], Awaitable[None]],
    ) -> None:
        """Run the `work` of an administrator's component callback, as `run_connected` does.

        The component may date from an earlier process, and its user may no longer be an
        administrator.
        """

        async def admitted() -> None:
            await work(await self.admit_administrator(interaction))

        audit_log.about_settings(interaction)
        await self.run_connected(interaction, admitted)

    async def respond_to_failure(
        self,
        interaction: discord.Interaction[Any],
        error: Exception,
        answer_for: AnswerFor = Answer,
    ) -> None:
        """Log why a command or a component callback failed, and tell the member; see `run`."""
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
        answer = answer_for(self.words_for(error, reference, setting=setting))
        await self.respond(
            interaction,
            answer.content,
            view=answer.view or discord.utils.MISSING,
            attachment=answer.attachment,
            kept=answer.kept,
        )

    def words_for(self, error: Exception, reference: str, *, setting: bool = False) -> str:
        """Return the content that tells a member what went wrong.

        For an unexpected error it contains `reference`, which is also in the log; `setting` means
        that no note was involved.
        """
        match error:
            case Refusal():
                return worded(self._texts, error.key, **error.data)
            case app_commands.CommandNotFound() | app_commands.CommandSignatureMismatch():
                return worded(self._texts, InteractionProblem.OUTDATED_COMMAND)
            case app_commands.TransformerError():
                return worded(self._texts, InteractionProblem.HIDDEN_CHANNEL)
        unexpected = InteractionProblem.UNEXPECTED
        if setting:
            unexpected = InteractionProblem.UNEXPECTED_IN_SETTING
        return worded(self._texts, unexpected, reference=reference)

    async def _leave(
        self, interaction: discord.Interaction[Any], error: NotAcknowledgedError
    ) -> None:
        """Leave a command to the instance that has it, but close it if none answers."""
        audit_log.outcome(interaction, f"not acknowledged ({error.reason})", level=logging.WARNING)
        waited = not error.expired and await self.in_flight.sleep_unless_closing(
            self._timing.other_instance
        )
        content = worded(self._texts, InteractionProblem.UNFINISHED)
        closed: bool | None = None
        while waited and (closed := await close_if_forgotten(interaction, content)) is None:
            waited = await self.in_flight.sleep_unless_closing(self._timing.ask_discord_again)
        if closed:
            audit_log.outcome(interaction, "closed unanswered", level=logging.ERROR)
