"""Takes roles that were deleted in Discord off the list of dispatcher roles."""

from __future__ import annotations

import logging
from collections.abc import Awaitable

import discord
from discord.ext import commands

from bot.interactions.errors import Refusal
from bot.settings.cache import SettingsCache
from bot.settings.roles import DispatcherRoles

_log = logging.getLogger(__name__)


class DeletedRoles(commands.Cog):
    """Listens for deleted roles, and looks for those that were deleted unheard."""

    def __init__(self, choice: DispatcherRoles, settings: SettingsCache) -> None:
        self._choice = choice
        self._settings = settings

    @commands.Cog.listener()
    async def on_guild_role_delete(self, role: discord.Role) -> None:
        """Forget a role the moment it is gone."""
        await self._settings.loaded()
        await self._try(role.guild, self._choice.forget(role.guild, role))

    @commands.Cog.listener()
    async def on_guild_available(self, guild: discord.Guild) -> None:
        """Forget the roles that were deleted while nobody listened."""
        await self._settings.loaded()
        await self._try(guild, self._choice.forget_missing(guild))

    async def _try(self, guild: discord.Guild, forgetting: Awaitable[None]) -> None:
        try:
            await forgetting
        except Refusal as error:
            # Nobody has a role that does not exist, so this can wait for the next start.
            _log.warning("guild=%d deleted role not taken off the list: %s", guild.id, error)
