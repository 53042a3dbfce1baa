"""A guild's log channel, to which every finished note is posted."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import dataclass, field

import discord

from bot.interactions.discord_answers import (
    UNKNOWN_CHANNEL,
    RouteDelays,
    Verdict,
    is_final,
    verdict_of,
    was_taken,
)
from bot.interactions.errors import DISCORD_FAILURES, UNREADABLE, Refusal
from bot.notes.entry_texts import log_entry
from bot.outbox import NoteRecord
from bot.settings import texts
from bot.settings.cache import SettingsCache
from bot.settings.problems import SettingProblem
from bot.timing import Timing

_log = logging.getLogger(__name__)


_THREADS = (
    discord.ChannelType.public_thread,
    discord.ChannelType.private_thread,
    discord.ChannelType.news_thread,
)
_SPOKEN = (discord.ChannelType.voice, discord.ChannelType.stage_voice)


def missing_permissions(
    permissions: discord.Permissions, kind: discord.ChannelType = discord.ChannelType.text
) -> list[str]:
    """Return the names of the permissions that are missing for posting in a channel of this kind.

    Threads, as the posts of a forum are, have a permission of their own, and channels for speech
    need Connect as well (Discord API docs, Threads and Permissions).
    """
    needed = ["view_channel", "send_messages"]
    if kind in _THREADS:
        needed[1] = "send_messages_in_threads"
    elif kind in _SPOKEN:
        needed.append("connect")
    return [texts.PERMISSIONS[name] for name in needed if not getattr(permissions, name)]


def check_channels_known(guild: discord.Guild) -> None:
    """Refuse with GUILD_NOT_READY until Discord has sent a guild's channels."""
    if not guild.channels:
        raise Refusal(SettingProblem.GUILD_NOT_READY)


def unwritable(channel: str, missing: list[str]) -> Refusal:
    """Return the refusal of a channel in which these permissions are missing."""
    return Refusal(SettingProblem.UNWRITABLE_CHANNEL, channel=channel, missing=missing)


@dataclass(eq=False, repr=False, slots=True)
class LogChannel:
    """Shows and changes guilds' log channels, and posts notes there; remembers failed posts."""

    settings: SettingsCache
    delays: RouteDelays
    timing: Timing
    _failed: dict[int, str] = field(default_factory=dict, init=False)

    def id_of(self, guild: discord.Guild) -> int | None:
        """Return the channel's id, None without one; refuses like `SettingsCache.of`."""
        return self.settings.of(guild.id).log_channel_id

    def name_of(self, guild: discord.Guild) -> str | None:
        """Return the channel's name, `deleted channel` if it was deleted, None without one."""
        channel_id = self.id_of(guild)
        if channel_id is None:
            return None
        channel = guild.get_channel(channel_id)
        return texts.DELETED_CHANNEL if channel is None else channel.name

    def gone(self, guild: discord.Guild) -> bool:
        """Whether the chosen channel was deleted; refuses like `SettingsCache.of`."""
        channel_id = self.id_of(guild)
        return channel_id is not None and guild.get_channel(channel_id) is None

    def trouble(self, guild: discord.Guild) -> str | None:
        """Return why notes cannot be posted now, or were not last time; None if they can."""
        failed = self._failed.get(guild.id)
        return self._missing(guild) or (failed and texts.AT_LAST_NOTE.format(trouble=failed))

    def unwritable(self, guild: discord.Guild) -> bool:
        """Whether the trouble is a permission that is missing."""
        return bool(self._missing(guild)) or self._failed.get(guild.id) == texts.NOT_ALLOWED

    def _missing(self, guild: discord.Guild) -> str | None:
        channel_id = self.id_of(guild)
        if channel_id is None or not guild.channels:
            return None
        channel = guild.get_channel(channel_id)
        if channel is None:
            return texts.CHANNEL_GONE
        missing = missing_permissions(channel.permissions_for(guild.me))
        return texts.LACKING.format(permissions=" and ".join(missing)) if missing else None

    async def choose(
        self, guild: discord.Guild, member_id: int, channel: discord.TextChannel
    ) -> None:
        """Choose the log channel, after posting a test message to it.

        Refuses with UNWRITABLE_CHANNEL when Callnote cannot post there, with CHANNEL_NOT_TRIED
        when Discord gives no answer that says so, and like `SettingsCache.change`.
        """
        self.settings.of(guild.id)
        missing = missing_permissions(channel.permissions_for(guild.me))
        if missing:
            raise unwritable(channel.name, missing)
        try:
            async with asyncio.timeout(self.timing.try_channel):
                await channel.send(texts.LOG_CHANNEL_TRIAL)
        except discord.HTTPException as error:
            if not is_final(error):
                raise Refusal(SettingProblem.CHANNEL_NOT_TRIED) from None
            missing = missing_permissions(channel.permissions_for(guild.me))
            raise unwritable(channel.name, missing or [texts.SEND_MESSAGES]) from None
        except (*DISCORD_FAILURES, *UNREADABLE):
            raise Refusal(SettingProblem.CHANNEL_NOT_TRIED) from None
        await self._save(guild, member_id, channel)

    async def switch_off(self, guild: discord.Guild, member_id: int) -> None:
        """Choose no log channel; refuses like `SettingsCache.change`."""
        await self._save(guild, member_id, None)

    async def _save(
        self, guild: discord.Guild, member_id: int, channel: discord.TextChannel | None
    ) -> None:
        channel_id, name = (None, None) if channel is None else (channel.id, channel.name)
        what = texts.log_channel_changed(name)
        await self.settings.set(guild.id, member_id, what, log_channel_id=channel_id)
        self._failed.pop(guild.id, None)

    async def post(self, client: discord.Client, record: NoteRecord) -> bool:
        """Post a note to its guild's log channel; returns False if it must be tried again.

        That is when Discord is unavailable. A guild without a log channel, or a post that Discord
        refuses, needs no retry; `status` shows the refusal. An entry that is refused for its
        content is posted without the text. Never raises for failures of Discord or the network.
        """
        if not self.settings.known:
            return False
        channel_id = self.settings.of(record.guild_id).log_channel_id
        if channel_id is None:
            return True
        if self.delays.left(RouteDelays.CHANNELS):
            return False
        channel = client.get_partial_messageable(channel_id, guild_id=record.guild_id)
        try:
            async with asyncio.timeout(self.timing.post):
                await self._send(channel, record)
        except discord.HTTPException as error:
            self.delays.record(RouteDelays.CHANNELS, error)
            return self._refused(record, error)
        except UNREADABLE as error:
            if not was_taken(error):
                self._remember_failure(record, texts.NO_ANSWER)
                return False
        except DISCORD_FAILURES:
            self._remember_failure(record, texts.NO_ANSWER)
            return False
        self._failed.pop(record.guild_id, None)
        return True

    async def _send(self, channel: discord.PartialMessageable, record: NoteRecord) -> None:
        """Send an entry, or else the one without the text; with its nonce it is one message."""
        nonce = f"log-{record.id:x}-{record.revision}"
        content = log_entry(record)
        try:
            await channel.send(content, suppress_embeds=True, nonce=nonce)
        except discord.HTTPException as error:
            if verdict_of(error) is not Verdict.CONTENT:
                raise
            plain = log_entry(record, with_text=False)
            message = await channel.send(plain, suppress_embeds=True, nonce=nonce)
            if error.status >= 500:  # perhaps Discord was out of order, not the text
                with contextlib.suppress(*DISCORD_FAILURES, *UNREADABLE):
                    await message.edit(content=content)

    def _refused(self, record: NoteRecord, error: discord.HTTPException) -> bool:
        """Remember why an entry was not posted; returns False if it must be tried again."""
        why = texts.ERROR_STATUS.format(status=error.status)
        if error.code == UNKNOWN_CHANNEL:
            why = texts.CHANNEL_GONE
        elif verdict_of(error) is Verdict.NO_ACCESS:
            why = texts.NOT_ALLOWED
        self._remember_failure(record, why)
        return is_final(error)

    def _remember_failure(self, record: NoteRecord, why: str) -> None:
        self._failed[record.guild_id] = why
        _log.warning("guild=%d note=%d not logged in Discord: %s", record.guild_id, record.id, why)
