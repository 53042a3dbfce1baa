"""Decides who may add notes."""

from __future__ import annotations

import discord

from bot.interactions.errors import Refusal
from bot.settings.cache import SettingsCache
from bot.settings.problems import SettingProblem


class Dispatchers:
    """Lets in the members who have one of the dispatcher roles, and nobody else."""

    def __init__(self, settings: SettingsCache) -> None:
        self._settings = settings

    def admit(self, interaction: discord.Interaction) -> discord.Member:
        """Return the member who used the command.

        Refuses with NOTE_OUTSIDE_GUILD, DISPATCHERS_UNKNOWN while nobody can tell which roles are
        meant, NO_DISPATCHER_ROLE when none of this guild is, and NOT_DISPATCHER or
        NOT_DISPATCHER_HERE when the member has none of them. Administrator rights and ownership
        count for nothing.
        """
        guild, member = interaction.guild, interaction.user
        if guild is None or not isinstance(member, discord.Member):
            raise Refusal(SettingProblem.NOTE_OUTSIDE_GUILD)
        if not self._settings.known:
            raise Refusal(SettingProblem.DISPATCHERS_UNKNOWN)
        # Only the host's list can have a role that a bot or an integration gives to whom it likes.
        role_ids = {
            role_id
            for role_id in self._settings.dispatcher_roles(guild.id)
            if (role := guild.get_role(role_id)) is None or not role.managed
        }
        # The ids from the interaction itself, for which there is no public name: `Member.roles`
        # knows only roles in the guild cache, which is empty until Discord has sent the guild.
        if any(member._roles.has(role_id) for role_id in role_ids):
            return member
        known = [role for role_id in role_ids if (role := guild.get_role(role_id))]
        if known:
            known.sort(key=lambda role: role.position, reverse=True)
            raise Refusal(SettingProblem.NOT_DISPATCHER, roles=[role.name for role in known])
        if role_ids and not guild.roles:
            raise Refusal(SettingProblem.NOT_DISPATCHER_HERE)
        raise Refusal(SettingProblem.NO_DISPATCHER_ROLE)
