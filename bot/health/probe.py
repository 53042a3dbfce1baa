"""Probes the CAD, for `/callnote-config status` and for `python -m bot check`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from bot.interactions.ttl_cache import TtlCache
from bot.outbox import Failure, FailureKind, failure_of
from bot.sonoran import (
    ApiVersion,
    Reason,
    ServerList,
    SonoranClient,
    SonoranError,
    VersionSign,
)
from bot.timing import Timing, loop_time

_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class CadHealth:
    """The result of the last probe of the CAD; what is not known is None.

    `milliseconds` is how long the first answer took, `error` why the probe failed.
    `version_reason` is as in `SonoranClient`. On version 1 `community` is only the id.
    """

    milliseconds: int
    error: Failure | None
    version: ApiVersion | None
    version_reason: tuple[VersionSign, int] | None
    plan: str | None = None
    community: str | None = None
    servers: ServerList | None = None


class CadProbe:
    """Probes the CAD at most once a minute, or sooner after a failure, and caches the result.

    It only reads; each of its requests may be made 10 times a minute (v2 pages). `servers` lists
    the CAD's servers as `CadServers.list` does.
    """

    def __init__(
        self,
        cad: SonoranClient,
        servers: Callable[[], Awaitable[ServerList | None]],
        *,
        clock: Callable[[], float] = loop_time,
        timing: Timing = Timing(),
    ) -> None:
        self._cad = cad
        self._servers = servers
        self._timing = timing
        self._clock = clock
        self._findings = TtlCache(
            self._ask,
            seconds_for=lambda health: (
                timing.keep_bad_news if health.error else timing.keep_good_news
            ),
            clock=clock,
        )

    async def health(
        self, *, doubted: bool = False, contradicted: float | None = None
    ) -> CadHealth:
        """Return how the CAD is; after a failure (`doubted`) only a recent result will do.

        `contradicted` is when, by the event loop's clock, the CAD refused the credentials of a
        note; a result from before that will not do.
        """
        age = self._timing.keep_bad_news if doubted else self._timing.keep_good_news
        if contradicted is not None:
            age = min(age, self._clock() - contradicted)
        return await self._findings.get(max_age=age)

    async def _ask(self) -> CadHealth:
        started = loop_time()
        error: Failure | None = None
        try:
            async with asyncio.timeout(self._timing.ask_cad):
                await self._cad.probe()
        except TimeoutError:
            error = Failure(FailureKind.NO_EFFECT, reason=Reason.NO_ANSWER)
        except SonoranError as caught:
            error = failure_of(caught)
        milliseconds = round((loop_time() - started) * 1000)
        plan = community = servers = None
        if error is None:
            plan, community, servers = await asyncio.gather(
                self._unless_late(self._cad.get_plan()),
                self._unless_late(self._cad.get_community()),
                self._servers(),
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

    async def _unless_late(self, question: Awaitable[_Answer]) -> _Answer | None:
        try:
            async with asyncio.timeout(self._timing.ask_cad):
                return await question
        except (SonoranError, TimeoutError):
            return None
