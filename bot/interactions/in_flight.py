"""The interactions in flight, so that a stopping process can let them finish."""

from __future__ import annotations

import asyncio

from bot.timing import set_within


class InFlight:
    """The tasks that handle interactions and answer them.

    Those that are cancelled in the end have `last_words` more, in seconds.
    """

    def __init__(self, last_words: float) -> None:
        self._last_words = last_words
        self._tasks: set[asyncio.Task[object]] = set()
        self._closing = asyncio.Event()

    @property
    def closing(self) -> bool:
        """Whether nothing new is accepted."""
        return self._closing.is_set()

    def close(self) -> None:
        """Accept nothing new."""
        self._closing.set()

    async def sleep_unless_closing(self, seconds: float) -> bool:
        """Sleep for `seconds`; returns False, early, when closing begins."""
        return not await set_within(self._closing, seconds)

    def add_current(self) -> None:
        """Track the current task until it ends."""
        if task := asyncio.current_task():
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def __len__(self) -> int:
        return len(self._tasks)

    async def finish(self, seconds: float) -> int:
        """Accept nothing new and wait for the tasks, at most `seconds`.

        Returns how many were still running; those are cancelled.
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
