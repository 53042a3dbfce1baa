"""Takes a note from an interaction: stores it, acknowledges the interaction, queues the note."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import discord

from bot.calls.guild_calls import GuildCalls
from bot.interactions import audit_log
from bot.interactions.errors import Refusal
from bot.interactions.in_flight import InFlight
from bot.interactions.responses import NotAcknowledgedError, confirmed, files_of
from bot.notes.buttons import buttons_for
from bot.notes.composer import NoteComposer
from bot.notes.problems import NoteProblem
from bot.notes.refusals import refusal_of
from bot.notes.status_message import EditResult, StatusMessage
from bot.notes.status_updater import StatusUpdater
from bot.notes.texts import ADDED_AGAIN, given_back, repeated
from bot.outbox import (
    Acknowledgement,
    DuplicateInteractionError,
    NewNote,
    NotDoneError,
    NoteRecord,
    NoteState,
    OutboxWorker,
    TooBusyError,
)
from bot.sonoran import CallNote
from bot.storage import StorageError, StorageFullError
from bot.storage.failures import TOO_LATE
from bot.timing import Timing

_log = logging.getLogger(__name__)


@dataclass(eq=False, repr=False, slots=True)
class NoteSubmitter:
    """Takes notes from the interactions of one connection to Discord.

    `community_of` names the community of a guild, and refuses if it is not connected.
    """

    client: discord.Client
    in_flight: InFlight
    outbox: OutboxWorker
    messages: StatusUpdater
    composer: NoteComposer
    community_of: Callable[[int], str]
    calls: GuildCalls
    timing: Timing

    async def submit(
        self,
        interaction: discord.Interaction[Any],
        member: discord.Member,
        note: CallNote,
        *,
        community: str,
        instead_of: NoteRecord | None = None,
        source_id: int | None = None,
    ) -> None:
        """Store a note, acknowledge the interaction publicly, and queue the note.

        `note` has its text as typed, and is for a call of `community`; it is refused with OTHER_CAD
        if its guild has another one by now. Of two instances of the bot on one database, the one
        that does not get the row leaves the interaction alone. A note that repeats one just sent is
        held back with a private question; `source_id` is Discord's message of which it was made, if
        it was. Raises a `Refusal` when the note cannot be stored; it is not sent then. Raises
        `NotAcknowledgedError` when Discord did not confirm the acknowledgement; the note is then
        sent only if it turns out to have been shown.
        """
        if community != self.community_of(member.guild.id):
            raise Refusal(NoteProblem.OTHER_CAD)
        try:
            admitted = self.outbox.admit(interaction.created_at.timestamp())
        except TooBusyError as error:
            raise refusal_of(error) from None
        with admitted:
            if instead_of is not None:
                source_id = instead_of.source_id
            record, ago = await self._accept(interaction, member, note, instead_of, source_id)
            if record is None:
                audit_log.outcome(interaction, "left to another instance")
                return
            self.calls.used(record)
            if record.state is NoteState.HELD:
                await self._ask(interaction, record, ago or 0.0)
                return
            try:
                await self._acknowledge_and_queue(interaction, member, record, admitted)
            except asyncio.CancelledError:
                # How far this came is not known.
                self.messages.find_out(record, after=self.client)
                raise
        if instead_of is not None:
            await self._message(instead_of).close(ADDED_AGAIN)  # its question is answered

    async def _accept(
        self,
        interaction: discord.Interaction[Any],
        member: discord.Member,
        note: CallNote,
        instead_of: NoteRecord | None,
        source_id: int | None,
    ) -> tuple[NoteRecord | None, float | None]:
        new = NewNote(
            id=interaction.id,
            community=self.community_of(interaction.guild_id or 0),
            guild_id=interaction.guild_id or 0,
            channel_id=interaction.channel_id or 0,
            member_id=member.id,
            member_name=member.display_name,
            token=interaction.token,
            note=note,
            source_id=source_id,
        )
        held = None if instead_of is None else instead_of.id
        try:
            async with asyncio.timeout(self.timing.store_note):
                return await self.outbox.accept(new, instead_of=held)
        except DuplicateInteractionError:
            return None, None
        except NotDoneError as error:
            raise refusal_of(error) from None
        except (StorageError, TimeoutError) as error:
            self.outbox.discard_later(interaction.id)  # it may have been stored all the same
            reason = error if isinstance(error, StorageError) else TOO_LATE
            _log.warning("interaction=%d note not stored: %s", interaction.id, reason)
            full = isinstance(error, StorageFullError)
            raise Refusal(NoteProblem.STORAGE_FULL if full else NoteProblem.STORAGE_DOWN) from None

    async def _acknowledge_and_queue(
        self,
        interaction: discord.Interaction[Any],
        member: discord.Member,
        record: NoteRecord,
        admitted: contextlib.ExitStack,
    ) -> None:
        """Acknowledge the interaction and queue the note, or discard it.

        `admitted` is closed as soon as Discord has answered. Raises `NotAcknowledgedError` when, as
        far as is known, Discord has no acknowledgement.
        """
        try:
            message_id = await self._acknowledge(interaction, record, admitted)
        except NotAcknowledgedError as error:
            if error.expired:
                await self.outbox.discard(record)
            else:
                # Discord could not be asked before this client was closed, or for 15 minutes; then
                # the member is told in a new message.
                closing = self.client if self.in_flight.closing else None
                self.messages.find_out(record, after=closing)
            raise NotAcknowledgedError(error.reason, expired=True) from None
        # Only now, as looking names up takes longer than Discord waits for an acknowledgement.
        here = getattr(interaction.channel, "name", None)
        channels = {} if here is None else {record.channel_id: here}
        as_sent = await self.composer.text_as_sent(record, member.guild, channels)
        await self.outbox.acknowledged(record, Acknowledgement(message_id, as_sent))

    async def _acknowledge(
        self,
        interaction: discord.Interaction[Any],
        record: NoteRecord,
        admitted: contextlib.ExitStack,
    ) -> int:
        """Acknowledge publicly; returns the id of the message that will show the note's status.

        Raises `NotAcknowledgedError` when Discord did not take it, `expired` when that is certain.
        When the confirmation is lost, Discord is asked whether the placeholder is there: on one
        database, only the instance that has the row can have acknowledged.
        """
        reason = "no message"
        try:
            with admitted:
                response = await confirmed(
                    lambda: interaction.response.defer(thinking=True), self.timing
                )
            if response is not None and response.message_id is not None:
                return response.message_id
        except NotAcknowledgedError as error:
            reason = error.reason
            if error.expired or error.elsewhere:
                raise NotAcknowledgedError(reason, expired=True) from None
        while True:
            message = self._message(record)
            found, message_id = await message.find()
            if message_id is not None:
                return message_id
            if found is EditResult.GAVE_UP:
                raise NotAcknowledgedError(reason, expired=not message.token_over)
            if not await self.in_flight.sleep_unless_closing(self.timing.ask_discord_again):
                raise NotAcknowledgedError(reason, expired=False)

    async def _ask(
        self, interaction: discord.Interaction[Any], record: NoteRecord, seconds: float
    ) -> None:
        """Ask privately whether a repeated note is meant; raises `NotAcknowledgedError`.

        The text of a form is given back, unless Discord refuses it: the outbox has it, too.
        """
        question, attachment = plain = repeated(record, seconds), None
        if interaction.type is discord.InteractionType.modal_submit:
            question, attachment = given_back(question, record.note.text)
        try:
            await self._show_question(interaction, record, question, attachment)
        except NotAcknowledgedError as error:
            if not error.content:
                raise
            await self._show_question(interaction, record, *plain)
        audit_log.outcome(interaction, "held back as a repetition")

    async def _show_question(
        self,
        interaction: discord.Interaction[Any],
        record: NoteRecord,
        question: str,
        attachment: str | None,
    ) -> None:
        await confirmed(
            lambda: interaction.response.send_message(
                question,
                view=buttons_for(record) or discord.utils.MISSING,
                files=files_of(attachment),
                ephemeral=True,
            ),
            self.timing,
        )

    def _message(self, record: NoteRecord) -> StatusMessage:
        return StatusMessage(self.client, record, delays=self.messages.delays, timing=self.timing)
