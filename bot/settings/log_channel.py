"""The channel in which a server's notes are recorded, as its administrators choose it."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import aiohttp
import discord

from bot.interactions.errors import ChannelNotTriedError, UnwritableChannelError
from bot.settings.cache import SettingsCache
from bot.settings.texts import log_channel_trial

TRIAL_SECONDS = 8.0
"""How long Discord may take to accept the line that proves a channel writable."""

_NEEDED = {"view_channel": "View Channel", "send_messages": "Send Messages"}
"""What recording takes, by discord.py's names and by those of Discord's own menus."""


def missing_permissions(permissions: discord.Permissions) -> list[str]:
    """Return the names of the permissions that recording notes takes and that are not there."""
    return [shown for name, shown in _NEEDED.items() if not getattr(permissions, name)]


class LogChannel:
    """Shows and changes a server's log channel."""

    def __init__(self, settings: SettingsCache) -> None:
        self._settings = settings

    def id_of(self, guild: discord.Guild) -> int | None:
        """Return the channel's id, None for no recording; raises `SettingsUnknownError`."""
        return self._settings.of(guild.id).log_channel_id

    def name_of(self, guild: discord.Guild) -> str | None:
        """Return the channel's name, `deleted channel` for one that is gone; None for none."""
        channel_id = self.id_of(guild)
        if channel_id is None:
            return None
        channel = guild.get_channel(channel_id)
        return "deleted channel" if channel is None else channel.name

    def gone(self, guild: discord.Guild) -> bool:
        """Whether there was a channel that was deleted since; raises `SettingsUnknownError`."""
        channel_id = self.id_of(guild)
        return channel_id is not None and guild.get_channel(channel_id) is None

    def trouble(self, guild: discord.Guild) -> str | None:
        """Return why notes cannot be recorded in the chosen channel just now; None if they can."""
        channel_id = self.id_of(guild)
        if channel_id is None or not guild.channels:
            return None
        channel = guild.get_channel(channel_id)
        if channel is None:
            return "the channel is gone"
        missing = missing_permissions(channel.permissions_for(guild.me))
        if missing:
            return f"Callnote lacks {' and '.join(missing)} there"
        return None

    async def choose(
        self, guild: discord.Guild, member_id: int, channel: discord.TextChannel
    ) -> None:
        """Record notes in this channel from now on, after writing one line there.

        Raises `UnwritableChannelError` with the missing permissions when Callnote cannot write
        there, `ChannelNotTriedError` when Discord does not say, and as `SettingsCache.change`
        does when the choice cannot be saved.
        """
        self._settings.of(guild.id)
        missing = missing_permissions(channel.permissions_for(guild.me))
        if missing:
            raise UnwritableChannelError(channel.name, missing)
        try:
            async with asyncio.timeout(TRIAL_SECONDS):
                await channel.send(log_channel_trial())
        except (discord.Forbidden, discord.NotFound):
            missing = missing_permissions(channel.permissions_for(guild.me))
            raise UnwritableChannelError(channel.name, missing or ["Send Messages"]) from None
        except (discord.DiscordException, aiohttp.ClientError, OSError):
            raise ChannelNotTriedError from None
        await self._save(guild, member_id, channel.id, f"log channel: #{channel.name}")

    async def switch_off(self, guild: discord.Guild, member_id: int) -> None:
        """Record notes nowhere; raises as `SettingsCache.change` does."""
        await self._save(guild, member_id, None, "log channel: none")

    async def _save(
        self, guild: discord.Guild, member_id: int, channel_id: int | None, what: str
    ) -> None:
        await self._settings.change(
            guild.id,
            member_id,
            lambda settings: replace(settings, log_channel_id=channel_id),
            lambda _, __: what,
        )
