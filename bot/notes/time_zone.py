"""The zone in which the CAD gets the times in notes."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable
from datetime import UTC, tzinfo
from functools import partial
from zoneinfo import ZoneInfo

from bot.idle_cache import IdleCache
from bot.interactions.ttl_cache import TtlCache
from bot.outbox import HOST
from bot.sonoran import SonoranClient, SonoranError
from bot.timing import Timing

_SHOWN = 60  # characters of a name that is none, for the log

_log = logging.getLogger(__name__)


def zone_named(name: str) -> tzinfo:
    """Return the zone with a name of the tz database; raises `ValueError` if it has none such."""
    if name.upper() == "UTC":
        return UTC  # known also where there is no database of time zones
    try:
        return ZoneInfo(name)
    except (LookupError, OSError, ValueError):  # OSError for a folder of them, such as America
        raise ValueError(name) from None


class TimeZones:
    """The zone of each community; `cad_for` returns its client.

    That of the host's is the one that the host has `chosen`, if any.
    """

    def __init__(
        self, cad_for: Callable[[str], SonoranClient], chosen: tzinfo | None, timing: Timing
    ) -> None:
        self._cad_for = cad_for
        self._chosen = chosen
        self._timing = timing
        self._asked = IdleCache(self._new_cache, timing.keep_idle_community)

    def _new_cache(self, community: str) -> TtlCache[tuple[tzinfo, float]]:
        return TtlCache(partial(self._ask, community), seconds_for=lambda told: told[1])

    async def of(self, community: str) -> tzinfo:
        """Return a zone, UTC while it is not known.

        The CAD is asked, if need be, until it has told the community's.
        """
        if community == HOST and self._chosen is not None:
            return self._chosen
        zone, _ = await self._asked.get(community).get()
        return zone

    async def _ask(self, community: str) -> tuple[tzinfo, float]:
        """Return the community's zone, UTC for one that is not known, and for how long it holds.

        In which form the CAD names it, no source says (v2 page, Get Info).
        """
        try:
            async with asyncio.timeout(self._timing.look_up_names):
                found = await self._cad_for(community).get_community()
        except (SonoranError, TimeoutError):
            return UTC, self._timing.keep_bad_news
        if found is None or not found.time_zone:
            return UTC, self._timing.keep_good_news
        try:
            return zone_named(found.time_zone), math.inf
        except ValueError:
            name = found.time_zone[:_SHOWN]
            _log.warning("times in notes are in UTC: no time zone is named %r", name)
            return UTC, math.inf
