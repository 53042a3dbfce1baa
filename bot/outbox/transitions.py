"""Stores transitions of the notes in the work queue, and follows those made elsewhere.

What is done where the database lost one: "A database that has become older" in docs/development.md.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from bot.outbox.errors import StaleRevisionError
from bot.outbox.leases import Leases
from bot.outbox.models import Acknowledgement, NoteRecord
from bot.outbox.repository import OutboxRepository
from bot.outbox.retries import with_retries
from bot.outbox.states import NoteState
from bot.outbox.stored_failure import STOPPED, Failure
from bot.outbox.work_queue import WorkItem, WorkQueue
from bot.timing import Timing, loop_time

_log = logging.getLogger(__name__)


@dataclass(eq=False, repr=False, slots=True)
class Transitions:
    """Makes transitions for the sender, the reconciler and expiry.

    `changed` is called after each. `settle_seconds` is as in `Limits`.
    """

    queue: WorkQueue
    repository: OutboxRepository
    leases: Leases
    settle_seconds: float
    changed: Callable[[NoteRecord], None]
    timing: Timing

    def announce(self, item: WorkItem) -> None:
        """Let a note be shown as queued, once, before anything has become of it."""
        item.announced = True
        self.changed(item.record)

    async def make(
        self,
        item: WorkItem,
        target: NoteState,
        *,
        failure: Failure | None = None,
        answer: str | None = None,
        confirmed_count: int = 1,
    ) -> None:
        """Store a transition, however long the database takes, then announce it.

        A note that another process or a member changed meanwhile stays as it is.
        """
        with item.moving():
            try:
                record = await self.store(
                    item, target, failure=failure, answer=answer, confirmed_count=confirmed_count
                )
            except StaleRevisionError as error:
                await self.follow(item, error.record)
                return
        if self.queue.put(item, record):
            self.changed(record)

    async def store(self, item: WorkItem, target: NoteState, **outcome: Any) -> NoteRecord:
        """Store a transition, also in a database that has become older than what it confirmed."""
        known = item.record
        until = loop_time() + self.timing.lease_timeout + self.timing.recovery_interval
        while True:
            try:
                return await with_retries(
                    lambda: self.repository.transition(known, target, **outcome), self.timing
                )
            except StaleRevisionError as error:
                if _left_again(known, error.record) and loop_time() < until:
                    # Until it is taken over once more, unless the other process lives after all.
                    await asyncio.sleep(self.timing.recovery_interval)
                    continue
                if not self._lost_by_database(item, known, error.record):
                    raise
                if not await with_retries(lambda: self.repository.restore(known), self.timing):
                    raise
            _log.warning("note %d is stored again: the database has become older", known.id)

    def _lost_by_database(
        self, item: WorkItem, known: NoteRecord, found: NoteRecord | None
    ) -> bool:
        """Whether the database has an older state of a note that only this process can change."""
        if found is None:
            # Nothing deletes such a row, unless another process had the note and finished it; one
            # in the state RECEIVED is deleted where its acknowledgement was not found.
            kept = known.state.waiting and (
                known.state is not NoteState.RECEIVED or item.acknowledgement is not None
            )
            return kept and self.leases.held_since(item.known_since)
        # Another process's that is final lost that it was taken up again here.
        ours = found.owner == self.repository.owner or found.state.final
        return ours and found.revision < known.revision

    async def follow(self, item: WorkItem, record: NoteRecord | None) -> None:
        """Go on from where the outbox has a note that is not where it was thought to be.

        One of another process is left to it. One of this process was changed with the confirmation
        lost, or was with another process for a while, which may have sent it before it ended. One
        that the database lost, although it was to go on, is unconfirmed, as another process may
        have sent it; one that may have been finished and deleted stays as its message has it.
        """
        known = item.record
        if self._lost_by_database(item, known, record) and await with_retries(
            lambda: self.repository.restore(known), self.timing
        ):
            self.queue.put(item, known)  # so that it is tried again
            return
        if record is None and item.accepted and known.state.waiting:
            lost = _unconfirmed(known, item.acknowledgement)
            if await with_retries(lambda: self.repository.restore(lost), self.timing):
                record = lost
            else:
                _log.warning("note %d is gone, as another process may have finished it", known.id)
        if record is None or record.owner != self.repository.owner:
            self.queue.remove(item)
        if record is None or self.queue.get(record.id) is not item:
            return
        item.start_settling(self.settle_seconds)
        self.queue.put(item, record)
        self.changed(record)
        if record.state is NoteState.SENDING:
            await self.make(item, NoteState.CHECKING, failure=STOPPED)


def _unconfirmed(known: NoteRecord, acknowledgement: Acknowledgement | None) -> NoteRecord:
    """Return a note as it is where nobody can know whether another process sent it."""
    if acknowledgement is not None and known.state is NoteState.RECEIVED:
        note = replace(known.note, text=acknowledgement.text or known.note.text)
        known = replace(known, message_id=acknowledgement.message_id, note=note)
    return replace(
        known,
        state=NoteState.UNCONFIRMED,
        failure=STOPPED,
        unconfirmed_sends=known.unconfirmed_sends + 1,
        revision=known.revision + 1,
    )


def _left_again(known: NoteRecord, found: NoteRecord | None) -> bool:
    """Whether a note that was taken over is the other process's again: the database is older."""
    return (
        found is not None
        and found.owner != known.owner
        and found.revision < known.revision
        and not found.state.final
    )
