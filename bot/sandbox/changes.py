"""Waiting for a state without polling."""

import asyncio
from collections.abc import Callable


class Changes:
    """Wakes all who wait for a state whenever the state may have changed."""

    def __init__(self) -> None:
        self._next = asyncio.Event()

    def announce(self) -> None:
        """Let every waiter look at the state again."""
        self._next.set()
        self._next = asyncio.Event()

    async def until(self, reached: Callable[[], bool]) -> None:
        """Return as soon as `reached` is true; it is asked again after each announcement.

        An exception from `reached` ends the wait and goes to the caller.
        """
        while not reached():
            await self._next.wait()
