"""The form for a note: for long ones, for phones, and for what stands in a message already."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from zlib import crc32

import discord

from bot.calls.guild_calls import GuildCalls
from bot.calls.live_calls import LiveList
from bot.calls.texts import call_label, cut
from bot.interactions import audit_log
from bot.interactions.components import (
    DynamicButton,
    chosen_values,
    dynamic_button,
    stopped,
    text_values,
)
from bot.interactions.errors import DISCORD_FAILURES, Refusal
from bot.interactions.handler import Answer, InteractionHandler
from bot.interactions.markdown import unescaped
from bot.notes import form_texts as texts
from bot.notes.composer import NoteComposer
from bot.notes.message_text import calls_named_in
from bot.notes.parsing import NOTE_LIMIT, parse_call_number, parse_note
from bot.notes.problems import NoteProblem
from bot.notes.submit import NoteSubmitter
from bot.notes.texts import YOUR_NOTE, given_back
from bot.notes.unit_numbers import NoteLabels
from bot.settings.cache import SettingsCache
from bot.settings.dispatchers import Dispatchers
from bot.sonoran import CallNote, DispatchCall
from bot.timing import Timing

_CUSTOM_ID = re.compile(
    r"callnote-form:(?P<server>[1-9][0-9]{0,8}):(?P<source>[0-9]{1,20})"
    r":(?P<nonce>(?P<cad>[0-9a-f]{8})[0-9a-f]{8})"
)
_AGAIN = re.compile(r"callnote-again:(?P<server>0|[1-9][0-9]{0,8}):(?P<source>[0-9]{1,20})")
_CALL, _NUMBER, _NOTE = "call", "number", "note"
_LARGEST_ID = 2**63 - 1  # of the database's integers; a forged form may have a larger one
_NUMBER_LIMIT = 100  # characters of a call's number, as in `/callnote`

_Interaction = discord.Interaction[Any]
_Field = discord.ui.TextInput[discord.ui.Modal]


class NoteForms:
    """Shows the form for a note, and takes the note when it is submitted.

    All that a form needs is in its custom id, so it works after a restart and however late it is
    submitted. `community_of` names a guild's
    community, and `cards_in` returns the ids of the calls that have a card in a channel.
    """

    def __init__(
        self,
        handler: InteractionHandler,
        dispatchers: Dispatchers,
        settings: SettingsCache,
        calls: GuildCalls,
        submitter: NoteSubmitter,
        composer: NoteComposer,
        labels: NoteLabels,
        community_of: Callable[[int], str],
        *,
        cards_in: Callable[[int], Sequence[int]] = lambda _: (),
        timing: Timing = Timing(),
    ) -> None:
        self._handler = handler
        self._dispatchers = dispatchers
        self._settings = settings
        self._calls = calls
        self._submitter = submitter
        self._composer = composer
        self._labels = labels
        self._community_of = community_of
        self._cards_in = cards_in
        self._old_calls = timing.old_calls
        self._read_seconds = timing.read_text

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
        member = self._dispatchers.admit(interaction)
        self._labels.prepare(member)
        server = server_id or self._settings.server_id(member.guild.id)
        channel_id = interaction.channel_id or 0
        first = [call_id] if call_id is not None else [*named, *self._cards_in(channel_id)]
        calls, found = await self._calls.find(
            member.guild.id,
            member_id=member.id,
            channel_id=channel_id,
            server_id=server,
            first=first,
        )
        listed = {call.call_id for call in found}
        meant = [call_id] if call_id is not None else [each for each in named if each in listed]
        form = _form(
            server,
            source_id or 0,
            _mark(self._community_of(member.guild.id)),
            text,
            found,
            chosen=meant[0] if len(meant) == 1 else None,
            age=self._shown_age(calls),
        )
        await self._handler.show_form(interaction, form)
        audit_log.outcome(interaction, "form shown")

    async def open_for(self, interaction: _Interaction, message: discord.Message) -> None:
        """Show the form with a message's text, as `open`."""
        member = self._dispatchers.admit(interaction)
        place = getattr(interaction.channel, "name", None) or ""
        await self.open(
            interaction,
            text=await self._composer.text_of(message, self._community_of(member.guild.id)),
            source_id=message.id,
            named=calls_named_in(message, self._settings.server_id(member.guild.id), place),
        )

    async def submitted(self, interaction: _Interaction) -> None:
        """Take the note of a form, if it is one of these; a failure's answer has the text in it."""
        found = _form_id(interaction)
        if found is None:
            return
        values = text_values(interaction.data or {})
        text = values.get(f"{_NOTE}:{found['nonce']}", "")
        await self._handler.run(
            interaction,
            lambda: self._submit(interaction, found, values, text),
            lambda words: Answer(
                *given_back(words, text),
                view=self._again(interaction, found) if text else None,
                kept=text or None,
            ),
        )

    async def press_again(self, interaction: _Interaction, found: re.Match[str]) -> None:
        """Show a form that was refused again, with its text."""
        if not self._handler.refusal(interaction):  # else `cogs.guilds` answers
            await self._handler.run(interaction, lambda: self._open_again(interaction, found))

    async def _open_again(self, interaction: _Interaction, found: re.Match[str]) -> None:
        self._dispatchers.admit(interaction)
        source = int(found["source"])
        await self.open(
            interaction,
            server_id=int(found["server"]),
            text=await self._text_again(interaction.message),
            source_id=source if 0 < source <= _LARGEST_ID else None,
        )

    def _again(self, interaction: _Interaction, found: re.Match[str]) -> discord.ui.View:
        """Return the button that opens a refused form again; 0 is the guild's own CAD server."""
        here = found["cad"] == _mark(self._community_of(interaction.guild_id or 0))
        view = discord.ui.View(timeout=None)
        custom_id = f"callnote-again:{found['server'] if here else 0}:{found['source']}"
        view.add_item(discord.ui.Button(label=texts.OPEN_AGAIN, custom_id=custom_id))
        return stopped(view)

    async def _text_again(self, message: discord.Message | None) -> str:
        """Return the text that the answer to a refused form gives back; see `given_back`."""
        if message is None:
            return ""
        if not message.attachments:
            return unescaped(message.content.partition(f"\n{YOUR_NOTE}")[2])
        try:
            async with asyncio.timeout(self._read_seconds):
                text = (await message.attachments[0].read()).decode("utf-8", "replace")
        except (*DISCORD_FAILURES, TimeoutError):
            raise Refusal(NoteProblem.TEXT_UNREADABLE) from None
        return cut(text, NOTE_LIMIT)

    async def _submit(
        self,
        interaction: _Interaction,
        found: re.Match[str],
        values: Mapping[str, str],
        text: str,
    ) -> None:
        if refusal := self._handler.refusal(interaction):
            raise refusal
        member = self._dispatchers.admit(interaction)
        if found["cad"] != _mark(self._community_of(member.guild.id)):
            raise Refusal(NoteProblem.OTHER_CAD)
        nonce, source = found["nonce"], int(found["source"])
        typed = values.get(f"{_NUMBER}:{nonce}") or chosen_values(interaction.data or {}).get(
            f"{_CALL}:{nonce}"
        )
        if not typed:
            raise Refusal(NoteProblem.NO_CALL_CHOSEN)
        call_id = parse_call_number(typed)
        audit_log.about_call(interaction, call_id)
        note = CallNote(
            server_id=int(found["server"]),
            call_id=call_id,
            text=parse_note(text, lines=True),
            label=await self._labels.of(member),
        )
        source_id = source if 0 < source <= _LARGEST_ID else None
        await self._submitter.submit(interaction, member, note, source_id=source_id)

    def _shown_age(self, calls: LiveList | None) -> float:
        """Return the age to show of a list that is old, else 0."""
        return 0.0 if calls is None or calls.age <= self._old_calls else calls.age


def again_button(
    press: Callable[[_Interaction, re.Match[str]], Awaitable[None]],
) -> type[DynamicButton]:
    """Return the dynamic item for the buttons that open a refused form again."""
    return dynamic_button(_AGAIN, press)


def is_note_form(interaction: _Interaction) -> bool:
    """Whether a form for a note was submitted."""
    return _form_id(interaction) is not None


def _form_id(interaction: _Interaction) -> re.Match[str] | None:
    data: Mapping[str, object] = interaction.data or {}
    if interaction.type is not discord.InteractionType.modal_submit:
        return None
    return _CUSTOM_ID.fullmatch(str(data.get("custom_id")))


def _mark(community: str) -> str:
    """Return what a form's id has of its community, as another one has calls of the same numbers.

    One in four thousand million others has the same.
    """
    return f"{crc32(community.encode()):08x}"


def _form(
    server_id: int,
    source_id: int,
    cad: str,
    text: str,
    calls: Sequence[DispatchCall],
    *,
    chosen: int | None,
    age: float,
) -> discord.ui.Modal:
    """Return the form, whose ids no form had before; they begin with the mark of its `cad`.

    Some clients show the first form that they saw under an id, with its text
    (discord/discord-api-docs, issue 7554).
    """
    nonce = cad + secrets.token_hex(4)
    form = discord.ui.Modal(
        title=texts.FORM_TITLE, custom_id=f"callnote-form:{server_id}:{source_id}:{nonce}"
    )
    if calls:
        select = discord.ui.Select[discord.ui.Modal](
            custom_id=f"{_CALL}:{nonce}",
            required=False,
            min_values=0,
            options=[
                discord.SelectOption(
                    label=call_label(call, age=age),
                    value=str(call.call_id),
                    default=call.call_id == chosen,
                )
                for call in calls
            ],
        )
        form.add_item(
            discord.ui.Label(
                text=texts.FORM_CALL, description=texts.FORM_CALL_HELP, component=select
            )
        )
    listed = any(call.call_id == chosen for call in calls)
    number = _Field(
        custom_id=f"{_NUMBER}:{nonce}",
        required=not calls,
        max_length=_NUMBER_LIMIT,
        default=None if chosen is None or listed else str(chosen),
    )
    note = _Field(
        custom_id=f"{_NOTE}:{nonce}",
        style=discord.TextStyle.paragraph,
        max_length=NOTE_LIMIT,
        default=text or None,
    )
    words = (texts.FORM_NUMBER, texts.FORM_NUMBER_HELP)
    if not calls:
        words = (texts.FORM_NUMBER_ALONE, texts.FORM_NUMBER_ALONE_HELP)
    form.add_item(discord.ui.Label(text=words[0], description=words[1], component=number))
    form.add_item(
        discord.ui.Label(text=texts.FORM_NOTE, description=texts.FORM_NOTE_HELP, component=note)
    )
    return stopped(form)
