"""Who owns the bot's application in Discord: one account, or the members of a team."""

from __future__ import annotations

import asyncio

import discord

from bot.communities.problems import ConnectionProblem
from bot.interactions.errors import DISCORD_FAILURES, UNREADABLE, Refusal
from bot.interactions.ttl_cache import TtlCache
from bot.timing import Timing


class ApplicationOwners:
    """The application's owners, cached; `client` must be logged in before the first call."""

    def __init__(self, client: discord.Client, timing: Timing) -> None:
        self._client = client
        self._seconds = timing.ask_owners
        self._ids = TtlCache(self._ask, seconds_for=lambda _: timing.keep_owners)

    async def include(self, user_id: int) -> bool:
        """Whether an account is an owner, alone or in a team; refuses with OWNERS_UNKNOWN."""
        return user_id in await self._ids.get()

    async def _ask(self) -> frozenset[int]:
        try:
            async with asyncio.timeout(self._seconds):
                application = await self._client.application_info()
        except (*DISCORD_FAILURES, *UNREADABLE):
            raise Refusal(ConnectionProblem.OWNERS_UNKNOWN) from None
        team = application.team
        if team is None:
            return frozenset({application.owner.id})
        members = {
            member.id
            for member in team.members
            # Invited accounts are not members yet (Discord API docs, Teams).
            if member.membership_state is discord.TeamMembershipState.accepted
        }
        return frozenset(members | ({team.owner_id} if team.owner_id else set()))
