"""Decides who may change Callnote's settings in a guild."""

from __future__ import annotations

import discord

from bot.interactions.errors import InteractionProblem, Refusal


def admit_administrator(interaction: discord.Interaction) -> discord.Guild:
    """Return the guild whose settings the member may change.

    Refuses with NOT_IN_GUILD outside a guild and with NOT_ADMINISTRATOR unless the member has
    Manage Server or Administrator there, by the interaction itself. That Discord showed them the
    command proves nothing, as each guild can change who sees it.
    """
    if interaction.guild is None or not isinstance(interaction.user, discord.Member):
        raise Refusal(InteractionProblem.NOT_IN_GUILD)
    if not is_administrator(interaction):
        raise Refusal(InteractionProblem.NOT_ADMINISTRATOR)
    return interaction.guild


def guild_of(interaction: discord.Interaction) -> discord.Guild:
    """Return an interaction's guild; refuses with NOT_IN_GUILD in a direct message."""
    if interaction.guild is None:
        raise Refusal(InteractionProblem.NOT_IN_GUILD)
    return interaction.guild


def is_administrator(interaction: discord.Interaction) -> bool:
    """Whether the interaction's user has Manage Server or Administrator in its guild."""
    permissions = interaction.permissions
    return permissions.manage_guild or permissions.administrator
