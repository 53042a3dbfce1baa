"""Carries out what a press of a button or a choice in a list asks for, as commands are."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import discord

from bot.interactions import audit_log
from bot.interactions.administrators import admit_administrator
from bot.interactions.responses import acknowledge

if TYPE_CHECKING:
    from bot.app.client import CallnoteBot


async def run_component_callback(
    interaction: discord.Interaction[CallnoteBot],
    work: Callable[[discord.Guild], Awaitable[None]],
) -> None:
    """Let an administrator's press do its `work`; any failure is answered like a command's.

    In a server that is not connected whoever listens for presses there answers instead.

    discord.py only logs what goes wrong in a view, or nothing at all. What the press belongs to
    may be of an earlier process, and whoever pressed it may no longer be an administrator.
    """
    audit_log.about_settings(interaction)
    tree = interaction.client.tree
    if interaction.client.connections.refusal(interaction) or not tree.begin(interaction):
        return
    try:
        guild = admit_administrator(interaction)
        await acknowledge(interaction, private=True)
        await work(guild)
    except Exception as error:
        await tree.answer_failure(interaction, error)
