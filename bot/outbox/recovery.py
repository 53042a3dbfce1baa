"""Goes on with the notes that processes left which are gone."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable

from bot.outbox.circuit_breaker import Line
from bot.outbox.leases import Custody
from bot.outbox.models import NoteRecord
from bot.outbox.repository import JournalStore, MovedOnError
from bot.outbox.sender import until_stored
from bot.outbox.states import NoteState
from bot.outbox.work_queue import Desk
from bot.sonoran import OutcomeUnknownError, RateLimitedError, Reason


class TakeOver:
    """Takes unfinished notes over, at most `limit` at a time, and has them looked after.

    `track` is called with each that is still on its way and its age in seconds, `changed` with
    every one of them, as its message may be behind.
    """

    def __init__(
        self,
        desk: Desk,
        custody: Custody,
        store: JournalStore,
        line: Line,
        *,
        limit: int,
        track: Callable[[NoteRecord, float], None],
        changed: Callable[[NoteRecord], None],
    ) -> None:
        self._desk = desk
        self._custody = custody
        self._store = store
        self._line = line
        self._limit = limit
        self._track = track
        self._changed = changed
        self._unsure = False
        """Whether notes may have become this process's without being on its desk."""

    async def all_left(self) -> None:
        """Take over what there is now; raises as `Database.begin` does.

        A note of this process's own is among them when another one had it for a while.
        """
        again, self._unsure = self._unsure, True
        records, now = await self._custody.take_over(self._limit, again=again)
        self._unsure = False
        new = [each for each in records if self._is_news(each)]
        # All that needs no waiting first: meanwhile a button could move what was just read.
        for record in new:
            if record.state is not NoteState.SENDING:
                self._look_after(record, now)
        for record in new:
            if record.state is NoteState.SENDING:
                with contextlib.suppress(MovedOnError):
                    self._look_after(await until_stored(self._doubting(record)), now)

    def _is_news(self, record: NoteRecord) -> bool:
        known = self._desk.get(record.id)
        if known is None:
            return True
        if known.record.revision >= record.revision:
            return False
        # While a move is being made, whoever makes it finds out for itself, or the next look does.
        self._unsure = self._unsure or known.busy
        return not known.busy

    def _doubting(self, record: NoteRecord) -> Callable[[], Awaitable[NoteRecord]]:
        stopped = OutcomeUnknownError(Reason.STOPPED)
        return lambda: self._store.move(record, NoteState.CHECKING, cause=stopped)

    def _look_after(self, record: NoteRecord, now: float) -> None:
        """Go on with a note; `now` is by the database's clock."""
        if isinstance(record.cause, RateLimitedError):
            self._hold_on(record.cause, now - record.updated_at)
        if record.state.waiting:
            self._track(record, now - record.since)
        self._changed(record)

    def _hold_on(self, limited: RateLimitedError, ago: float) -> None:
        """Keep to a delay that the CAD asked an earlier process for, as much as is left of it."""
        left = min((limited.retry_after or 0.0) - ago, limited.retry_after or 0.0)
        if left > 0:
            self._line.failed(RateLimitedError(limited.text, retry_after=left))
