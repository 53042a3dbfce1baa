"""The delivery of one community's notes: what sends them, and looks for those in doubt."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from bot.outbox.circuit_breaker import CircuitBreaker
from bot.outbox.expiry import Expiry
from bot.outbox.leases import Leases
from bot.outbox.limits import Limits, RateUsage
from bot.outbox.load_shedding import LoadShedder
from bot.outbox.models import NoteRecord
from bot.outbox.read_slots import ReadSlots
from bot.outbox.reconciler import CallsRead, Reconciler
from bot.outbox.repository import OutboxRepository
from bot.outbox.sender import Sender
from bot.outbox.transitions import Transitions
from bot.outbox.waiting import WaitingNotes
from bot.outbox.work_queue import WorkQueue
from bot.sonoran import SonoranClient
from bot.storage import Database, UnusableDatabaseError
from bot.timing import Timing, loop_time

_log = logging.getLogger(__name__)


class Delivery:
    """Delivers the notes of a community, apart from all others'; `run` must be running.

    `cad` is the community's; `changed` is called after every transition, and `waiting_notes` tells
    what is to become of a waiting note. `limits` are for each community.
    """

    def __init__(
        self,
        community: str,
        cad: SonoranClient,
        *,
        database: Database,
        store: OutboxRepository,
        leases: Leases,
        load_shedder: LoadShedder,
        limits: Limits,
        changed: Callable[[NoteRecord], None],
        waiting_notes: Callable[[NoteRecord], WaitingNotes],
        read_slots: ReadSlots,
        calls_read: CallsRead,
        timing: Timing,
    ) -> None:
        self.cad = cad
        self._limits = limits
        self._timing = timing
        self.queue = WorkQueue(waiting_notes, limits=limits, ask_again=timing.ask_guild_again)
        self.breaker = CircuitBreaker(
            cad,
            self.queue.changed,
            first_pause=timing.first_probe_pause,
            longest_pause=limits.longest_pause_seconds,
            community=community,
        )
        self.transitions = Transitions(
            self.queue,
            store,
            leases,
            settle_seconds=limits.settle_seconds,
            changed=changed,
            timing=timing,
        )
        self.sender = Sender(
            self.queue,
            store,
            self.transitions,
            leases,
            cad,
            self.breaker,
            load_shedder,
            limits,
            timing,
        )
        self.expiry = Expiry(self.queue, self.transitions, self.breaker, limits, timing)
        self._reconciler = Reconciler(
            community,
            self.queue,
            database,
            cad,
            self.transitions,
            self.breaker,
            limits,
            read_slots,
            calls_read,
            timing,
        )

    @property
    def rate_usage(self) -> RateUsage:
        """How much of the CAD's limits is used."""
        return RateUsage(self.sender.used, self._limits.notes_per_minute, len(self.breaker.limited))

    @property
    def idle(self) -> bool:
        """Whether it has had nothing to do for `Timing.keep_delivery`, and no delay to wait out."""
        if self.queue or self.breaker.held_back:
            return False
        return loop_time() - self.queue.last_left >= self._timing.keep_delivery

    async def run(self) -> None:
        """Deliver notes until cancelled."""
        async with asyncio.TaskGroup() as group:
            for loop in (self.breaker.run, self.sender.run, self._reconciler.run):
                group.create_task(keep_running(loop, self._timing))


async def keep_running(loop: Callable[[], Awaitable[None]], timing: Timing) -> None:
    """Run a part of the outbox, and again after an unexpected error.

    Raises `UnusableDatabaseError` when the part does.
    """
    while True:
        try:
            await loop()
        except UnusableDatabaseError:
            raise
        except Exception:
            _log.exception("a part of the outbox failed and is started again")
            await asyncio.sleep(timing.begin_anew)
