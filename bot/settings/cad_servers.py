"""The CAD's servers, and which of them a guild's notes go to."""

from __future__ import annotations

import asyncio

from bot.interactions.errors import Refusal
from bot.interactions.ttl_cache import TtlCache
from bot.settings.cache import SettingsCache
from bot.settings.problems import SettingProblem
from bot.settings.texts import server_changed
from bot.sonoran import ServerList, SonoranClient, SonoranError
from bot.timing import Timing


class CadServers:
    """Lists the CAD's servers, and lets a guild choose one.

    The list is cached, as 10 reads a minute are allowed (v2 page, Get Servers).
    """

    def __init__(
        self, settings: SettingsCache, cad: SonoranClient, *, timing: Timing = Timing()
    ) -> None:
        self._settings = settings
        self._cad = cad
        self._seconds = timing.ask_cad
        self._list = TtlCache(
            self._ask,
            seconds_for=lambda servers: (
                timing.keep_bad_news if servers is None else timing.keep_good_news
            ),
        )

    async def list(self) -> ServerList | None:
        """Return the CAD's servers; None when the list cannot be loaded."""
        return await self._list.get()

    def current(self, guild_id: int) -> int:
        """Return the number of a guild's CAD server; refuses like `SettingsCache.of`."""
        return self._settings.server_id(guild_id)

    async def choose(self, guild_id: int, member_id: int, number: int) -> str | None:
        """Choose a CAD server for a guild and return its name.

        Returns None if the number could not be checked, as the CAD's list cannot be loaded whole
        or is empty. Refuses with NO_SUCH_SERVER if it is not in the list, and like
        `SettingsCache.change`.
        """
        found = await self.list()
        names = {server.server_id: server.name for server in found.servers} if found else {}
        if names and found and found.whole and number not in names:
            raise Refusal(SettingProblem.NO_SUCH_SERVER, number=number, servers=names)
        name = names.get(number)
        what = server_changed(number, name)
        await self._settings.set(guild_id, member_id, what, server_id=number)
        return name

    async def _ask(self) -> ServerList | None:
        try:
            async with asyncio.timeout(self._seconds):
                return await self._cad.get_servers()
        except (SonoranError, TimeoutError):
            return None
