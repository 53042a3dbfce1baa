"""When a session with Discord may be started, over all clients of the process."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.timing import Timing, doubled, loop_time

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Start:
    """A shard's last IDENTIFY, and how many before it followed one another too soon."""

    at: float
    short: int = 0


class SessionStarts:
    """Spaces the IDENTIFYs out.

    Discord allows 1,000 in 24 hours, and resets the token after that (Discord API docs, Gateway,
    "Identifying"). The time between a shard's IDENTIFYs doubles with every session that was
    followed by another within `timing.steady_session`.
    """

    def __init__(self, timing: Timing) -> None:
        self._timing = timing
        self._starts: dict[int, _Start] = {}
        self._turn = asyncio.Lock()

    @contextlib.asynccontextmanager
    async def turn(
        self, shard_id: int, limits: Callable[[], Awaitable[Mapping[str, Any]]]
    ) -> AsyncIterator[None]:
        """Wait until a shard may identify, and keep others from it until the block ends.

        `limits` asks Discord for its `session_start_limit` ("Get Gateway Bot"); what it raises is
        raised here.
        """
        await self._until(self._due(shard_id), shard_id)
        async with self._turn:
            last = max((start.at for start in self._starts.values()), default=None)
            if last is not None:
                await self._until(last + self._timing.identify_again, shard_id)
            await self._left(limits)
            yield

    def record(self, shard_id: int) -> None:
        """Note that a shard identifies now."""
        now = loop_time()
        last = self._starts.get(shard_id)
        steady = last is None or now - last.at >= self._timing.steady_session
        self._starts[shard_id] = _Start(now, 0 if last is None or steady else last.short + 1)

    def _due(self, shard_id: int) -> float:
        start = self._starts.get(shard_id)
        if start is None:
            return 0.0
        timing = self._timing
        return start.at + doubled(timing.identify_again, start.short, timing.longest_identify)

    async def _until(self, due: float, shard_id: int) -> None:
        if (pause := due - loop_time()) > 0:
            _log.info("shard %d: a new session is started in %.2g s", shard_id, pause)
            await asyncio.sleep(pause)

    async def _left(self, limits: Callable[[], Awaitable[Mapping[str, Any]]]) -> None:
        """Wait until Discord has a session start left for this bot."""
        while True:
            limit = await limits()
            if limit.get("remaining", 1) > 0:
                return
            pause = min(limit.get("reset_after", 0) / 1000, self._timing.ask_starts_again)
            _log.error(
                "Discord allows no further session today, so none is started; asking again in %g s",
                pause,
            )
            await asyncio.sleep(pause)
