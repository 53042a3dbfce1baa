"""Sends the notes whose turn it is, each written down as under way before its first byte goes."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from tenacity import AsyncRetrying, retry_if_exception_type, wait_random_exponential

from bot.outbox.circuit_breaker import Line
from bot.outbox.limits import Limits
from bot.outbox.models import NoteRecord
from bot.outbox.rate_limit import Pace
from bot.outbox.repository import JournalStore, MovedOnError, NotFirstError
from bot.outbox.scheduler import FairOrder
from bot.outbox.states import NoteState
from bot.outbox.work_queue import Desk, Tracked
from bot.sonoran import (
    AddedNote,
    NoEffectError,
    OutcomeUnknownError,
    RateLimitedError,
    Reason,
    SonoranClient,
    SonoranError,
)
from bot.storage import StorageError

HELD_BACK_SECONDS = 1.0
"""The pause before a note is tried again that another process, or the database, held back."""

LONGEST_RECORD_PAUSE_SECONDS = 5.0
"""The longest pause between tries to write down what became of a note."""

STALE_SECONDS = 5.0
"""A send that could not begin so soon after it was written down is not begun at all: this
process was held up, and another one may look after the note by now."""

Changed = Callable[[NoteRecord], None]

_Result = TypeVar("_Result")
_log = logging.getLogger(__name__)


class Sender:
    """Takes notes from the desk to the CAD and writes down what becomes of each.

    `changed` hears of every move after it was written down. `run` must be running, and the
    line's too.
    """

    def __init__(
        self,
        desk: Desk,
        store: JournalStore,
        cad: SonoranClient,
        line: Line,
        limits: Limits,
        changed: Changed,
    ) -> None:
        self._desk = desk
        self._store = store
        self._cad = cad
        self._line = line
        self._settle_seconds = limits.settle_seconds
        self._pace = Pace(limits.notes_per_minute, limits.notes_burst)
        self._order = FairOrder()
        self._changed = changed
        self._sends: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Send notes for ever; a cancellation lets those under way finish by themselves."""
        while True:
            await self._something_to_send()
            await self._pace.permit()
            record = self._order.next_of(self._desk.sendable())
            if record is None or not self._line.may_go:
                continue
            tracked = self._desk.get(record.id)
            if tracked is None:
                continue
            self._line.went()
            self._order.took_turn(record)
            tracked.busy = True
            send = asyncio.create_task(self._send(tracked, self._line.failures))
            self._sends.add(send)
            send.add_done_callback(self._sends.discard)

    async def finish(self, seconds: float) -> None:
        """Wait for the sends under way, at most that long, then leave them to the next process."""
        if self._sends:
            _, running = await asyncio.wait(set(self._sends), timeout=seconds)
            for send in running:
                send.cancel()
            if running:
                await asyncio.wait(running)

    async def _something_to_send(self) -> None:
        while not self._line.may_go or not self._desk.sendable():
            self._desk.changed.clear()
            self._line.changed.clear()
            due = self._desk.next_try() if self._line.may_go else None
            pause = None if due is None else max(0.0, due - time.monotonic())
            await _first_of(self._desk.changed, self._line.changed, seconds=pause)

    async def _send(self, tracked: Tracked, failures: int) -> None:
        """Send a note; whatever happens, the line and the desk go on with the others."""
        try:
            await self._try_to_send(tracked, failures)
        except Exception:
            _log.exception("note %d could not be sent", tracked.record.id)
            tracked.not_before = time.monotonic() + HELD_BACK_SECONDS
            tracked.busy = False
            self._line.undecided()
            self._desk.changed.set()

    async def _try_to_send(self, tracked: Tracked, failures: int) -> None:
        try:
            began = time.monotonic()
            tracked.record = await self._store.move(tracked.record, NoteState.SENDING)
        except (StorageError, NotFirstError) as error:
            _log.warning("note %d is held back: %s", tracked.record.id, error)
            tracked.not_before = time.monotonic() + HELD_BACK_SECONDS
            tracked.busy = False
            self._line.undecided()
            self._desk.changed.set()
            return
        except MovedOnError as error:
            tracked.busy = False
            self._line.undecided()
            await self.follow(tracked, error.record)
            return
        held_up = time.monotonic() - began > STALE_SECONDS or self._line.failures > failures
        if held_up or not self._desk.may_send(tracked.record):
            self._line.undecided()
            await self.record(tracked, NoteState.QUEUED)
            return
        await self._deliver(tracked)

    async def _deliver(self, tracked: Tracked) -> None:
        try:
            added = await self._add(tracked.record)
        except OutcomeUnknownError as error:
            self._line.failed(error)
            tracked.settled_at = time.monotonic() + self._settle_seconds
            tracked.check_at = 0.0
            tracked.readings = 0
            await self.record(tracked, NoteState.CHECKING, cause=error)
        except (NoEffectError, RateLimitedError) as error:
            self._line.failed(error)
            await self.record(tracked, NoteState.QUEUED, cause=error)
        except SonoranError as error:
            self._line.worked()
            # Refused now says nothing about an earlier send that may have been taken.
            doubt = tracked.record.uncertain > 0
            target = NoteState.UNCONFIRMED if doubt else NoteState.REFUSED
            await self.record(tracked, target, cause=error)
        else:
            self._line.worked()
            await self.record(tracked, NoteState.ADDED, answer=added.text)

    async def _add(self, record: NoteRecord) -> AddedNote:
        """Send a note; an error that nobody foresaw leaves it in doubt, as a lost answer does."""
        try:
            return await self._cad.add_call_note(record.note)
        except SonoranError:
            raise
        except Exception as error:
            _log.exception("sending note %d failed unexpectedly", record.id)
            raise OutcomeUnknownError(Reason.UNCLEAR_REPLY) from error

    async def record(
        self,
        tracked: Tracked,
        target: NoteState,
        *,
        cause: SonoranError | None = None,
        answer: str | None = None,
        there: int = 1,
    ) -> None:
        """Write a move down, however long the database takes to take it, then tell of it.

        A note that was moved meanwhile stays where it is.
        """
        tracked.busy = True
        known = tracked.record
        try:
            record = await until_stored(
                lambda: self._store.move(known, target, cause=cause, answer=answer, there=there)
            )
        except MovedOnError as error:
            await self.follow(tracked, error.record)
            return
        finally:
            tracked.busy = False
        if self._desk.put(tracked, record):
            self._changed(record)

    async def follow(self, tracked: Tracked, record: NoteRecord | None) -> None:
        """Go on from where the journal has a note that is not where it was thought to be.

        Somebody else's is theirs. One's own was moved with the confirmation lost, or was with
        another process for a while, which may have sent it just before it ended.
        """
        if record is None or record.owner != self._store.owner:
            self._desk.forget(tracked)
        if record is None or self._desk.get(record.id) is not tracked:
            return
        if record.revision < tracked.record.revision:
            return
        tracked.settled_at = time.monotonic() + self._settle_seconds
        tracked.check_at = 0.0
        tracked.readings = 0
        self._desk.put(tracked, record)
        self._changed(record)
        if record.state is NoteState.SENDING:
            stopped = OutcomeUnknownError(Reason.STOPPED)
            await self.record(tracked, NoteState.CHECKING, cause=stopped)


async def until_stored(operation: Callable[[], Awaitable[_Result]]) -> _Result:
    """Do something to the database until it takes it, with pauses that grow."""
    async for attempt in AsyncRetrying(
        retry=retry_if_exception_type(StorageError),
        wait=wait_random_exponential(multiplier=0.2, max=LONGEST_RECORD_PAUSE_SECONDS),
    ):
        with attempt:
            return await operation()
    raise AssertionError("the loop above ends only by returning or raising")


async def _first_of(*events: asyncio.Event, seconds: float | None) -> None:
    """Wait until one of the events is set, at most that long."""
    waits = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
