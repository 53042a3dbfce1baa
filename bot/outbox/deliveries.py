"""The deliveries of all communities that have notes on their way, or lately had."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator

from bot.outbox.delivery import Delivery
from bot.outbox.models import NoteRecord
from bot.outbox.work_queue import WorkItem
from bot.timing import Timing, set_within

_log = logging.getLogger(__name__)


class Deliveries:
    """Has a delivery for each community, made when it is first needed and dropped when idle.

    `make` returns one for a community. `run` must be running.
    """

    def __init__(self, make: Callable[[str], Delivery], timing: Timing) -> None:
        self._make = make
        self._timing = timing
        self._known: dict[str, Delivery] = {}
        self._running: dict[str, asyncio.Task[None]] = {}
        self._made = asyncio.Event()

    def __iter__(self) -> Iterator[Delivery]:
        return iter(list(self._known.values()))

    def of(self, community: str) -> Delivery:
        """Return a community's delivery."""
        found = self._known.get(community)
        if found is None:
            found = self._known[community] = self._make(community)
            self._made.set()
        return found

    def known(self, community: str) -> Delivery | None:
        """Return a community's delivery if there is one."""
        return self._known.get(community)

    def item(self, record: NoteRecord) -> WorkItem | None:
        """Return a note in the work queue of its community."""
        delivery = self._known.get(record.community)
        return None if delivery is None else delivery.queue.get(record.id)

    def items(self) -> Iterator[WorkItem]:
        """Return all notes in the work queues."""
        for delivery in self:
            yield from delivery.queue

    async def run(self) -> None:
        """Run each delivery from when it is made until it is idle, and give up notes in time."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._expire(group))
            try:
                while True:
                    self._made.clear()
                    for community in self._known.keys() - self._running.keys():
                        running = group.create_task(self._known[community].run())
                        self._running[community] = running
                    await set_within(self._made, self._timing.keep_delivery)
                    self._drop_idle()
            finally:
                self._running.clear()  # they are cancelled with the group

    async def _expire(self, group: asyncio.TaskGroup) -> None:
        while True:
            for delivery in self:
                if delivery.queue:
                    _check(delivery, group)
            await asyncio.sleep(self._timing.expiry_interval)

    def _drop_idle(self) -> None:
        for community, delivery in list(self._known.items()):
            if delivery.idle:
                del self._known[community]
                self._running.pop(community).cancel()

    async def finish(self, seconds: float) -> None:
        """Wait for the sends under way, at most that long."""
        await asyncio.gather(*(delivery.sender.finish(seconds) for delivery in self))


def _check(delivery: Delivery, group: asyncio.TaskGroup) -> None:
    try:
        delivery.expiry.check(group)
    except Exception:  # which no other community is to feel
        _log.exception("notes that have waited too long cannot be found")
