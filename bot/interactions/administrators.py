"""Decides who may change Callnote's settings in a server."""

from __future__ import annotations

import discord

from bot.interactions.errors import InteractionProblem, Refusal


def admit_administrator(interaction: discord.Interaction) -> discord.Guild:
    """Return the server whose settings the member may change.

    Refuses with NOT_IN_GUILD outside a server and with NOT_ADMINISTRATOR unless the member has
    Manage Server or Administrator there. Discord says so in the interaction itself; which
    commands it shows to whom is the choice of whoever runs the server and proves nothing here.
    """
    if interaction.guild is None or not isinstance(interaction.user, discord.Member):
        raise Refusal(InteractionProblem.NOT_IN_GUILD)
    if not is_administrator(interaction):
        raise Refusal(InteractionProblem.NOT_ADMINISTRATOR)
    return interaction.guild


def is_administrator(interaction: discord.Interaction) -> bool:
    """Whether whoever caused the interaction has Manage Server or Administrator there."""
    permissions = interaction.permissions
    return permissions.manage_guild or permissions.administrator
