"""Probes communities' CADs, for `/callnote-config status` and for `python -m bot check`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from bot.idle_cache import IdleCache
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
    """The result of the last probe of a community's CAD; what is not known is None.

    `milliseconds` is how long the first answer took, `error` why the probe failed.
    `version_reason` is as in `SonoranClient`. On version 1 `community` is only the id.
    """

    milliseconds: int
    error: Failure | None
    version: ApiVersion | None
    version_reason: tuple[VersionSign, int] | None
    plan: str | None
    community: str | None
    servers: ServerList | None


class CadProbe:
    """Probes each CAD at most once a minute, or sooner after a failure, and caches the result.

    It only reads; each of its requests may be made 10 times a minute (v2 pages). `cad_for` returns
    a community's client; `servers` lists its servers as `CadServers.of_community` does.
    """

    def __init__(
        self,
        cad_for: Callable[[str], SonoranClient],
        servers: Callable[[str], Awaitable[ServerList | None]],
        *,
        timing: Timing,
    ) -> None:
        self._cad_for = cad_for
        self._servers = servers
        self._timing = timing
        self._findings = IdleCache(self._new_findings, timing.keep_idle_community)

    def _new_findings(self, key: tuple[str, int]) -> TtlCache[CadHealth]:
        timing = self._timing
        return TtlCache(
            partial(self._ask, key[0]),
            seconds_for=lambda health: (
                timing.keep_bad_news if health.error else timing.keep_good_news
            ),
        )

    async def health(
        self, community: str, *, doubted: bool = False, contradicted: float | None = None
    ) -> CadHealth:
        """Return how a CAD is; after a failure (`doubted`) only a recent result will do.

        `contradicted` is when, by the event loop's clock, the CAD refused the credentials of a
        note; a result from before that will not do.
        """
        age = self._timing.keep_bad_news if doubted else self._timing.keep_good_news
        if contradicted is not None:
            age = min(age, loop_time() - contradicted)
        key = community, self._cad_for(community).renewals  # what the old key met is no matter now
        return await self._findings.get(key).get(max_age=age)

    async def _ask(self, community: str) -> CadHealth:
        cad = self._cad_for(community)
        started = loop_time()
        error: Failure | None = None
        try:
            async with asyncio.timeout(self._timing.ask_cad):
                await cad.probe()
        except TimeoutError:
            error = Failure(FailureKind.NO_EFFECT, reason=Reason.NO_ANSWER)
        except SonoranError as caught:
            error = failure_of(caught)
        milliseconds = round((loop_time() - started) * 1000)
        plan = info = servers = None
        if error is None:
            plan, info, servers = await asyncio.gather(
                self._unless_late(cad.get_plan()),
                self._unless_late(cad.get_community()),
                self._servers(community),
            )
        return CadHealth(
            milliseconds=milliseconds,
            error=error,
            version=cad.api_version,
            version_reason=cad.api_version_reason,
            plan=plan,
            community=None if info is None else info.name,
            servers=servers,
        )

    async def _unless_late(self, question: Awaitable[_Answer]) -> _Answer | None:
        try:
            async with asyncio.timeout(self._timing.ask_cad):
                return await question
        except (SonoranError, TimeoutError):
            return None
