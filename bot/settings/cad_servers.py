"""The CAD's own list of servers, for whoever has to choose one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from bot.interactions.ttl_cache import TtlCache
from bot.sonoran import CadServer, SonoranClient, SonoranError

LIST_SECONDS = 5.0
"""How long the CAD may take to give its list."""

REMEMBER_SECONDS = 60.0
"""How long a list is good for: its request is limited to 10 a minute (v2 page, Get Servers)."""

FAILED_SECONDS = 10.0
"""How long nobody asks again after the list could not be had."""


class CadServers:
    """The list, asked for at most once a minute for everybody together."""

    def __init__(self, cad: SonoranClient, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._cad = cad
        self._list = TtlCache(
            self._ask,
            seconds_for=lambda servers: FAILED_SECONDS if servers is None else REMEMBER_SECONDS,
            clock=clock,
        )

    async def get(self) -> tuple[CadServer, ...] | None:
        """Return the CAD's servers; None when the list cannot be had within `LIST_SECONDS`."""
        return await self._list.get()

    async def name_of(self, number: int) -> str | None:
        """Return a server's name; None when it is not in the list or there is no list."""
        servers = await self.get() or ()
        return next((server.name for server in servers if server.server_id == number), None)

    async def _ask(self) -> tuple[CadServer, ...] | None:
        try:
            async with asyncio.timeout(LIST_SECONDS):
                return await self._cad.get_servers()
        except (SonoranError, TimeoutError):
            return None
