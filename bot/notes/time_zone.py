"""The zone in which the CAD gets the times in notes."""

from __future__ import annotations

import asyncio
import logging
import math
from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo

from bot.interactions.ttl_cache import TtlCache
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


class CommunityTimeZone:
    """The zone that the host `chose`, else the community's, else UTC."""

    def __init__(self, cad: SonoranClient, chosen: tzinfo | None, timing: Timing) -> None:
        self._cad = cad
        self._chosen = chosen
        self._seconds = timing.look_up_names
        self._asked = TtlCache(
            self._ask,
            seconds_for=lambda zone: math.inf if zone is not None else timing.keep_bad_news,
        )

    async def get(self) -> tzinfo:
        """Return the zone; the CAD is asked, if need be, until it has told the community's."""
        return self._chosen or await self._asked.get() or UTC

    async def _ask(self) -> tzinfo | None:
        """Return the community's zone, UTC if it has none that is known, None without an answer.

        In which form the CAD names it, no source says (v2 page, Get Info).
        """
        try:
            async with asyncio.timeout(self._seconds):
                name = await self._cad.get_time_zone()
        except (SonoranError, TimeoutError):
            return None
        try:
            return UTC if name is None else zone_named(name)
        except ValueError:
            _log.warning(
                "times in notes are in UTC: no time zone is named %r", (name or "")[:_SHOWN]
            )
            return UTC
