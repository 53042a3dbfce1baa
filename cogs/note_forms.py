"""The message command Add to dispatch call, and `/callnote-form`."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.app.client import CallnoteBot
from bot.notes.form_modal import again_button
from bot.notes.form_texts import FORM_TITLE
from bot.notes.forms import NoteForms


class NoteFormCommands(commands.Cog):
    """Opens the form for a note, and hears of those that are submitted."""

    def __init__(self, bot: CallnoteBot, forms: NoteForms) -> None:
        self._bot = bot
        self._forms = forms
        # discord.py takes no such command as a method of a cog.
        self._menu = app_commands.ContextMenu(name=FORM_TITLE, callback=self._add_message)

    async def cog_load(self) -> None:
        """Add the message command."""
        self._bot.tree.add_command(self._menu)

    async def cog_unload(self) -> None:
        """Remove the message command."""
        self._bot.tree.remove_command(self._menu.name, type=self._menu.type)

    async def _add_message(
        self, interaction: discord.Interaction[Any], message: discord.Message
    ) -> None:
        await self._forms.open_for(interaction, message)

    @app_commands.command(
        name="callnote-form", description="Add a note to a dispatch call, written in a form."
    )
    async def callnote_form(self, interaction: discord.Interaction[Any]) -> None:
        """Add a note to a dispatch call, written in a form."""
        await self._forms.open(interaction)

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        """Take the note when a form is submitted."""
        await self._forms.submitted(interaction)


async def setup(bot: CallnoteBot) -> None:
    """Add the cog to the bot."""
    await bot.add_cog(NoteFormCommands(bot, bot.note_forms))
    bot.add_dynamic_items(again_button(bot.note_forms.press_again))
