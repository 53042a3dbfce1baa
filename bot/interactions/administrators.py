"""Decides who may change Callnote's settings in a server."""

from __future__ import annotations

import discord

from bot.interactions.errors import NotAdministratorError, NotInGuildError


def admit_administrator(interaction: discord.Interaction) -> discord.Guild:
    """Return the server whose settings the member may change.

    Raises `NotInGuildError` outside a server and `NotAdministratorError` unless the member has
    Manage Server or Administrator there. Discord says so in the interaction itself; which
    commands it shows to whom is the choice of whoever runs the server and proves nothing here.
    """
    if interaction.guild is None or not isinstance(interaction.user, discord.Member):
        raise NotInGuildError
    if not is_administrator(interaction):
        raise NotAdministratorError
    return interaction.guild


def is_administrator(interaction: discord.Interaction) -> bool:
    """Whether whoever caused the interaction has Manage Server or Administrator there."""
    permissions = interaction.permissions
    return permissions.manage_guild or permissions.administrator
