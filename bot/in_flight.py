"""Knows which commands are being worked on, so that a stopping process can let them finish."""

from __future__ import annotations

import asyncio


class InFlight:
    """The tasks in which commands are carried out and answered."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[object]] = set()
        self.closing = False
        """True once nothing new may begin."""

    def add_current(self) -> None:
        """Count the running task until it ends."""
        if task := asyncio.current_task():
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def __len__(self) -> int:
        return len(self._tasks)

    async def finish(self, seconds: float) -> int:
        """Let nothing new begin and wait until all is done, at most `seconds`.

        Returns how many tasks were still running; those are cancelled.
        """
        self.closing = True
        if not self._tasks:
            return 0
        _, running = await asyncio.wait(set(self._tasks), timeout=seconds)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        return len(running)
