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
    """Opens the form for a note."""

    def __init__(self, forms: NoteForms) -> None:
        self._forms = forms

    @app_commands.command(
        name="callnote-form", description="Add a note to a dispatch call, written in a form."
    )
    async def callnote_form(self, interaction: discord.Interaction[Any]) -> None:
        """Add a note to a dispatch call, written in a form."""
        await self._forms.open(interaction)


async def setup(bot: CallnoteBot) -> None:
    """Add the commands and their components to the bot."""
    forms = bot.note_forms
    await bot.add_cog(NoteFormCommands(forms))
    # discord.py takes no such command as a method of a cog.
    bot.tree.add_command(app_commands.ContextMenu(name=FORM_TITLE, callback=forms.open_for))
    bot.add_dynamic_items(again_button(forms.press_again))
