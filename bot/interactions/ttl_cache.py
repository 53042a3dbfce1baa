"""Remembers an answer for a while, so that many who ask cost one request."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from bot.timing import loop_time

_Answer = TypeVar("_Answer")


class TtlCache(Generic[_Answer]):
    """The answer of `ask`, given again for `seconds_for(answer)` without asking.

    Whoever asks while a question is under way waits for the same answer. What `ask` raises is
    raised to all of them and not remembered. `clock` gives seconds that only ever grow.
    """

    def __init__(
        self,
        ask: Callable[[], Awaitable[_Answer]],
        *,
        seconds_for: Callable[[_Answer], float],
        clock: Callable[[], float] = loop_time,
    ) -> None:
        self._ask = ask
        self._seconds_for = seconds_for
        self._clock = clock
        self._asking: asyncio.Future[_Answer] | None = None
        self._answered_at = 0.0

    async def get(self, *, max_age: float = math.inf) -> _Answer:
        """Return the answer; a caller that is cancelled leaves the question to the others.

        It is not older than `max_age` seconds, whatever `seconds_for` says.
        """
        asking = self._asking
        if asking is None or self._outdated(asking, max_age):
            asking = self._asking = asyncio.ensure_future(self._ask_once())
        return await asyncio.shield(asking)

    async def _ask_once(self) -> _Answer:
        answer = await self._ask()
        self._answered_at = self._clock()
        return answer

    def _outdated(self, asking: asyncio.Future[_Answer], max_age: float) -> bool:
        if not asking.done():
            return False
        if asking.cancelled() or asking.exception() is not None:
            return True
        seconds = min(max_age, self._seconds_for(asking.result()))
        return self._clock() >= self._answered_at + seconds
