"""The `/call` and `/calls` commands, which show live calls to dispatchers."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.app.client import CallnoteBot
from bot.calls.card_buttons import card_button, card_select
from bot.calls.cards import CallCards
from bot.calls.guild_calls import GuildCalls
from bot.notes.parsing import parse_call_number

_Interaction = discord.Interaction[Any]


class CallCardCommands(commands.Cog):
    """Shows a call's card, or the list of them; every answer is private."""

    def __init__(self, cards: CallCards, calls: GuildCalls) -> None:
        self._cards = cards
        self._calls = calls

    @app_commands.command(description="See a dispatch call and its latest notes.")
    @app_commands.describe(call="The call's number in Sonoran CAD, or words to find it by")
    async def call(self, interaction: _Interaction, call: app_commands.Range[str, 1, 100]) -> None:
        """See a dispatch call and its latest notes."""
        await self._cards.show(interaction, parse_call_number(call))

    @call.autocomplete("call")
    async def suggest_calls(
        self, interaction: _Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        """Suggest live calls."""
        return await self._calls.suggest(interaction, typed)

    @app_commands.command(description="See the live dispatch calls.")
    async def calls(self, interaction: _Interaction) -> None:
        """See the live dispatch calls."""
        await self._cards.show_list(interaction)


async def setup(bot: CallnoteBot) -> None:
    """Add the commands and their components to the bot."""
    cards = bot.call_cards
    await bot.add_cog(CallCardCommands(cards, bot.services.guild_calls))
    bot.add_dynamic_items(card_button(cards.on_button), card_select(cards.on_choice))
