"""Clocks that tests can move."""

import time


class Clock:
    """Stands still unless a test moves it."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


class RunningClock:
    """Runs as the real one does; `later` lets that many seconds pass at once."""

    def __init__(self) -> None:
        self._seconds = self._read_at = time.monotonic()
        self._rate = 1.0

    def __call__(self) -> float:
        now = time.monotonic()
        self._seconds += (now - self._read_at) * self._rate
        self._read_at = now
        return self._seconds

    def later(self, seconds: float) -> None:
        self._seconds += seconds

    def slow_down(self, rate: float) -> None:
        """Let only so much of each real second pass from now on."""
        self()
        self._rate = rate
