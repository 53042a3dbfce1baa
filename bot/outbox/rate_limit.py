"""How fast notes may follow each other."""

from __future__ import annotations

import asyncio

from bot.sliding_window import SlidingWindow
from bot.timing import loop_time


class RateLimiter:
    """Lets notes go at `per_minute`, up to `burst` of them at once after a quiet time.

    Version 2 allows 60 notes in a minute per key (page add-call-note), version 1 asks for at most
    one request a second over longer periods (page api-integration). Two rules together keep to
    both: a bucket that is refilled evenly, and never more than `per_minute` in any minute.
    """

    def __init__(self, per_minute: int, burst: int) -> None:
        self._window = SlidingWindow(per_minute, 60.0)
        # The bucket holds `burst` notes, and one is in it as soon as it will be full again within
        # the time that refilling the others takes.
        self._refill = 60.0 / per_minute
        self._refill_others = (min(burst, per_minute) - 1) * self._refill
        self._full_at = 0.0  # by the event loop's clock

    @property
    def used(self) -> int:
        """How many notes went in the last minute."""
        return len(self._window)

    async def free(self) -> None:
        """Wait until one more note may be sent."""
        while (seconds := self._wait()) > 0.0:  # noqa: ASYNC110 - a clock, no event
            await asyncio.sleep(seconds)

    def try_acquire(self) -> bool:
        """Return whether one more note may be sent now, which is then counted."""
        free = self._wait() <= 0.0
        if free:
            self._full_at = max(self._full_at, loop_time()) + self._refill
            self._window.add()
        return free

    def _wait(self) -> float:
        """Return how many seconds are left until one more note may be sent; 0 or less for none."""
        return max(self._window.wait, self._full_at - self._refill_others - loop_time())
