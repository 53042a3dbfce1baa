"""Knows which commands are being worked on, so that a stopping process can let them finish."""

from __future__ import annotations

import asyncio

from bot.timing import Timing, set_within


class InFlight:
    """The tasks in which commands are carried out and answered."""

    def __init__(self, timing: Timing = Timing()) -> None:
        self._last_words = timing.last_words
        self._tasks: set[asyncio.Task[object]] = set()
        self._closing = asyncio.Event()

    @property
    def closing(self) -> bool:
        """Whether nothing new may begin."""
        return self._closing.is_set()

    def close(self) -> None:
        """Let nothing new begin."""
        self._closing.set()

    async def sleep_unless_closing(self, seconds: float) -> bool:
        """Wait that long; returns False, early, when closing begins."""
        return not await set_within(self._closing, seconds)

    def add_current(self) -> None:
        """Count the running task until it ends."""
        if task := asyncio.current_task():
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def __len__(self) -> int:
        return len(self._tasks)

    async def finish(self, seconds: float) -> int:
        """Let nothing new begin and wait until all is done, at most `seconds`.

        Returns how many tasks were still running. Those are cancelled, and get up to
        `Timing.last_words` more to say so.
        """
        self.close()
        if not self._tasks:
            return 0
        _, running = await asyncio.wait(set(self._tasks), timeout=seconds)
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running, timeout=self._last_words)
        return len(running)
