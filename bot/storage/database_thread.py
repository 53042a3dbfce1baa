"""The thread that has the database's connection, and commits jobs that wait together at once."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Connection

from bot.observer import Observer
from bot.storage.connectors import Connector, driver_of
from bot.storage.errors import StorageError
from bot.storage.failures import TOO_LATE, is_read_only, translation, unavailable, worth_another_try

GROUP_SECONDS = 0.3
"""After how long jobs that are done together are committed, whatever waits behind them: where the
database is far away, they would else wait for all of it, until nobody waits for them any more."""

INTERRUPT_SECONDS = 0.5
"""How long after its time a job may take to end by the database's own limits; a server that does
not answer keeps none."""

INTERRUPT_AGAIN_SECONDS = 1.0
"""The pause before a job is interrupted again that still goes on."""

LONGEST_PAUSE_SECONDS = 0.5
"""The longest pause before a job is tried again that waits for another process's lock."""

_T = TypeVar("_T")

_log = logging.getLogger(__name__)


@dataclass(eq=False, repr=False, slots=True)
class _Item:
    """A job that waits for its turn, from `began` to `deadline` by the event loop's clock.

    That is the monotonic one, by which the database's thread tells whether it is late.
    """

    job: Callable[[Connection], Any]
    future: asyncio.Future[Any]
    began: float
    deadline: float
    result: Any = None
    error: BaseException | None = None
    pause: float = 0.02

    def do(self, connection: Connection) -> None:
        """Do the job, which is undone by the exception raised here if nobody waits any more."""
        self.result = self.job(connection)
        if self.given_up:
            raise TimeoutError

    @property
    def given_up(self) -> bool:
        """Whether nobody waits for it any more."""
        return self.future.done() or self.late

    @property
    def late(self) -> bool:
        return time.monotonic() >= self.deadline


class DatabaseThread:
    """Does jobs one after the other, in the order in which they come.

    Those that wait are done in one transaction, and nobody is told anything before it is committed.
    When a job fails, those before it are done once more without it, and then it by itself; when
    the commit fails, each is. So a job must touch nothing but its connection. A caller may give up
    at any time; its job is not begun or undone then, unless it is done already and about to be
    committed. Jobs whose time is over are given up and interrupted, for which one timer watches
    over all. `observer` is told of each job's transaction.
    """

    def __init__(self, connector: Connector, observer: Observer) -> None:
        self._connector = connector
        self._observer = observer
        self._loop = asyncio.get_running_loop()
        self._items: queue.SimpleQueue[_Item | None] = queue.SimpleQueue()
        self._doing: list[_Item] = []
        self._waiting: set[_Item] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._connection: Connection | None = None
        self._closing = False
        self._stopped = False
        self._ended = self._loop.create_future()
        # A daemon, as a process that is to end does not wait for a database that hangs.
        self._thread = threading.Thread(target=self._run, name="database", daemon=True)
        self._thread.start()

    def submit(self, job: Callable[[Connection], _T], seconds: float) -> asyncio.Future[_T]:
        """Put a job at the end of the queue; its outcome becomes that of the future.

        Cancelling the future gives the job up. After `seconds` the database counts as unavailable.
        """
        future: asyncio.Future[_T] = self._loop.create_future()
        now = self._loop.time()
        item = _Item(job, future, now, now + seconds)
        self._waiting.add(item)
        if self._timer is None or item.deadline < self._timer.when():
            self._watch()
        self._items.put(item)
        return future

    def _watch(self) -> None:
        """Set the timer to the first deadline; it stays set when that job is done before."""
        if self._timer is not None:
            self._timer.cancel()
        first = min((item.deadline for item in self._waiting), default=None)
        self._timer = None if first is None else self._loop.call_at(first, self._end_late)

    def _end_late(self) -> None:
        now = self._loop.time()
        late = [item for item in self._waiting if item.deadline <= now]
        for item in late:
            item.error = unavailable(TOO_LATE)
            self._loop.call_at(item.deadline + INTERRUPT_SECONDS, self._interrupt, item)
        self._tell(late)
        self._watch()

    def _interrupt(self, item: _Item) -> None:
        """End a job if it is still being done."""
        if item in self._doing:
            self._connector.interrupt()
            # Once more if it still is, as there may have been no connection to break yet.
            self._loop.call_later(INTERRUPT_AGAIN_SECONDS, self._interrupt, item)

    async def close(self, seconds: float) -> None:
        """Finish what waits and close the connection; after `seconds` either is interrupted."""
        self._closing = True
        self._items.put(None)
        for _ in range(2):
            await asyncio.wait([self._ended], timeout=seconds)
            if self._ended.done():
                return
            self._stopped = True
            self._connector.interrupt()

    def _run(self) -> None:
        while (items := self._take()) is not None:
            try:
                self._perform(items)
            except BaseException:
                if not self._loop.is_closed():  # else nobody waits any more
                    _log.exception("the database's thread failed")  # its callers' time will end
                self._disconnect()
            self._doing = []
        self._disconnect()
        with contextlib.suppress(RuntimeError):  # the event loop has ended
            self._loop.call_soon_threadsafe(_tell_end, self._ended)

    def _take(self) -> list[_Item] | None:
        """Wait for a job and return it with those behind it; None when there are no more."""
        first = self._items.get()
        if first is None:
            return None
        items = [first]
        while len(items) < self._connector.group and not self._items.empty():
            item = self._items.get()
            if item is None:
                self._items.put(None)
                break
            items.append(item)
        return items

    def _perform(self, items: list[_Item]) -> None:
        """Do jobs, of which those are not begun for which nobody waits any more."""
        items = self._doing = [item for item in items if not item.given_up]
        if self._stopped:
            for item in items:
                item.error = unavailable("it is closed")
            self._loop.call_soon_threadsafe(self._tell, items)
        elif len(items) > 1:
            for part in self._together(items):
                self._perform(part)
        elif items:
            self._alone(items[0])

    def _together(self, items: list[_Item]) -> list[list[_Item]]:
        """Do jobs in one transaction for `GROUP_SECONDS`; returns the parts that are to be done.

        Those are the jobs behind, or all again when one fails, which undoes those before it.
        """
        done = 0
        try:
            connection = self._begin(min(item.deadline for item in items))
            until = time.monotonic() + GROUP_SECONDS
            while done < len(items) and (not done or time.monotonic() < until):
                items[done].do(connection)
                done += 1
        except BaseException:
            self._roll_back()
            return [items[:done], items[done : done + 1], items[done + 1 :]]
        together, behind = items[:done], items[done:]
        if not self._commit(connection, together):
            return [*([item] for item in together), behind]
        self._loop.call_soon_threadsafe(self._tell, together)
        return [behind]

    def _alone(self, item: _Item) -> None:
        """Do a job in a transaction of its own, on a new connection if the kept one was lost."""
        kept = self._connection is not None
        try:
            connection = self._begin(item.deadline)
            item.do(connection)
        except BaseException as error:
            self._roll_back()
            if is_read_only(error):  # the next connection may lead to the server that took over
                self._disconnect()
            if kept and self._connection is None and not item.given_up:
                self._perform([item])
                return
            if self._again(item, error):
                self._put_back(item)
                return
            item.error = translation(error, late=item.late)
        else:
            if not self._commit(connection, [item]):
                self._put_back(item)
                return
        self._loop.call_soon_threadsafe(self._tell, [item])

    def _again(self, item: _Item, error: BaseException) -> bool:
        """Whether a job that failed is to be tried again."""
        return worth_another_try(error) and not item.given_up and not self._closing

    def _put_back(self, item: _Item) -> None:
        """Let a job that waits for another process's lock be tried again, after the others."""
        item.pause = min(2 * item.pause, LONGEST_PAUSE_SECONDS)
        loop, put = self._loop, self._items.put
        loop.call_soon_threadsafe(lambda: loop.call_later(item.pause, put, item))

    def _begin(self, deadline: float) -> Connection:
        if self._connection is None:
            self._connection = self._connector.connect(deadline)
        self._connector.begin(self._connection, deadline)
        return self._connection

    def _commit(self, connection: Connection, items: list[_Item]) -> bool:
        """Commit; returns False when jobs were lost that can be done again, each by itself."""
        try:
            self._connector.commit(connection)
        except BaseException as error:
            lost = not self._connector.broken(connection)
            self._roll_back()
            if lost and (len(items) > 1 or self._again(items[0], error)):
                return False
            for item in items:  # whose jobs may have been saved, if the connection broke
                item.error = translation(error, late=item.late)
        return True

    def _roll_back(self) -> None:
        """End the transaction, and drop a connection that can do no more."""
        if self._connection is None:
            return
        if not self._connector.broken(self._connection):
            with contextlib.suppress(Exception):
                driver_of(self._connection).rollback()
                return
        self._disconnect()

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(Exception):
                self._connector.close(connection)

    def _tell(self, items: list[_Item]) -> None:
        """Tell the callers what became of their jobs, and the observer; in the loop's thread."""
        now = self._loop.time()
        for item in items:
            self._waiting.discard(item)
            if item.future.done():
                continue
            if item.error is None:
                item.future.set_result(item.result)
            else:
                item.future.set_exception(item.error)
            if (failed := isinstance(item.error, StorageError)) or item.error is None:
                self._observer.transaction_ended(now - item.began, failed=failed)


def _tell_end(ended: asyncio.Future[None]) -> None:
    if not ended.done():
        ended.set_result(None)
