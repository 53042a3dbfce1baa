"""The `/callnote` command."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.ext import commands

from bot.app.client import CallnoteBot
from bot.calls.guild_calls import GuildCalls
from bot.interactions import audit_log
from bot.notes.parsing import NOTE_LIMIT, parse_call_number, parse_note
from bot.notes.submit import NoteSubmitter
from bot.notes.unit_numbers import NoteLabels
from bot.settings.cache import SettingsCache
from bot.settings.dispatchers import Dispatchers
from bot.sonoran import CallNote


class CallNotes(commands.Cog):
    """Adds notes to dispatch calls."""

    def __init__(
        self,
        dispatchers: Dispatchers,
        settings: SettingsCache,
        submitter: NoteSubmitter,
        calls: GuildCalls,
        labels: NoteLabels,
    ) -> None:
        self._dispatchers = dispatchers
        self._settings = settings
        self._submitter = submitter
        self._calls = calls
        self._labels = labels

    @app_commands.command(description="Add a note to a dispatch call in Sonoran CAD.")
    @app_commands.describe(
        call="The call's number in Sonoran CAD, such as 123, or words to find it by",
        note="What to add to the call; everyone working it can read it",
    )
    async def callnote(
        self,
        interaction: discord.Interaction,
        call: app_commands.Range[str, 1, 100],
        note: app_commands.Range[str, 1, NOTE_LIMIT],
    ) -> None:
        """Add a note to a dispatch call in Sonoran CAD."""
        member = self._dispatchers.admit(interaction)
        call_id = parse_call_number(call)
        audit_log.about_call(interaction, call_id)
        as_typed = CallNote(
            server_id=self._settings.server_id(member.guild.id),
            call_id=call_id,
            text=parse_note(note),
            label=await self._labels.of(member),
        )
        await self._submitter.submit(interaction, member, as_typed)

    @callnote.autocomplete("call")
    async def suggest_calls(
        self, interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        """Suggest live calls."""
        return await self._calls.suggest(interaction, typed)


async def setup(bot: CallnoteBot) -> None:
    """Add the cog to the bot."""
    services = bot.services
    await bot.add_cog(
        CallNotes(
            services.dispatchers,
            services.settings,
            bot.submitter,
            services.guild_calls,
            services.note_labels,
        )
    )
