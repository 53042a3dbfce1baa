"""Notes by a form: long ones, those from phones, and those of what stands in a message already."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import discord

from bot.calls.guild_calls import GuildCalls
from bot.calls.texts import cut
from bot.interactions import audit_log
from bot.interactions.components import mark_of
from bot.interactions.errors import DISCORD_FAILURES, Refusal
from bot.interactions.handler import Answer, InteractionHandler
from bot.interactions.markdown import unescaped
from bot.notes.composer import NoteComposer
from bot.notes.form_modal import SubmittedForm, again_view, note_form, submitted_form
from bot.notes.note_of_message import calls_named_in
from bot.notes.parsing import NOTE_LIMIT, parse_call_number, parse_note
from bot.notes.problems import NoteProblem
from bot.notes.submit import NoteSubmitter
from bot.notes.texts import YOUR_NOTE, given_back
from bot.notes.unit_numbers import NoteLabels
from bot.settings.cache import SettingsCache
from bot.settings.dispatchers import Dispatchers
from bot.sonoran import CallNote
from bot.timing import Timing

_Interaction = discord.Interaction[Any]


@dataclass(eq=False, repr=False, slots=True)
class NoteForms:
    """Shows the form for a note, and takes the note when it is submitted.

    All that a form needs is in its custom id, so it works after a restart and however late it is
    submitted. `community_of` names a guild's community, and refuses if it is not connected;
    `cards_in` returns the ids of the calls that have a card in a channel.
    """

    handler: InteractionHandler
    dispatchers: Dispatchers
    settings: SettingsCache
    calls: GuildCalls
    submitter: NoteSubmitter
    composer: NoteComposer
    labels: NoteLabels
    community_of: Callable[[int], str]
    cards_in: Callable[[int], Sequence[int]]
    timing: Timing

    async def open(
        self,
        interaction: _Interaction,
        *,
        call_id: int | None = None,
        server_id: int | None = None,
        text: str = "",
        source_id: int | None = None,
        named: Sequence[int] = (),
    ) -> None:
        """Show the form as the first response to a command or a button.

        `call_id` is chosen in it already, on the CAD server `server_id` or else the guild's. Of the
        calls `named`, which come first otherwise, the only live one is. `text` is filled in, at
        most `NOTE_LIMIT` UTF-16 units; `source_id` is the message that it was made of. Refuses like
        `Dispatchers.admit`; raises `NotAcknowledgedError` when Discord does not take the form.
        """
        member = self.dispatchers.admit(interaction)
        self.labels.prepare(member)
        mark = self._mark(member.guild.id)  # that of the calls, whatever is connected meanwhile
        server = server_id or self.settings.server_id(member.guild.id)
        channel_id = interaction.channel_id or 0
        first = [call_id] if call_id is not None else [*named, *self.cards_in(channel_id)]
        calls, found = await self.calls.find(member, channel_id, server_id=server, first=first)
        listed = {call.call_id for call in found}
        meant = [call_id] if call_id is not None else [each for each in named if each in listed]
        form = note_form(
            server,
            source_id,
            mark,
            text,
            found,
            chosen=meant[0] if len(meant) == 1 else None,
            age=0.0 if calls is None else calls.told_age,
        )
        await self.handler.show_form(interaction, form)
        audit_log.outcome(interaction, "form shown")

    async def open_for(self, interaction: _Interaction, message: discord.Message) -> None:
        """Show the form with a message's text, as `open`."""
        member = self.dispatchers.admit(interaction)
        place = getattr(interaction.channel, "name", None) or ""
        await self.open(
            interaction,
            text=await self.composer.text_of(message, self.community_of(member.guild.id)),
            source_id=message.id,
            named=calls_named_in(message, self.settings.server_id(member.guild.id), place),
        )

    async def submitted(self, interaction: _Interaction) -> bool:
        """Take the note of a submitted form if it is one of these; returns whether it is.

        A failure's answer has the text in it, also where the guild is not connected.
        """
        form = submitted_form(interaction)
        if form is None:
            return False
        await self.handler.run(
            interaction,
            lambda: self._submit(interaction, form),
            lambda words: Answer(
                *given_back(words, form.text),
                view=again_view(form) if form.text else None,
                kept=form.text or None,
            ),
        )
        return True

    async def press_again(
        self, interaction: _Interaction, mark: str, server_id: int, source_id: int | None
    ) -> None:
        """Show a form that was refused again, with its text.

        It is for the same CAD server, or the guild's own if the form was for another CAD.
        """

        async def open_again() -> None:
            text = await self._text_again(interaction.message)
            here = mark == self._mark(interaction.guild_id or 0)
            server = server_id if here else None
            await self.open(interaction, server_id=server, text=text, source_id=source_id)

        await self.handler.run_connected(interaction, open_again)

    async def _text_again(self, message: discord.Message | None) -> str:
        """Return the text that the answer to a refused form gives back; see `given_back`."""
        if message is None:
            return ""
        if not message.attachments:
            return unescaped(message.content.partition(f"\n{YOUR_NOTE}")[2])
        try:
            async with asyncio.timeout(self.timing.read_text):
                text = (await message.attachments[0].read()).decode("utf-8", "replace")
        except (*DISCORD_FAILURES, TimeoutError):
            raise Refusal(NoteProblem.TEXT_UNREADABLE) from None
        return cut(text, NOTE_LIMIT)

    async def _submit(self, interaction: _Interaction, form: SubmittedForm) -> None:
        if refusal := self.handler.refusal(interaction):
            raise refusal
        member = self.dispatchers.admit(interaction)
        community = self.community_of(member.guild.id)
        if form.mark != mark_of(community):
            raise Refusal(NoteProblem.OTHER_CAD)
        if not form.call:
            raise Refusal(NoteProblem.NO_CALL_CHOSEN)
        call_id = parse_call_number(form.call)
        audit_log.about_call(interaction, call_id)
        note = CallNote(
            server_id=form.server_id,
            call_id=call_id,
            text=parse_note(form.text, lines=True),
            label=await self.labels.of(member),
        )
        await self.submitter.submit(
            interaction, member, note, community=community, source_id=form.source_id
        )

    def _mark(self, guild_id: int) -> str:
        return mark_of(self.community_of(guild_id))
