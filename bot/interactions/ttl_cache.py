"""A cache of one value with a time to live and single flight."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from bot.timing import loop_time

_Answer = TypeVar("_Answer")


class TtlCache(Generic[_Answer]):
    """Caches the answer of `ask` for `seconds_for(answer)`.

    Callers that come while a request is in flight share its answer. An exception is raised to all
    of them and not cached.
    """

    def __init__(
        self,
        ask: Callable[[], Awaitable[_Answer]],
        *,
        seconds_for: Callable[[_Answer], float],
    ) -> None:
        self._ask = ask
        self._seconds_for = seconds_for
        self._asking: asyncio.Future[_Answer] | None = None
        self._answered_at = 0.0

    async def get(self, *, max_age: float = math.inf) -> _Answer:
        """Return the answer, at most `max_age` seconds old whatever `seconds_for` says.

        Cancelling one caller does not cancel the request of the others.
        """
        asking = self._asking
        if asking is None or self._outdated(asking, max_age):
            asking = self._asking = asyncio.ensure_future(self._ask_once())
        return await asyncio.shield(asking)

    async def _ask_once(self) -> _Answer:
        answer = await self._ask()
        self._answered_at = loop_time()
        return answer

    def _outdated(self, asking: asyncio.Future[_Answer], max_age: float) -> bool:
        if not asking.done():
            return False
        if asking.cancelled() or asking.exception() is not None:
            return True
        seconds = min(max_age, self._seconds_for(asking.result()))
        return loop_time() >= self._answered_at + seconds
