"""Counts what happened in the last while, to keep within a limit."""

from __future__ import annotations

from collections import deque

from bot.timing import loop_time


class SlidingWindow:
    """Counts what happened in the last `seconds`, where `limit` may, by the event loop's clock.

    Counts no further than `limit`, keeping the latest.
    """

    def __init__(self, limit: int, seconds: float) -> None:
        self._limit = limit
        self._seconds = seconds
        self._times: deque[float] = deque(maxlen=limit)

    def __len__(self) -> int:
        now = loop_time()
        while self._times and self._times[0] + self._seconds <= now:
            self._times.popleft()
        return len(self._times)

    @property
    def wait(self) -> float:
        """How many seconds are left until it may happen once more; 0 if it may now."""
        if len(self) < self._limit:
            return 0.0
        return max(0.0, self._times[0] + self._seconds - loop_time())

    def add(self) -> None:
        """Count that it happens now."""
        self._times.append(loop_time())

    def try_add(self) -> bool:
        """Return whether it may happen now, which is then counted."""
        free = self.wait == 0.0
        if free:
            self.add()
        return free
