"""An event loop that waits no longer than a test must, and on whose clock time can pass at once."""

from __future__ import annotations

import asyncio
import selectors
import time
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any, TypeVar, TypeVarTuple

from sqlalchemy import Connection

from bot.storage import Database
from bot.storage import database as database_module
from bot.storage.database_thread import DatabaseThread

_T = TypeVar("_T")
_Ts = TypeVarTuple("_Ts")

SPEED = 5
"""How many times as fast the clock goes while nothing but time is waited for."""

TURNS = 3
"""How often the loop must have nothing to do, with a look at the databases in between."""

TURN = 0.01
"""Seconds that the clock goes on at most from one look at it to the next, and that a thread, or
another process, is waited for at a time."""

AHEAD = 3600.0
"""Seconds that the clock is ahead of the real one at first, lest it fall behind it: the database's
thread uses the real one to tell whether a job is late."""

MOMENT = 0.001
"""Seconds in which a busy machine has passed on what was sent over loopback."""


class _Selector(selectors.DefaultSelector):
    """Has the clock, and tells whoever waits for it when nothing is ready, nor due, for a moment.

    A timer that nothing else comes before is waited for only a part of its time. While a thread is
    at work, such as a database's, it takes its full time: on a busy machine it would otherwise come
    before a transaction that is quick beside it. For the same reason no time passes while the
    machine does not let this process go on.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        super().__init__()
        self._monotonic = monotonic
        self.waiting: list[asyncio.Future[None]] = []
        self.ahead = AHEAD
        self.speed = SPEED
        self.in_threads = 0
        self._looked_at = monotonic()

    def time(self) -> float:
        now = self._monotonic()
        self.ahead -= max(0.0, now - self._looked_at - TURN)
        self._looked_at = now
        return now + self.ahead

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if not self.waiting:
            return self._wait(timeout)
        moment = MOMENT if timeout is None else min(timeout, MOMENT)
        if (ready := super().select(moment)) or moment < MOMENT:
            return ready
        while self.waiting:
            if not (future := self.waiting.pop()).done():
                future.set_result(None)
        return []

    def _wait(self, timeout: float | None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or timeout <= 0:
            return super().select(timeout)
        if self.in_threads or self.speed == 1:
            return super().select(min(timeout, TURN))  # a longer wait is one turn after the other
        due = self.time() + timeout
        ready = super().select(timeout / self.speed) or super().select(0)
        if not ready:
            now = self.time()  # which may change `ahead`
            self.ahead += max(0.0, due - now)
        return ready


class Loop(asyncio.SelectorEventLoop):
    """The usual event loop; its time goes on by itself, too.

    It goes as everywhere from the start of a process on, which has a clock of its own. `monotonic`
    is the machine's.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._own_selector = _Selector(monotonic)
        super().__init__(self._own_selector)

    def time(self) -> float:
        return self._own_selector.time()

    def later(self, seconds: float) -> None:
        """Let that many seconds pass at once."""
        self._own_selector.ahead += seconds

    def await_thread(self, future: asyncio.Future[Any]) -> None:
        """Let timers take their full time until this future is done, which a thread works for."""
        self._own_selector.in_threads += 1
        future.add_done_callback(self._came)

    def _came(self, _: asyncio.Future[Any]) -> None:
        self._own_selector.in_threads -= 1

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[*_Ts], _T], *args: *_Ts
    ) -> asyncio.Future[_T]:
        future = super().run_in_executor(executor, func, *args)
        self.await_thread(future)
        return future

    async def subprocess_exec(self, *args: Any, **options: Any) -> Any:
        self._own_selector.speed = 1
        return await super().subprocess_exec(*args, **options)

    async def connect_read_pipe(self, protocol_factory: Any, pipe: Any) -> Any:
        self._own_selector.speed = 1  # the fork server's processes are connected so
        return await super().connect_read_pipe(protocol_factory, pipe)

    @property
    def jobs(self) -> int:
        """How many jobs threads have for this loop, such as a database's."""
        return self._own_selector.in_threads

    async def idle(self) -> None:
        """Wait until nothing in this thread goes on before time passes or others answer."""
        future = self.create_future()
        self._own_selector.waiting.append(future)
        await future


class _DatabaseThread(DatabaseThread):
    """Tells the event loop of each of its jobs."""

    def submit(self, job: Callable[[Connection], _T], seconds: float) -> asyncio.Future[_T]:
        future = super().submit(job, seconds)
        if isinstance(loop := future.get_loop(), Loop):
            loop.await_thread(future)
        return future

    async def close(self, seconds: float) -> None:
        if isinstance(self._loop, Loop):
            self._loop.await_thread(self._ended)
        await super().close(seconds)


database_module.DatabaseThread = _DatabaseThread  # type: ignore[attr-defined]


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


async def rest() -> None:
    """Wait like `idle`, and until no thread has a job of this loop, whose time could run out."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, Loop)
    turns = 0
    while turns < TURNS:
        await loop.idle()
        turns = 0 if loop.jobs else turns + 1


async def let_pass(seconds: float, *, stuck: bool = False) -> None:
    """Let that many seconds of the loop's clock pass at once, and what comes of it happen.

    What threads work at ends before, as its time could run out. With `stuck` they are not waited
    for, as for a database that does not answer.
    """
    loop = asyncio.get_running_loop()
    assert isinstance(loop, Loop)
    nothing_goes_on = idle if stuck else rest
    await nothing_goes_on()
    loop.later(seconds)
    await nothing_goes_on()


async def tick() -> None:
    """Let a moment pass in which what is not in this thread may go on."""
    await asyncio.sleep(0.01 * SPEED)
