"""Carries out the buttons below a note: checks who may, and transitions the note."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import discord

from bot.interactions import audit_log
from bot.interactions.administrators import is_administrator
from bot.interactions.errors import DISCORD_FAILURES, UNREADABLE, Refusal
from bot.interactions.handler import InteractionHandler
from bot.notes.buttons import OFFERED
from bot.notes.problems import NoteProblem
from bot.notes.refusals import refusal_of
from bot.notes.submit import NoteSubmitter
from bot.outbox import (
    NotDoneError,
    NoteRecord,
    NoteState,
    OutboxFullError,
    OutboxWorker,
    StaleRevisionError,
)
from bot.settings.dispatchers import Dispatchers
from bot.storage import StorageError
from bot.storage.tables import LARGEST_ID
from bot.timing import Timing

_TARGETS = {
    "retry": NoteState.QUEUED,
    "check": NoteState.CHECKING,
    "resend": NoteState.QUEUED,
    "to": NoteState.QUEUED,
}


@dataclass(eq=False, repr=False, slots=True)
class NoteActions:
    """Carries out the buttons of notes for one Discord client.

    `community_of` names the community of a guild, and refuses if it is not connected.
    """

    handler: InteractionHandler
    submitter: NoteSubmitter
    outbox: OutboxWorker
    dispatchers: Dispatchers
    community_of: Callable[[int], str]
    timing: Timing

    async def on_button(
        self,
        interaction: discord.Interaction[Any],
        action: str,
        note_id: int,
        call_id: int | None = None,
    ) -> None:
        """Carry out `action` on a note; failures are shown to the member alone.

        `call_id` is the call that the action is about, where it is not the note's own.
        Only dispatchers of the note's guild may, and only the author may add a repeated one. A note
        is cancelled by its author, who must be a dispatcher, or by an administrator, who need not.
        Nothing but a cancellation is done to a note for a CAD that the guild had before: its calls
        have the same numbers.
        """
        await self.handler.run_connected(
            interaction, lambda: self._carry_out(interaction, action, note_id, call_id)
        )

    async def _carry_out(
        self,
        interaction: discord.Interaction[Any],
        action: str,
        note_id: int,
        call_id: int | None,
    ) -> None:
        member = self._admitted(interaction, action)
        record = await self._record(interaction, note_id)
        audit_log.about_call(interaction, call_id or record.note.call_id)
        # A forged button may lack the call, or have one that it should not.
        if action not in OFFERED.get(record.state, ()) or (action == "to") != bool(call_id):
            raise Refusal(NoteProblem.NOTE_MOVED_ON)
        if action != "cancel" and record.community != self.community_of(record.guild_id):
            raise Refusal(NoteProblem.OTHER_CAD)
        own = record.member_id == member.id
        if (action == "add" and not own) or (
            action == "cancel" and not own and not is_administrator(interaction)
        ):
            raise Refusal(NoteProblem.NOT_YOUR_NOTE)
        if action == "add":
            await self.submitter.submit(
                interaction, member, record.note, community=record.community, instead_of=record
            )
            return
        # Of two connected instances of the bot, the one that Discord lets acknowledge goes on.
        await self.handler.acknowledge(interaction)
        await self._transition(interaction, action, record, call_id)

    def _admitted(self, interaction: discord.Interaction[Any], action: str) -> discord.Member:
        """Return the member; to cancel a note, an administrator needs no dispatcher role."""
        member = interaction.user
        may_cancel = action == "cancel" and is_administrator(interaction)
        if may_cancel and isinstance(member, discord.Member):
            return member
        return self.dispatchers.admit(interaction)

    async def _record(self, interaction: discord.Interaction[Any], note_id: int) -> NoteRecord:
        if note_id > LARGEST_ID:
            raise Refusal(NoteProblem.NOTE_GONE)
        try:
            async with asyncio.timeout(self.timing.store_note):
                record = await self.outbox.store.get(note_id)
        except (StorageError, TimeoutError):
            raise Refusal(NoteProblem.NOTE_UNREADABLE) from None
        if record is None or record.guild_id != interaction.guild_id:
            raise Refusal(NoteProblem.NOTE_GONE)
        return record

    async def _transition(
        self,
        interaction: discord.Interaction[Any],
        action: str,
        record: NoteRecord,
        call_id: int | None,
    ) -> None:
        """Transition the note; `StatusUpdater` then updates its message."""
        try:
            if interaction.message is None:
                return  # a component always has one
            # The interaction's token can edit the message for another 15 minutes.
            shown_in = (interaction.message.id, interaction.token)
            if action == "cancel":
                await self._cancel(record, shown_in)
            else:
                await self.outbox.member_actions.resume(
                    record, _TARGETS[action], shown_in, call_id=call_id
                )
        except OutboxFullError:
            await self._tell(interaction, Refusal(NoteProblem.NO_ROOM))
        except NotDoneError as error:
            await self._tell(interaction, refusal_of(error))
        except StorageError:
            await self._tell(interaction, Refusal(NoteProblem.ACTION_NOT_CONFIRMED))
        except Exception as error:  # its answer must not replace the note's message
            audit_log.outcome(
                interaction, f"pressing {action} failed", level=logging.ERROR, error=error
            )
            await self._tell(interaction, error)
        else:
            audit_log.outcome(interaction, f"pressed {action}")

    async def _tell(self, interaction: discord.Interaction[Any], error: Exception) -> None:
        """Tell the member privately, if Discord accepts it."""
        content = self.handler.words_for(error, str(interaction.id))
        with contextlib.suppress(*DISCORD_FAILURES, *UNREADABLE):
            await interaction.followup.send(content, ephemeral=True)

    async def _cancel(self, record: NoteRecord, shown_in: tuple[int, str]) -> None:
        """Cancel a note, even if it was tried and queued again since it was read."""
        while True:
            try:
                await self.outbox.member_actions.cancel(record, shown_in)
            except StaleRevisionError as error:
                if error.record is None or "cancel" not in OFFERED.get(error.record.state, ()):
                    raise
                record = error.record
            else:
                return
