"""The live calls of a guild's CAD server, for those who may add notes to them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import discord
from discord import app_commands

from bot.calls.live_calls import LiveCalls, LiveList
from bot.calls.recent_calls import RecentCalls
from bot.calls.texts import call_label
from bot.interactions.errors import Refusal
from bot.outbox import NoteRecord
from bot.settings.cache import SettingsCache
from bot.settings.dispatchers import Dispatchers
from bot.sonoran import DispatchCall
from bot.storage import StorageError
from bot.timing import Timing, loop_time

MOST_CHOICES = 25
"""Suggestions at most (Discord API docs, Application Commands, Autocomplete)."""

_LAST_NOTES = 100  # by which calls are ordered after a start

_History = Callable[[int, int], Awaitable[Sequence[NoteRecord]]]


@dataclass(eq=False, repr=False, slots=True)
class GuildCalls:
    """Finds live calls for the members of guilds, those first that they are likely to mean.

    `community_of` names a guild's community, and refuses if it is not connected, as `get` and
    `find` do then; `history` gives a guild's latest notes, as many as its second argument says, the
    newest first.
    """

    live: LiveCalls
    settings: SettingsCache
    dispatchers: Dispatchers
    community_of: Callable[[int], str]
    history: _History
    timing: Timing
    _recent: RecentCalls = field(default_factory=RecentCalls, init=False)
    _remembering: dict[int, asyncio.Task[None]] = field(default_factory=dict, init=False)

    async def get(self, guild_id: int, server_id: int) -> LiveList | None:
        """Return the live calls of one of a guild's CAD servers, as `LiveCalls.lately` does."""
        return await self.live.lately(self.community_of(guild_id), server_id)

    async def find(
        self,
        member: discord.Member,
        channel_id: int,
        typed: str = "",
        *,
        server_id: int | None = None,
        first: Sequence[int] = (),
        limit: int = MOST_CHOICES,
    ) -> tuple[LiveList | None, list[DispatchCall]]:
        """Return the live calls of a member's guild, as `get`, and those that match what was typed.

        They are those of the guild's own CAD server unless `server_id` names one. See
        `CallIndex.search`; first come the calls with the ids `first`, then those that the member
        used last, then those of the channel. Refuses like `SettingsCache.of`.
        """
        guild_id = member.guild.id
        server = self.settings.server_id(guild_id) if server_id is None else server_id
        remembered = self._remember(guild_id)
        until = loop_time() + self.timing.await_calls
        calls = await self.get(guild_id, server)
        if calls is None:
            return None, []
        if not remembered.done():
            await asyncio.wait({remembered}, timeout=max(0.0, until - loop_time()))
        recent = self._recent.of(
            guild_id, member_id=member.id, channel_id=channel_id, server_id=server
        )
        order = list(dict.fromkeys([*first, *recent]))
        return calls, calls.index.search(typed, order, limit)

    async def suggest(
        self, interaction: discord.Interaction[Any], typed: str, server_id: int | None = None
    ) -> list[app_commands.Choice[str]]:
        """Return what to suggest for a call's number; nothing to those who may not add notes.

        Nothing either while the guild is not connected. Never raises for trouble at the CAD.
        """
        try:
            member = self.dispatchers.admit(interaction)
            calls, found = await self.find(
                member, interaction.channel_id or 0, typed, server_id=server_id
            )
        except Refusal:
            return []
        if calls is None:
            return []
        age = calls.told_age
        return [
            app_commands.Choice(
                name=call_label(call, age=age) if age else calls.label(call),
                value=str(call.call_id),
            )
            for call in found
        ]

    def used(self, record: NoteRecord) -> None:
        """Remember to which call a note was sent, by whom and from where."""
        self._recent.used(record)

    def _remember(self, guild_id: int) -> asyncio.Task[None]:
        """Return the task that learns, once for each guild, which calls were used last."""
        task = self._remembering.get(guild_id)
        if task is None:
            task = self._remembering[guild_id] = asyncio.create_task(self._learn(guild_id))
        return task

    async def _learn(self, guild_id: int) -> None:
        try:
            records = await self.history(guild_id, _LAST_NOTES)
        except StorageError:
            return  # it only decides about the order
        for record in records:
            self._recent.used(record, before=True)
