"""The CAD's own list of its servers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from bot.interactions.ttl_cache import TtlCache
from bot.sonoran import CadServer, SonoranClient, SonoranError
from bot.timing import Timing, loop_time


class CadServerList:
    """Caches the list, as 10 reads a minute are allowed (v2 page, Get Servers)."""

    def __init__(
        self,
        cad: SonoranClient,
        *,
        clock: Callable[[], float] = loop_time,
        timing: Timing = Timing(),
    ) -> None:
        self._cad = cad
        self._seconds = timing.ask_cad
        self._list = TtlCache(
            self._ask,
            seconds_for=lambda servers: (
                timing.keep_bad_news if servers is None else timing.keep_good_news
            ),
            clock=clock,
        )

    async def get(self) -> tuple[CadServer, ...] | None:
        """Return the CAD's servers; None when the list cannot be loaded."""
        return await self._list.get()

    async def _ask(self) -> tuple[CadServer, ...] | None:
        try:
            async with asyncio.timeout(self._seconds):
                return await self._cad.get_servers()
        except (SonoranError, TimeoutError):
            return None
