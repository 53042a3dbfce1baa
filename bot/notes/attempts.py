"""When another attempt to show a note is worth waiting for, also while the process is stopping."""

from __future__ import annotations

import asyncio
import math

from bot.timing import loop_time, set_within


class Attempts:
    """The pauses between attempts to show notes.

    Times are by the event loop's clock, in seconds. None of the pauses outlasts the process.
    """

    def __init__(self) -> None:
        self._stopping = asyncio.Event()
        self._stop_at = math.inf
        self._blocked: dict[int, float] = {}  # until when an attempt cannot succeed, by note

    def stop(self, seconds: float) -> None:
        """End every pause for one more attempt, as the process ends in `seconds`."""
        self._stop_at = loop_time() + seconds
        self._stopping.set()

    def too_late(self, due: float) -> bool:
        """Whether the process ends before an attempt at this time."""
        return due >= self._stop_at

    def block(self, note_id: int, seconds: float) -> None:
        """Note that no attempt for a note can succeed within so many seconds."""
        self._blocked[note_id] = loop_time() + seconds

    def forget(self, note_id: int) -> None:
        """Forget a note."""
        self._blocked.pop(note_id, None)

    async def pause(self, note_id: int, seconds: float) -> bool:
        """Wait before another attempt; returns False if none can succeed before the end."""
        blocked = self._blocked.get(note_id, 0.0)
        if not self._stopping.is_set():
            await set_within(self._stopping, seconds)
            return not self.too_late(blocked)
        if self.too_late(max(loop_time() + seconds, blocked)):
            return False
        await asyncio.sleep(seconds)
        return True
