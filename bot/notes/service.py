"""Everything about notes in one process: the outbox, its worker, and the status messages."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field

from bot.notes.status_updater import StatusUpdater
from bot.outbox import OutboxWorker
from bot.timing import Timing, end_tasks, loop_time


@dataclass(eq=False, repr=False, slots=True)
class NoteService:
    """Delivers notes and keeps their messages up to date, across connections to Discord.

    Nothing is delivered unless `run` is running.
    """

    outbox: OutboxWorker
    messages: StatusUpdater
    timing: Timing
    _running: asyncio.Task[None] | None = field(default=None, init=False)

    async def run(self, opened: asyncio.Event) -> None:
        """Deliver notes once the database is `opened`, until cancelled or finished."""
        await opened.wait()
        running = self._running = asyncio.create_task(self.outbox.run())
        try:
            await asyncio.wait({running})
        finally:
            await end_tasks({running})
        if not running.cancelled():
            running.result()

    async def finish(self, seconds: float) -> None:
        """Start nothing new, let sends in flight finish and be shown, and hand over the rest.

        Takes at most `seconds` and `Timing.hand_over`; the next process recovers what did not
        finish.
        """
        deadline = loop_time() + seconds
        if self._running is None:
            return
        running, self._running = self._running, None
        await end_tasks({running})
        marking = asyncio.create_task(self.outbox.marks.run())
        await self.outbox.finish(max(0.0, deadline - loop_time()))
        await self.messages.finish(max(0.0, deadline - loop_time()))
        await end_tasks({marking})
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.timing.hand_over):
                await self.outbox.hand_over()
