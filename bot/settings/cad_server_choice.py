"""Which CAD server a guild's notes go to, as its administrators choose it."""

from __future__ import annotations

from bot.interactions.errors import Refusal
from bot.settings.cache import SettingsCache
from bot.settings.cad_server_list import CadServerList
from bot.settings.problems import SettingProblem
from bot.settings.texts import server_changed
from bot.sonoran import CadServer


class CadServerChoice:
    """Shows and changes a guild's CAD server."""

    def __init__(self, settings: SettingsCache, servers: CadServerList) -> None:
        self._settings = settings
        self._servers = servers

    def current(self, guild_id: int) -> int:
        """Return the number of the guild's CAD server; refuses like `SettingsCache.of`."""
        return self._settings.server_id(guild_id)

    async def servers(self) -> tuple[CadServer, ...] | None:
        """Return the CAD's servers; None when the list cannot be loaded."""
        return await self._servers.get()

    async def choose(self, guild_id: int, member_id: int, number: int) -> str | None:
        """Choose a CAD server and return its name.

        Returns None if the number could not be checked, as the CAD's list cannot be loaded or is
        empty. Refuses with NO_SUCH_SERVER if it is not in the list, and like
        `SettingsCache.change`.
        """
        servers = await self._servers.get()
        names = {server.server_id: server.name for server in servers or ()}
        if names and number not in names:
            raise Refusal(SettingProblem.NO_SUCH_SERVER, number=number, servers=names)
        name = names.get(number)
        what = server_changed(number, name)
        await self._settings.set(guild_id, member_id, what, server_id=number)
        return name
