"""Makes the text of a note as sent from the text as typed."""

from __future__ import annotations

import asyncio

import discord

from bot.notes.mentions import Names, mentioned_members, with_names
from bot.outbox import NoteRecord
from bot.timing import Timing

MOST_LOOK_UPS = 10  # how many members are looked up for one note


class NoteComposer:
    """The one place that decides what the CAD gets for what a member typed.

    As typed, a note is what `parse_note` returns: the outbox stores that first and finds
    repetitions by it. As sent, it has names in place of mention codes: that replaces it in the
    outbox before the note is queued, and is what the CAD and the note's message show.
    """

    def __init__(self, timing: Timing = Timing()) -> None:
        self._look_up_seconds = timing.look_up_names

    async def text_as_sent(self, record: NoteRecord, guild: discord.Guild) -> str:
        """Return the text to send for a record that has its text as typed.

        Roles and channels come from the cache. Members are not cached, so each is looked up once,
        all together within `Timing.look_up_names`; one not found in time becomes `@unknown`.
        """
        as_typed = record.note.text
        members = {record.member_id: record.member_name}
        wanted = [user_id for user_id in mentioned_members(as_typed) if user_id not in members]
        if wanted:
            members |= await self._look_up(guild, wanted[:MOST_LOOK_UPS])
        names = Names(
            members=members,
            roles={role.id: role.name for role in guild.roles},
            channels={channel.id: channel.name for channel in (*guild.channels, *guild.threads)},
        )
        return with_names(as_typed, names)

    async def _look_up(self, guild: discord.Guild, user_ids: list[int]) -> dict[int, str]:
        tasks = {user_id: asyncio.create_task(guild.fetch_member(user_id)) for user_id in user_ids}
        try:
            await asyncio.wait(tasks.values(), timeout=self._look_up_seconds)
        finally:
            for task in tasks.values():
                task.cancel()
            results = await asyncio.gather(*tasks.values(), return_exceptions=True)
        return {
            user_id: result.display_name
            for user_id, result in zip(tasks, results, strict=True)
            if isinstance(result, discord.Member)
        }
