"""The notes that cannot be shown because the bot lacks a permission in their channel."""

from __future__ import annotations

import discord

from bot.outbox import RETRY_SECONDS, NoteRecord, NoteState
from bot.timing import loop_time


class HiddenNotes:
    """Notes kept for a day, until the bot gets the permission back.

    `permission_changes` counts how often permissions may have changed.
    """

    def __init__(self) -> None:
        self.permission_changes = 0
        self._notes: dict[int, tuple[float, NoteRecord]] = {}

    def add(self, record: NoteRecord) -> None:
        """Keep a note."""
        self._notes[record.id] = (loop_time(), record)

    def discard(self, note_id: int) -> None:
        """Forget a note."""
        self._notes.pop(note_id, None)

    def visible_again(self, guild: discord.Guild) -> list[NoteRecord]:
        """Return the notes in channels of a guild that the bot can see now.

        Notes of more than a day ago are forgotten; one that was never acknowledged is returned
        once more.
        """
        self.permission_changes += 1
        visible = []
        for since, record in list(self._notes.values()):
            if loop_time() - since > RETRY_SECONDS:
                self.discard(record.id)
                if record.state is NoteState.RECEIVED:
                    visible.append(record)
            elif record.guild_id == guild.id and _may_be_visible(guild, record.channel_id):
                visible.append(record)
        return visible


def _may_be_visible(guild: discord.Guild, channel_id: int) -> bool:
    """Whether the bot can see a channel or thread, as far as is known."""
    channel = guild.get_channel_or_thread(channel_id)
    if isinstance(channel, discord.Thread):
        channel = channel.parent
    return channel is None or channel.permissions_for(guild.me).view_channel
