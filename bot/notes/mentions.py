"""Finds the names behind the mentions in a note."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import discord

from bot.notes.text import Names, mentioned_members, with_names

MOST_LOOK_UPS = 10
"""How many members are looked up for one note."""


async def named(
    note: str, guild: discord.Guild, known: Mapping[int, str], *, seconds: float
) -> str:
    """Return the note with names in place of mention codes; `known` has members' names by id.

    Roles and channels come from the cache. Members are not cached, so each is looked up once, all
    together within `seconds`; whoever is not found in time becomes `@unknown`.
    """
    members = dict(known)
    wanted = [user_id for user_id in mentioned_members(note) if user_id not in members]
    if wanted:
        members |= await _look_up(guild, wanted[:MOST_LOOK_UPS], seconds)
    return with_names(
        note,
        Names(
            members=members,
            roles={role.id: role.name for role in guild.roles},
            channels={channel.id: channel.name for channel in (*guild.channels, *guild.threads)},
        ),
    )


async def _look_up(guild: discord.Guild, user_ids: list[int], seconds: float) -> dict[int, str]:
    tasks = {user_id: asyncio.create_task(guild.fetch_member(user_id)) for user_id in user_ids}
    try:
        await asyncio.wait(tasks.values(), timeout=seconds)
    finally:
        for task in tasks.values():
            task.cancel()
        results = await asyncio.gather(*tasks.values(), return_exceptions=True)
    return {
        user_id: result.display_name
        for user_id, result in zip(tasks, results, strict=True)
        if isinstance(result, discord.Member)
    }
