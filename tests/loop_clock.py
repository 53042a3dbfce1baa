"""An event loop on whose clock a test can let time pass at once, and see that nothing happens."""

from __future__ import annotations

import asyncio
import selectors
import time
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import TypeVar

from bot.storage import Database

_T = TypeVar("_T")

TURNS = 3
"""How often the loop must have nothing to do, with a look at the databases in between."""

MOMENT = 0.001
"""Seconds in which a busy machine has passed on what was sent over loopback."""


class _Selector(selectors.DefaultSelector):
    """Tells whoever waits for it when nothing is ready, and no timer due, for a moment."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting: list[asyncio.Future[None]] = []

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if not self.waiting:
            return super().select(timeout)
        moment = MOMENT if timeout is None else min(timeout, MOMENT)
        if (ready := super().select(moment)) or moment < MOMENT:
            return ready
        while self.waiting:
            if not (future := self.waiting.pop()).done():
                future.set_result(None)
        return []


class Loop(asyncio.SelectorEventLoop):
    """The usual event loop; its time goes on by itself, too."""

    def __init__(self) -> None:
        self._ahead = 0.0
        self._own_selector = _Selector()
        super().__init__(self._own_selector)

    def time(self) -> float:
        return time.monotonic() + self._ahead

    def later(self, seconds: float) -> None:
        """Let that many seconds pass at once."""
        self._ahead += seconds

    async def idle(self) -> None:
        """Wait until nothing in this thread goes on before time passes or others answer."""
        future = self.create_future()
        self._own_selector.waiting.append(future)
        await future


async def idle(*databases: Database) -> None:
    """Wait until whatever could happen by now has: what would still come needs time to pass.

    That includes what goes on between clients and simulators in this process, and what they do in
    these databases.
    """
    loop = asyncio.get_running_loop()
    assert isinstance(loop, Loop)
    for _ in range(TURNS):
        await loop.idle()
        for database in databases:
            await database.execute()
    await loop.idle()


async def let_pass(seconds: float, *databases: Database) -> None:
    """Let that many seconds of the loop's clock pass at once, and what comes of it happen."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, Loop)
    loop.later(seconds)
    await idle(*databases)


async def tick() -> None:
    """Let a moment pass, and four on the clock: what is not in this thread gets some time, too."""
    await let_pass(0.03)
    await asyncio.sleep(0.01)


@asynccontextmanager
async def fast() -> AsyncIterator[None]:
    """Let the clock go four times as fast until the end of the block.

    For time-outs to be waited out, and pauses that are not in `Timing`: discord.py waits a second
    and more before it tries again.
    """

    async def go() -> None:
        while True:
            await tick()

    going = asyncio.create_task(go())
    try:
        yield
    finally:
        going.cancel()
        await asyncio.wait([going])


async def hurried(waiting: Awaitable[_T]) -> _T:
    """Wait for something on a fast clock."""
    async with fast():
        return await waiting
