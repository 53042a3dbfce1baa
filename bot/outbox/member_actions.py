"""What a member does about a note: cancelling it, or resuming one that was given up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.outbox.deliveries import Deliveries
from bot.outbox.models import NoteRecord
from bot.outbox.repository import OutboxRepository
from bot.outbox.states import NoteState
from bot.storage import StorageError
from bot.timing import Timing, loop_time


@dataclass(eq=False, repr=False, slots=True)
class MemberActions:
    """Makes members' transitions, and finds out about those whose confirmation was lost.

    `waiting_limit` is how many notes may wait; `changed` is called after each transition.
    """

    deliveries: Deliveries
    store: OutboxRepository
    waiting_limit: int
    changed: Callable[[NoteRecord], None]
    timing: Timing
    _unconfirmed: dict[int, tuple[int, float]] = field(default_factory=dict, init=False)

    async def cancel(
        self, record: NoteRecord, message: tuple[int, str | None] | None = None
    ) -> NoteRecord:
        """Cancel a note that is queued or in doubt, and return it as it is then.

        `message` is the message that shows it and a token that can edit it, where they are new.
        Raises `StaleRevisionError` when it is in another state by now, and as `Database.run`
        does.
        """
        moved = await self._transition(record, NoteState.CANCELLED, message)
        queue = self.deliveries.of(record.community).queue
        if (item := queue.get(record.id)) is not None:
            queue.put(item, moved)
        else:
            queue.track(moved)
        self.changed(moved)
        return moved

    async def resume(
        self,
        record: NoteRecord,
        target: NoteState,
        message: tuple[int, str | None],
        *,
        call_id: int | None = None,
    ) -> NoteRecord:
        """Resume a note that was given up: QUEUED to send it, CHECKING to look for it.

        A refused one is only to be sent to another call, `call_id`. `message` is the message that
        shows it and a token that can edit it. Raises as `cancel`, `OutboxFullError` when as many
        notes wait as may, and `TooOldError` after a day.
        """
        moved = await self._transition(record, target, message, call_id)
        known = self.deliveries.item(record)
        if known is None or known.record.revision < moved.revision:
            self.deliveries.of(record.community).queue.track(moved, at_once=True)
        self.changed(moved)
        return moved

    async def _transition(
        self,
        record: NoteRecord,
        target: NoteState,
        message: tuple[int, str | None] | None,
        call_id: int | None = None,
    ) -> NoteRecord:
        """Make a transition, which is tried once; a lost confirmation is found out later."""
        try:
            return await self.store.member_transition(
                record, target, message, waiting_limit=self.waiting_limit, call_id=call_id
            )
        except (StorageError, asyncio.CancelledError):
            self._unconfirmed[record.id] = (
                record.revision,
                loop_time() + self.timing.action_in_doubt,
            )
            raise

    async def resolve_unconfirmed(self) -> None:
        """Find out which transitions were made without a confirmation."""
        for note_id, (revision, until) in list(self._unconfirmed.items()):
            record = await self.store.get(note_id)
            made = record is not None and record.revision > revision
            if not made and loop_time() < until:
                continue
            self._unconfirmed.pop(note_id, None)
            if record is None or not made or record.owner != self.store.owner:
                continue
            queue = self.deliveries.of(record.community).queue
            item = queue.get(note_id)
            if item is None:
                queue.track(record, at_once=True)
            elif item.record.revision < record.revision:
                queue.put(item, record)
            self.changed(record)
