"""Gives up notes whose time is over or whose guild is gone, and announces those that wait.

Those whose send ended with an unexpected error are left to the reconciler.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from bot.outbox.circuit_breaker import CircuitBreaker
from bot.outbox.limits import Limits
from bot.outbox.models import NoteRecord
from bot.outbox.states import NoteState
from bot.outbox.stored_failure import STOPPED
from bot.outbox.transitions import Transitions
from bot.outbox.work_queue import WorkItem, WorkQueue
from bot.timing import Timing, loop_time

LAST_POLL = 0.5
"""How much longer a note sent shortly before its deadline is polled for once it has settled, as a
fraction of `Limits.settle_seconds`: 30 s by default, enough for one poll."""

_log = logging.getLogger(__name__)


@dataclass(eq=False, repr=False, slots=True)
class Expiry:
    """Watches over how long the notes in the work queue have waited."""

    queue: WorkQueue
    transitions: Transitions
    breaker: CircuitBreaker
    limits: Limits
    timing: Timing
    _refused: bool = field(default=False, init=False)

    def check(self, group: asyncio.TaskGroup) -> None:
        """Announce notes that wait, and move on those that it is time for, each in a task."""
        now = loop_time()
        news = self._refused_anew()
        for item in self.queue:
            queued = item.record.state is NoteState.QUEUED
            if self._waits_silently(item, now) or (news and queued):
                self.transitions.announce(item)
            end: Callable[[WorkItem], Awaitable[None]] | None = None
            if self.queue.to_withdraw(item):
                end = self._withdraw
            elif self._is_over(item, now):
                end = self._give_up
            elif item.record.state is NoteState.SENDING and not item.busy:
                end = self._look_for
            if end is not None:  # in a task, as the database may take none of them
                group.create_task(self._end(item, item.record, end))

    async def _end(
        self, item: WorkItem, record: NoteRecord, end: Callable[[WorkItem], Awaitable[None]]
    ) -> None:
        """Move a note on; an unexpected error must not end the group, which all notes share."""
        try:
            if item.record is record and not item.busy:  # else another one was quicker
                await end(item)
        except Exception:
            _log.exception("note %d could not be moved on", record.id)

    def _refused_anew(self) -> bool:
        """Whether the CAD now refuses the credentials and did not before."""
        before, failure = self._refused, self.breaker.last_failure
        self._refused = failure is not None and failure.about_credentials
        return self._refused and not before

    def _is_over(self, item: WorkItem, now: float) -> bool:
        can_expire = item.record.state in (NoteState.QUEUED, NoteState.CHECKING)
        return can_expire and not item.busy and self._given_up_at(item) <= now

    def _given_up_at(self, item: WorkItem) -> float:
        """Return when a note is given up.

        One in doubt gets time for a conclusive poll first, unless it was sent at the very end.
        """
        if item.record.state is not NoteState.CHECKING:
            return item.deadline
        last_poll = item.settled_at + self.limits.settle_seconds * LAST_POLL
        return min(max(item.deadline, last_poll), item.deadline + self.timing.last_poll)

    def _waits_silently(self, item: WorkItem, now: float) -> bool:
        return (
            item.record.state is NoteState.QUEUED
            and not item.announced
            and now - item.enqueued_at >= self.timing.announce_after
        )

    async def _withdraw(self, item: WorkItem) -> None:
        record = item.record
        await self.transitions.make(item, NoteState.CANCELLED, failure=record.failure)

    async def _look_for(self, item: WorkItem) -> None:
        item.start_settling(self.limits.settle_seconds)
        await self.transitions.make(item, NoteState.CHECKING, failure=STOPPED)

    async def _give_up(self, item: WorkItem) -> None:
        record = item.record
        failure = record.failure or self.breaker.last_failure
        if self._refused:
            failure = self.breaker.last_failure
        doubt = record.state is NoteState.CHECKING or record.unconfirmed_sends > 0
        target = NoteState.UNCONFIRMED if doubt else NoteState.FAILED
        await self.transitions.make(item, target, failure=failure)
