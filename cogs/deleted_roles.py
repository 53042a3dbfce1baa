"""Removes roles that were deleted in Discord from the dispatcher roles."""

from __future__ import annotations

import logging
from collections.abc import Awaitable

import discord
from discord.ext import commands

from bot.interactions.errors import Refusal
from bot.settings.cache import SettingsCache
from bot.settings.dispatcher_roles import DispatcherRoles

_log = logging.getLogger(__name__)


class DeletedRoles(commands.Cog):
    """Listens for deleted roles, and finds those that were deleted while the bot was offline."""

    def __init__(self, choice: DispatcherRoles, settings: SettingsCache) -> None:
        self._choice = choice
        self._settings = settings

    @commands.Cog.listener()
    async def on_guild_role_delete(self, role: discord.Role) -> None:
        """Remove a role when it is deleted."""
        await self._settings.loaded()
        await self._try(role.guild, self._choice.forget(role.guild, role))

    @commands.Cog.listener()
    async def on_guild_available(self, guild: discord.Guild) -> None:
        """Remove the roles that were deleted while the bot was offline."""
        await self._settings.loaded()
        await self._try(guild, self._choice.forget_missing(guild))

    async def _try(self, guild: discord.Guild, forgetting: Awaitable[None]) -> None:
        try:
            await forgetting
        except Refusal as error:
            # Nobody has a deleted role, so this can wait for the next start.
            _log.warning("guild=%d deleted role not removed: %s", guild.id, error)
