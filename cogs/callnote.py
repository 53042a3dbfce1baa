"""The `/callnote` command."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.ext import commands

from bot import events
from bot.answering import acknowledge, answer
from bot.app import CallnoteBot
from bot.dispatchers import Dispatchers
from bot.guild_settings import SettingsInForce
from bot.literal import literal
from bot.mentions import named
from bot.note_text import NOTE_LIMIT, has_visible, one_line, parse_call_number, parse_note
from bot.notes import add_note
from bot.sonoran import CallNote, SonoranClient


class CallNotes(commands.Cog):
    """Adds notes to dispatch calls."""

    def __init__(
        self, cad: SonoranClient, dispatchers: Dispatchers, settings: SettingsInForce
    ) -> None:
        self._cad = cad
        self._dispatchers = dispatchers
        self._settings = settings

    @app_commands.command()
    @app_commands.describe(
        call="The call's number in Sonoran CAD, such as 123",
        note="What to add to the call; everyone working it can read it",
    )
    async def callnote(
        self,
        interaction: discord.Interaction[CallnoteBot],
        call: app_commands.Range[str, 1, 100],
        note: app_commands.Range[str, 1, NOTE_LIMIT],
    ) -> None:
        """Add a note to a dispatch call in Sonoran CAD."""
        member = self._dispatchers.admit(interaction)
        call_id = parse_call_number(call)
        events.about_call(interaction, call_id)
        text = parse_note(note)
        # Nothing may reach the CAD before this: of two connected copies of the bot only the one
        # whose acknowledgement Discord took goes on.
        await acknowledge(interaction)
        added = await add_note(
            self._cad,
            CallNote(
                server_id=self._settings.server_id(member.guild.id),
                call_id=call_id,
                text=await named(text, member.guild, member),
                label=_label(member),
            ),
        )
        shown = await answer(interaction, literal(added.text))
        events.outcome(
            interaction,
            "added" if shown else "added, answer not shown",
            trace_id=added.trace_id,
        )


def _label(member: discord.Member) -> str:
    """Return the name that the CAD shows beside the note; a nickname may be of blanks alone."""
    name = one_line(member.display_name)
    return name if has_visible(name) else member.name


async def setup(bot: CallnoteBot) -> None:
    """Add the cog to the bot."""
    await bot.add_cog(CallNotes(bot.cad, bot.dispatchers, bot.settings))
