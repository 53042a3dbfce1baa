"""The least bot that takes `/callnote`: nothing is stored, checked or tried again."""

from __future__ import annotations

import os

import aiohttp
import discord
from discord import app_commands
from discord.gateway import DiscordWebSocket
from discord.http import Route
from yarl import URL

CAD = os.environ["SONORAN_API_URL"]
KEY = os.environ["SONORAN_API_KEY"]

# The simulator's addresses, in the place of Discord's own.
Route.BASE = os.environ["DISCORD_API_URL"]
DiscordWebSocket.DEFAULT_GATEWAY = URL(os.environ["DISCORD_GATEWAY_URL"])


class MinimalBot(discord.Client):
    def __init__(self) -> None:
        super().__init__(intents=discord.Intents.default())
        self.tree = app_commands.CommandTree(self)

    async def setup_hook(self) -> None:
        self.cad = aiohttp.ClientSession(headers={"Authorization": f"Bearer {KEY}"})
        await self.tree.sync()


bot = MinimalBot()


@bot.tree.command()
async def callnote(interaction: discord.Interaction, call: str, note: str) -> None:
    """Add a note to a dispatch call in Sonoran CAD."""
    await interaction.response.defer(thinking=True)
    async with bot.cad.post(
        f"{CAD}/v2/emergency/servers/1/dispatch-calls/{int(call)}/notes",
        json={"note": note, "noteType": "text", "label": interaction.user.display_name},
    ) as response:
        response.raise_for_status()
        added = await response.json(content_type=None)
    await interaction.edit_original_response(
        content=f"NOTE '{added['note']}' added to call #{added['callId']}"
    )


@callnote.autocomplete("call")
async def suggest(_interaction: discord.Interaction, _typed: str) -> list[app_commands.Choice[str]]:
    """Suggest nothing."""
    return []


if __name__ == "__main__":
    bot.run(os.environ["DISCORD_TOKEN"])
