"""Tries credentials against the CAD before they are stored."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from bot.communities.problems import CredentialsProblem
from bot.communities.registry import Communities
from bot.interactions.errors import Refusal
from bot.interactions.markdown import one_line
from bot.outbox import HOST
from bot.sliding_window import SlidingWindow
from bot.sonoran import (
    ApiVersion,
    CommunityInfo,
    Credentials,
    CredentialsError,
    OutcomeUnknownError,
    RateLimitedError,
    Reason,
    SonoranClient,
    SonoranError,
)
from bot.timing import Timing

_LONGEST_NAME = 100  # characters of a community's name that are shown and recorded

TRIES_OF_GUILD = 5
"""How often a guild's administrators may try in ten minutes, as failed requests count toward a
blacklist of the API access (changelog of CAD 3.13.0), of the community or of this bot's address."""

TRIES = 30
"""How often those of all guilds may."""

_TEN_MINUTES = 600.0


@dataclass(frozen=True, slots=True)
class FoundCommunity:
    """The community that the CAD took credentials for: how it is named in code, and for people."""

    community: str
    name: str
    credentials: Credentials


@dataclass(eq=False, repr=False, slots=True)
class Trial:
    """Tries credentials, at most `TRIES_OF_GUILD` and `TRIES` times in this process.

    `new_client` is as for `Communities`. While a key is being tried, the log has it `redacted`.
    """

    communities: Communities
    new_client: Callable[[Credentials | None], SonoranClient]
    redacted: Callable[[str], AbstractContextManager[None]]
    timing: Timing
    _all: SlidingWindow = field(
        default_factory=lambda: SlidingWindow(TRIES, _TEN_MINUTES), init=False
    )
    _guilds: dict[int, SlidingWindow] = field(default_factory=dict, init=False)

    async def find(self, guild_id: int, community_id: str, api_key: str) -> FoundCommunity:
        """Return the community that the CAD takes these credentials for.

        `community_id` may be empty. Refuses with a `CredentialsProblem`, whose data never has what
        was entered.
        """
        if not self.communities.accepts_new:
            raise Refusal(CredentialsProblem.NOT_OFFERED)
        if not _is_word(api_key) or not (community_id == "" or _is_word(community_id)):
            raise Refusal(CredentialsProblem.MALFORMED)
        self._count(guild_id)
        with self.redacted(api_key):
            return await self._find(community_id, api_key)

    async def _find(self, community_id: str, api_key: str) -> FoundCommunity:
        client = self.new_client(Credentials(api_key, community_id))
        try:
            async with asyncio.timeout(self.timing.try_credentials):
                info = await self._ask(client)
        except CredentialsError as error:
            if error.reason is not None:
                raise Refusal(CredentialsProblem.CAD_TROUBLE, why=error.reason) from None
            if client.api_version is ApiVersion.V1 and not community_id:
                raise Refusal(CredentialsProblem.COMMUNITY_ID_NEEDED) from None
            problem = CredentialsProblem.KEY_REFUSED
            if _is_about_plan(error):
                problem = CredentialsProblem.PLAN_REFUSED
            said = "" if community_id and community_id in error.text else error.text
            raise Refusal(problem, status=error.status, said=said) from None
        except TimeoutError:
            raise Refusal(CredentialsProblem.CAD_TROUBLE, why=Reason.NO_ANSWER) from None
        except RateLimitedError:
            raise Refusal(CredentialsProblem.CAD_BUSY) from None
        except SonoranError as error:
            why = getattr(error, "reason", Reason.UNCLEAR_REPLY)
            raise Refusal(CredentialsProblem.CAD_TROUBLE, why=why) from None
        community = await self._community_of(info.community_id.casefold(), api_key)
        name = one_line(info.name)[:_LONGEST_NAME] or info.community_id
        return FoundCommunity(community, name, Credentials(api_key, info.community_id))

    async def _ask(self, client: SonoranClient) -> CommunityInfo:
        await client.probe()
        info = await client.get_community()
        if info is None or not _is_word(info.community_id):
            raise OutcomeUnknownError(Reason.UNCLEAR_REPLY)
        try:
            await client.get_calls(1)  # it needs the plan that notes need
        except SonoranError as error:
            if isinstance(error, CredentialsError) and _is_about_plan(error):
                raise
        return info

    async def _community_of(self, community: str, api_key: str) -> str:
        """Return what the community is called; refuses another key for the host's."""
        host = self.communities.host
        if host is None:
            return community
        if api_key == host.api_key:
            return HOST
        known = host.community_id
        if not known:
            try:
                async with asyncio.timeout(self.timing.try_credentials):
                    info = await self.communities.client(HOST).get_community()
            except (SonoranError, TimeoutError):
                info = None
            known = "" if info is None else info.community_id
        if known.casefold() == community:
            raise Refusal(CredentialsProblem.HOSTS_COMMUNITY)
        return community

    def _count(self, guild_id: int) -> None:
        """Count a try; refuses with TOO_MANY_TRIES, or OTHERS_TRIED, when it is one too many."""
        self._guilds = {each: tries for each, tries in self._guilds.items() if tries}
        tries = self._guilds.setdefault(guild_id, SlidingWindow(TRIES_OF_GUILD, _TEN_MINUTES))
        if tries.wait:
            raise Refusal(CredentialsProblem.TOO_MANY_TRIES)
        if not self._all.try_add():
            raise Refusal(CredentialsProblem.OTHERS_TRIED)
        tries.add()


def _is_about_plan(error: CredentialsError) -> bool:
    return error.status == 402 or error.text.upper().startswith("VERSION ")


def _is_word(text: str) -> bool:
    return text != "" and text.isascii() and text.isprintable() and " " not in text
