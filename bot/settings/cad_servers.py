"""The servers of a community's CAD, and which of them a guild's notes go to."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Callable, Sequence
from functools import partial

from bot.idle_cache import IdleCache
from bot.interactions.errors import Refusal
from bot.interactions.ttl_cache import TtlCache
from bot.settings.cache import SettingsCache
from bot.settings.problems import SettingProblem
from bot.settings.texts import server_changed
from bot.sonoran import CadServer, ServerList, SonoranClient, SonoranError
from bot.timing import Timing

_NUMBER = re.compile(r"\s*#?([1-9][0-9]{0,8})\s*")


class CadServers:
    """Lists the servers of communities' CADs, and lets a guild choose one of its own.

    `community_of` names the community of a guild, and refuses if it is not connected, as every
    method does then that reads a guild's list; `cad_for` returns a community's client. Each list is
    cached, as 10 reads a minute are allowed (v2 page, Get Servers).
    """

    def __init__(
        self,
        settings: SettingsCache,
        community_of: Callable[[int], str],
        cad_for: Callable[[str], SonoranClient],
        timing: Timing,
    ) -> None:
        self._settings = settings
        self._community_of = community_of
        self._cad_for = cad_for
        self._timing = timing
        self._lists = IdleCache(self._new_list, timing.keep_idle_community)

    def _new_list(self, key: tuple[str, int]) -> TtlCache[ServerList | None]:
        timing = self._timing
        return TtlCache(
            partial(self._ask, key[0]),
            seconds_for=lambda servers: (
                timing.keep_bad_news if servers is None else timing.keep_good_news
            ),
        )

    async def of_community(self, community: str) -> ServerList | None:
        """Return the servers of a community's CAD; None when the list cannot be loaded."""
        return await self._lists.get((community, self._cad_for(community).renewals)).get()

    async def list(self, guild_id: int) -> ServerList | None:
        """Return the servers of a guild's CAD; None when the list cannot be loaded."""
        return await self.of_community(self._community_of(guild_id))

    def current(self, guild_id: int) -> int:
        """Return the number of a guild's CAD server; refuses like `SettingsCache.of`."""
        return self._settings.server_id(guild_id)

    async def named(self, guild_id: int, typed: str) -> CadServer | None:
        """Return the server that was typed by its number or its whole name, case aside.

        Any number is taken, as the CAD knows best. None for a name that is not in the list, or
        while that cannot be loaded within `timing.await_calls`.
        """
        number = number_typed(typed)
        if number is not None:
            return CadServer(number, "")
        name = typed.strip().casefold()
        named = (
            each
            for each in await self._listed_soon(guild_id)
            if each.name.strip().casefold() == name
        )
        return next(named, None)

    async def matching(self, guild_id: int, typed: str) -> Sequence[CadServer]:
        """Return the servers to suggest for what was typed; none where there is one alone."""
        servers = await self._listed_soon(guild_id)
        if len(servers) < 2:
            return ()
        part = typed.strip().removeprefix("#").casefold()
        return [
            each
            for each in servers
            if str(each.server_id).startswith(part) or part in each.name.casefold()
        ]

    async def _listed_soon(self, guild_id: int) -> tuple[CadServer, ...]:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._timing.await_calls):
                found = await self.list(guild_id)
                return found.servers if found else ()
        return ()

    async def choose(self, guild_id: int, member_id: int, number: int) -> str | None:
        """Choose a CAD server for a guild and return its name.

        Returns None if the number could not be checked, as the CAD's list cannot be loaded whole
        or is empty. Refuses with NO_SUCH_SERVER if it is not in the list, and like
        `SettingsCache.change`. The list is that of the CAD which the guild has once it is read.
        """
        community = self._community_of(guild_id)
        found = await self.of_community(community)
        if community != self._community_of(guild_id):
            return await self.choose(guild_id, member_id, number)
        names = {server.server_id: server.name for server in found.servers} if found else {}
        if names and found and found.whole and number not in names:
            raise Refusal(SettingProblem.NO_SUCH_SERVER, number=number, servers=names)
        name = names.get(number)
        what = server_changed(number, name)
        await self._settings.set(guild_id, member_id, what, server_id=number)
        return name

    async def _ask(self, community: str) -> ServerList | None:
        try:
            async with asyncio.timeout(self._timing.ask_cad):
                return await self._cad_for(community).get_servers()
        except (SonoranError, TimeoutError):
            return None


def number_typed(typed: object) -> int | None:
    """Return the number in `2` or `#2`, None for anything else that an option may hold."""
    found = _NUMBER.fullmatch(typed) if isinstance(typed, str) else None
    return None if found is None else int(found[1])
