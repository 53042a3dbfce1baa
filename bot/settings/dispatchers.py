"""Decides who may add notes."""

from __future__ import annotations

import discord

from bot.interactions.errors import Refusal
from bot.settings.cache import SettingsCache
from bot.settings.problems import SettingProblem


class Dispatchers:
    """Admits the members who have a dispatcher role, and nobody else."""

    def __init__(self, settings: SettingsCache) -> None:
        self._settings = settings

    def admit(self, interaction: discord.Interaction) -> discord.Member:
        """Return the member who caused the interaction.

        Refuses with NOTE_OUTSIDE_GUILD, with DISPATCHERS_UNKNOWN until the settings have been read,
        with NO_DISPATCHER_ROLE when this guild has none, and with NOT_DISPATCHER or
        NOT_DISPATCHER_HERE when the member has none of them. Being an administrator or the owner
        makes no difference.
        """
        guild, member = interaction.guild, interaction.user
        if guild is None or not isinstance(member, discord.Member):
            raise Refusal(SettingProblem.NOTE_OUTSIDE_GUILD)
        if not self._settings.known:
            raise Refusal(SettingProblem.DISPATCHERS_UNKNOWN)
        # Only the host's list can contain @everyone, which has the guild's id and which no member
        # has in the interaction, and managed roles, which a bot or an integration assigns.
        role_ids = {
            role_id
            for role_id in self._settings.dispatcher_roles(guild.id) - {guild.id}
            if (role := guild.get_role(role_id)) is None or not role.managed
        }
        # The role ids in the interaction itself, which have no public name: `Member.roles` has only
        # the roles in the guild cache, which is empty until Discord has sent the guild.
        if any(member._roles.has(role_id) for role_id in role_ids):
            return member
        known = [role for role_id in role_ids if (role := guild.get_role(role_id))]
        if known:
            known.sort(key=lambda role: role.position, reverse=True)
            raise Refusal(SettingProblem.NOT_DISPATCHER, roles=[role.name for role in known])
        if role_ids and not guild.roles:
            raise Refusal(SettingProblem.NOT_DISPATCHER_HERE)
        raise Refusal(SettingProblem.NO_DISPATCHER_ROLE)
