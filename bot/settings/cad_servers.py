"""The CAD's servers, and which of them a guild's notes go to."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Sequence

from bot.interactions.errors import Refusal
from bot.interactions.ttl_cache import TtlCache
from bot.settings.cache import SettingsCache
from bot.settings.problems import SettingProblem
from bot.settings.texts import server_changed
from bot.sonoran import CadServer, SonoranClient, SonoranError
from bot.timing import Timing

_NUMBER = re.compile(r"\s*#?([1-9][0-9]{0,8})\s*")


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
        self._soon = timing.await_calls
        self._list = TtlCache(
            self._ask,
            seconds_for=lambda servers: (
                timing.keep_bad_news if servers is None else timing.keep_good_news
            ),
        )

    async def list(self) -> tuple[CadServer, ...] | None:
        """Return the CAD's servers; None when the list cannot be loaded."""
        return await self._list.get()

    def current(self, guild_id: int) -> int:
        """Return the number of a guild's CAD server; refuses like `SettingsCache.of`."""
        return self._settings.server_id(guild_id)

    async def named(self, typed: str) -> CadServer | None:
        """Return the server that was typed by its number or its whole name, case aside.

        Any number is taken, as the CAD knows best. None for a name that is not in the list, or
        while that cannot be loaded within `timing.await_calls`.
        """
        number = number_typed(typed)
        if number is not None:
            return CadServer(number, "")
        name = typed.strip().casefold()
        named = (each for each in await self._listed_soon() if each.name.strip().casefold() == name)
        return next(named, None)

    async def matching(self, typed: str) -> Sequence[CadServer]:
        """Return the servers to suggest for what was typed; none where there is one alone."""
        servers = await self._listed_soon()
        if len(servers) < 2:
            return ()
        part = typed.strip().removeprefix("#").casefold()
        return [
            each
            for each in servers
            if str(each.server_id).startswith(part) or part in each.name.casefold()
        ]

    async def _listed_soon(self) -> tuple[CadServer, ...]:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._soon):
                return await self.list() or ()
        return ()

    async def choose(self, guild_id: int, member_id: int, number: int) -> str | None:
        """Choose a CAD server for a guild and return its name.

        Returns None if the number could not be checked, as the CAD's list cannot be loaded or is
        empty. Refuses with NO_SUCH_SERVER if it is not in the list, and like
        `SettingsCache.change`.
        """
        names = {server.server_id: server.name for server in await self.list() or ()}
        if names and number not in names:
            raise Refusal(SettingProblem.NO_SUCH_SERVER, number=number, servers=names)
        name = names.get(number)
        what = server_changed(number, name)
        await self._settings.set(guild_id, member_id, what, server_id=number)
        return name

    async def _ask(self) -> tuple[CadServer, ...] | None:
        try:
            async with asyncio.timeout(self._seconds):
                return await self._cad.get_servers()
        except (SonoranError, TimeoutError):
            return None


def number_typed(typed: object) -> int | None:
    """Return the number in `2` or `#2`, None for anything else that an option may hold."""
    found = _NUMBER.fullmatch(typed) if isinstance(typed, str) else None
    return None if found is None else int(found[1])
