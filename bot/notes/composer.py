"""Makes the text of a note as sent from the text as typed."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, tzinfo
from types import MappingProxyType
from typing import Any

import discord

from bot.notes.mentions import (
    Names,
    has_codes,
    has_times,
    mentioned_channels,
    mentioned_members,
    with_names,
)
from bot.notes.note_of_message import note_of
from bot.outbox import NoteRecord
from bot.timing import Timing

MOST_LOOK_UPS = 10  # how many members and channels are looked up for one note

_Fetch = Callable[[int], Coroutine[Any, Any, object]]
_NO_NAMES: Mapping[int, str] = MappingProxyType({})


@dataclass(eq=False, repr=False, slots=True)
class NoteComposer:
    """The one place that decides what the CAD gets for what a member typed.

    As typed, a note is what `parse_note` returns: the outbox stores that first and finds
    repetitions by it. As sent, it has words in place of Discord's codes, times in the zone that
    `time_zone` finds for its community: that replaces it in the outbox before the note is queued,
    and is what the CAD and the note's message show.

    That is done once, when the acknowledgement is known, and never to a text as sent: a note that
    is tried again, sent again or resumed has its text as sent already.
    """

    time_zone: Callable[[str], Awaitable[tzinfo]]
    timing: Timing

    async def text_as_sent(
        self,
        record: NoteRecord,
        guild: discord.Guild | None,
        channels: Mapping[int, str] = _NO_NAMES,
    ) -> str:
        """Return the text to send for a record that has its text as typed.

        Roles and channels come from the cache, and `channels` are further ones that are known.
        Members are not cached, nor are all threads: at most `MOST_LOOK_UPS` of these are looked up,
        all together within `Timing.look_up_names`; one not found becomes `@unknown` or `#unknown`,
        and so does every one of a guild that another process serves: `guild` is None then.
        """
        text = record.note.text
        if not has_codes(text):
            return text
        members = {record.member_id: record.member_name}
        known, roles = dict(channels), dict[int, str]()
        wanted: list[tuple[dict[int, str], _Fetch, int]] = []
        if guild is not None:
            roles = {role.id: role.name for role in guild.roles}
            listed = (*guild.channels, *guild.threads)
            known = {channel.id: channel.name for channel in listed} | known
            wanted = [
                *((members, guild.fetch_member, each) for each in mentioned_members(text)),
                *((known, guild.fetch_channel, each) for each in mentioned_channels(text)),
            ]
        unknown = [each for each in wanted if each[2] not in each[0]][:MOST_LOOK_UPS]
        zone, _ = await asyncio.gather(self._zone_for(record), self._look_up(unknown))
        names = Names(members=members, roles=roles, channels=known)
        return with_names(text, names, zone)

    async def _zone_for(self, record: NoteRecord) -> tzinfo:
        return await self.time_zone(record.community) if has_times(record.note.text) else UTC

    async def text_of(self, message: discord.Message, community: str) -> str:
        """Return the text of a note made of a message, as typed; see `note_of`.

        The zone is the community's, or UTC if it is not told within `Timing.await_zone`. Members
        that it mentions have the names that came with it; what is not known is left to
        `text_as_sent`.
        """
        zone: tzinfo = UTC
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.timing.await_zone):
                zone = await self.time_zone(community)
        guild = message.guild
        names = Names(members={user.id: user.display_name for user in message.mentions})
        if guild is not None:
            names = replace(
                names,
                roles={role.id: role.name for role in guild.roles},
                channels={each.id: each.name for each in (*guild.channels, *guild.threads)},
            )
        return note_of(message, zone, lambda text: with_names(text, names, zone, keep_unknown=True))

    async def _look_up(self, wanted: Sequence[tuple[dict[int, str], _Fetch, int]]) -> None:
        """Add to each dictionary the name that belongs to an id, as far as it is found in time."""
        if not wanted:
            return
        tasks = [asyncio.create_task(fetch(each)) for _, fetch, each in wanted]
        try:
            await asyncio.wait(tasks, timeout=self.timing.look_up_names)
        finally:
            for task in tasks:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
        for (names, _, each), result in zip(wanted, results, strict=True):
            if isinstance(result, discord.Member):
                names[each] = result.display_name
            elif isinstance(result, discord.abc.GuildChannel | discord.Thread):
                names[each] = result.name
