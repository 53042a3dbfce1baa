"""Records every finished note in the channel that its server's administrators chose."""

from __future__ import annotations

import asyncio
import logging

import aiohttp
import discord

from bot.interactions.errors import SettingsUnknownError
from bot.notes.record_lines import log_entry
from bot.outbox import NoteRecord
from bot.settings.cache import SettingsCache

POST_SECONDS = 15.0
"""How long Discord may take to accept an entry."""

_log = logging.getLogger(__name__)


class NoteLog:
    """Posts notes to log channels, and remembers where that last failed and why."""

    def __init__(self, settings: SettingsCache) -> None:
        self._settings = settings
        self._failed: dict[int, str] = {}

    async def post(self, client: discord.Client, record: NoteRecord) -> bool:
        """Record a note; returns whether that is done with.

        Also done with is a note of a server without a log channel, and one that Discord refuses
        to show there: the administrators learn of it in `status`. Not done with is one that
        Discord could not take just now. Never raises for what Discord or the network does.
        """
        try:
            channel_id = self._settings.of(record.guild_id).log_channel_id
        except SettingsUnknownError:
            return False
        if channel_id is None:
            return True
        channel = client.get_partial_messageable(channel_id, guild_id=record.guild_id)
        try:
            async with asyncio.timeout(POST_SECONDS):
                await channel.send(log_entry(record), suppress_embeds=True)
        except ValueError:
            pass  # Discord took it and described the message in a way that could not be read
        except discord.NotFound:
            return self._note_failure(record, "the channel is gone")
        except discord.Forbidden:
            return self._note_failure(record, "Discord did not let Callnote write there")
        except discord.HTTPException as error:
            self._note_failure(record, f"Discord answered with status {error.status}")
            return error.status < 500 and error.status != 429
        except (discord.DiscordException, aiohttp.ClientError, OSError):
            self._note_failure(record, "Discord did not answer")
            return False
        self._failed.pop(record.guild_id, None)
        return True

    def trouble(self, guild_id: int) -> str | None:
        """Return why the last entry of a server was not posted; None when it was."""
        why = self._failed.get(guild_id)
        return None if why is None else f"at the last note, {why}"

    def forget(self, guild_id: int) -> None:
        """Forget a failure, as there is another channel now."""
        self._failed.pop(guild_id, None)

    def _note_failure(self, record: NoteRecord, why: str) -> bool:
        self._failed[record.guild_id] = why
        _log.warning("guild=%d note=%d not recorded: %s", record.guild_id, record.id, why)
        return True
