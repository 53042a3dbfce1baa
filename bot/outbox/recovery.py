"""Recovers the notes of processes that ended, and stores again what the database lost.

For the latter, see "A database that has become older" in docs/development.md.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from bot.outbox.circuit_breaker import CircuitBreaker
from bot.outbox.cleanup import LEAST_KEPT_SECONDS
from bot.outbox.deliveries import Deliveries
from bot.outbox.errors import StaleRevisionError
from bot.outbox.leases import Leases
from bot.outbox.models import NoteRecord
from bot.outbox.repository import OutboxRepository
from bot.outbox.retries import with_retries
from bot.outbox.states import NoteState
from bot.outbox.stored_failure import STOPPED, Failure, FailureKind
from bot.sonoran import CredentialsError, RateLimitedError
from bot.timing import Timing

MOST_RECOVERIES = 5
"""How often a note is taken over from a process that ended without a word, before it is given up:
it may be the note that ends them. A stop hands notes over, which does not count."""

_STORED = (NoteState.QUEUED, NoteState.SENDING, NoteState.CHECKING)

_log = logging.getLogger(__name__)


@dataclass(eq=False, repr=False, slots=True)
class OrphanRecovery:
    """Takes unfinished notes over, `limit` at a time until none is left.

    `changed` is called with each that is not queued, as its message may be behind.
    """

    deliveries: Deliveries
    leases: Leases
    store: OutboxRepository
    limit: int
    changed: Callable[[NoteRecord], None]
    timing: Timing
    _incomplete: bool = field(default=False, init=False)
    """Whether notes may have become this process's without being in its work queue."""
    _times_older: int = field(default=0, init=False)
    """`Positions.times_older` when what the database had lost was last restored."""

    async def recover(self) -> None:
        """Take over what there is now; raises as `Database.run` does.

        A note of this process's own is among them when another one had it for a while.
        """
        include_own = self._incomplete or await self._find_strays()
        again, behind = False, 0
        try:
            while True:
                records, now = await self.leases.claim_orphans(
                    self.limit, include_own=include_own, behind=behind
                )
                self._incomplete = again
                await self._take_over(records, now)
                if len(records) < self.limit:
                    return
                again, behind = self._incomplete, records[-1].position
        except BaseException:  # the claim may have been made, or the notes not all taken over
            self._incomplete = True
            raise

    async def _take_over(self, records: Sequence[NoteRecord], now: float) -> None:
        new = [each for each in records if self._is_news(each)]
        # All that needs no waiting first: meanwhile a member could change what was just read.
        hopeless = [each for each in new if each.recoveries > MOST_RECOVERIES]
        for record in new:
            if record.state is not NoteState.SENDING and record not in hopeless:
                self._resume(record, now)
        for record in hopeless:
            await self._give_up(record)
        for record in new:
            if record.state is NoteState.SENDING and record not in hopeless:
                with contextlib.suppress(StaleRevisionError):
                    moved = await with_retries(self._to_checking(record), self.timing)
                    self._resume(moved, now)

    async def _find_strays(self) -> bool:
        """Restore what the database lost; return whether it has notes that the queue lacks."""
        stored = await self.store.unfinished()
        times_older = self.store.positions.times_older
        await self._restore_waiting(stored)
        await self._restore_finished(stored, older=times_older > self._times_older)
        self._times_older = times_older
        known = {item.record.id for item in self.deliveries.items()}
        return any(
            # One at its first revision, RECEIVED, is perhaps just being deleted.
            revision > 1
            and note_id not in known
            and self._finished_since(note_id, revision) is None
            for note_id, revision in stored.items()
        )

    async def _restore_waiting(self, stored: Mapping[int, int]) -> None:
        """Store notes on their way again that are newer than their rows, or have none."""
        for item in list(self.deliveries.items()):
            record = item.record
            lost = record.state in _STORED and record.id not in stored
            lost = lost and self.leases.held_since(item.known_since)
            if (lost or record.revision > stored.get(record.id, record.revision)) and not item.busy:
                await self.store.restore(record)

    async def _restore_finished(self, stored: Mapping[int, int], *, older: bool) -> None:
        """Store finished notes again that are newer than their rows.

        Where the database has become `older`, also those that have none.
        """
        known = {item.record.id for item in self.deliveries.items()}
        finished = [item for each in self.deliveries for item in each.queue.finished.values()]
        # Nothing deletes a note so soon, so where it is gone the database has lost it.
        young = [item for item in finished if older and item.waited < LEAST_KEPT_SECONDS]
        revisions = {item.record.id: 0 for item in young} | dict(stored)
        # Of the others, only those may be newer than their rows that have one on its way, or of an
        # earlier end.
        ended = [
            item.record.id
            for item in finished
            if item.record.id in revisions
            or (item.may_have_ended and item.waited < self.timing.keep_delivery)
        ]
        if ended:
            revisions |= await self.store.finished(ended)
        behind = [
            newer
            for note_id, revision in revisions.items()
            if note_id not in known and (newer := self._finished_since(note_id, revision))
        ]
        for record in behind:
            if await self.store.restore(record):
                self.changed(record)

    def _finished_since(self, note_id: int, revision: int) -> NoteRecord | None:
        for delivery in self.deliveries:
            known = delivery.queue.finished.get(note_id)
            if known is not None and known.record.revision > revision:
                return known.record
        return None

    def _is_news(self, record: NoteRecord) -> bool:
        known = self.deliveries.item(record)
        if known is None:
            # What was claimed and finished before the database became older is stored again soon.
            return self._finished_since(record.id, record.revision) is None
        if known.record.revision >= record.revision:
            return False
        # A transition under way finds out by itself, or the next recovery does.
        self._incomplete = self._incomplete or bool(known.busy)
        return not known.busy

    async def _give_up(self, record: NoteRecord) -> None:
        """Finish a note that may be what ends each process that has it."""
        if not record.state.waiting or record.state is NoteState.RECEIVED:
            self.changed(record)
            return
        _log.error("note %d was with %d processes that ended", record.id, record.recoveries)
        with contextlib.suppress(StaleRevisionError):
            if record.state is NoteState.SENDING:  # so that its send is counted
                record = await with_retries(self._to_checking(record), self.timing)
            sent = record.unconfirmed_sends or record.state is not NoteState.QUEUED
            target = NoteState.UNCONFIRMED if sent else NoteState.FAILED
            known = record
            self.changed(
                await with_retries(
                    lambda: self.store.transition(known, target, failure=STOPPED), self.timing
                )
            )

    def _to_checking(self, record: NoteRecord) -> Callable[[], Awaitable[NoteRecord]]:
        return lambda: self.store.transition(record, NoteState.CHECKING, failure=STOPPED)

    def _resume(self, record: NoteRecord, now: float) -> None:
        """Go on with a note; `now` is by the database's clock."""
        delivery = self.deliveries.of(record.community)
        if record.failure is not None and record.failure.kind is FailureKind.RATE_LIMITED:
            _hold_on(delivery.breaker, record.failure, now - record.updated_at)
        if record.state is NoteState.QUEUED and record.failure is not None:
            _ask_first(delivery.breaker, record.failure)
        if record.state.waiting:
            delivery.queue.track(record, age=now - record.round_started_at, at_once=True)
        if record.state is not NoteState.QUEUED:  # else it is sent, or announced if it has to wait
            self.changed(record)


def _ask_first(breaker: CircuitBreaker, failure: Failure) -> None:
    """Ask the CAD before a note is sent that was turned down for the credentials."""
    if failure.about_credentials and breaker.last_failure is None:
        breaker.record_failure(CredentialsError(failure.text, status=failure.status or 0))


def _hold_on(breaker: CircuitBreaker, limited: Failure, ago: float) -> None:
    """Keep to a delay that the CAD asked an earlier process for, as much as is left of it."""
    left = min((limited.retry_after or 0.0) - ago, limited.retry_after or 0.0)
    if left > 0:
        breaker.record_failure(RateLimitedError(limited.text, retry_after=left))
