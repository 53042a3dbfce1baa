"""Finds out how the CAD does, for `/callnote-config status` and for `python -m bot check`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from bot.interactions.ttl_cache import TtlCache
from bot.settings.cad_servers import CadServers
from bot.sonoran import (
    ApiVersion,
    CadServer,
    NoEffectError,
    Reason,
    SonoranClient,
    SonoranError,
)
from bot.timing import loop_time

PROBE_SECONDS = 5.0
"""How long each question to the CAD may take."""

REMEMBER_SECONDS = 60.0
"""How long the findings are good for; each kind of question may be asked 10 times a minute."""

FAILED_SECONDS = 10.0
"""The same when the CAD was not well, so that an administrator who mends it soon sees it."""

DOUBTED_SECONDS = 10.0
"""The same when the CAD did not take a note, which the findings may not show yet."""

_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class CadHealth:
    """What the CAD said when it was last asked.

    `milliseconds` is how long the first answer took. `error` is what came instead of a good
    answer. What was not found out is None; `community` is the id alone on version 1.
    """

    milliseconds: int
    error: SonoranError | None
    version: ApiVersion | None
    version_reason: str | None
    plan: str | None = None
    community: str | None = None
    servers: tuple[CadServer, ...] | None = None


class CadProbe:
    """Asks the CAD, at most once a minute for everybody together, and reads only.

    When something is not well it asks sooner, but never more often than every few seconds.
    """

    def __init__(
        self,
        cad: SonoranClient,
        servers: CadServers,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._cad = cad
        self._servers = servers
        self._findings = TtlCache(
            self._ask,
            seconds_for=lambda health: FAILED_SECONDS if health.error else REMEMBER_SECONDS,
            clock=clock,
        )

    async def health(self, *, doubted: bool = False) -> CadHealth:
        """Return how the CAD does; never raises for what the CAD or the network does.

        `doubted` tells that it did not take a note, so that only new findings will do.
        """
        return await self._findings.get(max_age=DOUBTED_SECONDS if doubted else REMEMBER_SECONDS)

    async def _ask(self) -> CadHealth:
        started = loop_time()
        error: SonoranError | None = None
        try:
            async with asyncio.timeout(PROBE_SECONDS):
                await self._cad.probe()
        except TimeoutError:
            error = NoEffectError(Reason.NO_ANSWER)
        except SonoranError as caught:
            error = caught
        milliseconds = round((loop_time() - started) * 1000)
        plan = community = servers = None
        if error is None:
            plan, community, servers = await asyncio.gather(
                _unless_late(self._cad.get_plan()),
                _unless_late(self._cad.get_community()),
                self._servers.get(),
            )
        return CadHealth(
            milliseconds=milliseconds,
            error=error,
            version=self._cad.api_version,
            version_reason=self._cad.api_version_reason,
            plan=plan,
            community=community,
            servers=servers,
        )


async def _unless_late(question: Awaitable[_Answer]) -> _Answer | None:
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            return await question
    except (SonoranError, TimeoutError):
        return None
