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
        self._ahead = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self._ahead

    def later(self, seconds: float) -> None:
        self._ahead += seconds
