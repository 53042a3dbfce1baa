"""Looks in the CAD's call list for notes that were sent without an answer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.outbox.circuit_breaker import CircuitBreaker
from bot.outbox.ledger import explained
from bot.outbox.limits import Limits
from bot.outbox.matching import ReadCall, Verdict, judge
from bot.outbox.read_slots import ReadSlots
from bot.outbox.retries import with_retries
from bot.outbox.states import NoteState
from bot.outbox.transitions import Transitions
from bot.outbox.work_queue import WorkItem, WorkQueue
from bot.sonoran import (
    OPEN_ALONE,
    CallList,
    ClosedCalls,
    RateLimitedError,
    SonoranClient,
    SonoranError,
    added_text,
)
from bot.storage import Database, StorageError
from bot.timing import Timing, loop_time, set_within

INCONCLUSIVE_POLLS = 3
"""Inconclusive settled polls before a note becomes UNCONFIRMED, so that later notes for the same
call need not wait until it expires. A failed poll does not count in an outage, when they could not
be sent either."""

CLOSED_PAGES = (ClosedCalls(50), ClosedCalls(50, skip=50))
"""The closed calls that are looked through for a note whose call is not open any more."""

CallsRead = Callable[[str, CallList, float], None]
"""Takes a community's open calls, and when the read began by the event loop's clock."""

_log = logging.getLogger(__name__)


@dataclass(eq=False, repr=False, slots=True)
class Reconciler:
    """Reads the call list for notes in doubt.

    Each read serves all notes in doubt on that CAD server, and all processes together keep to
    `read_slots`; a delay that the CAD asks for is waited out in full. `calls_read` takes the
    open calls. `run` must be running.
    """

    community: str
    queue: WorkQueue
    database: Database
    cad: SonoranClient
    transitions: Transitions
    breaker: CircuitBreaker
    limits: Limits
    read_slots: ReadSlots
    calls_read: CallsRead
    timing: Timing
    _hold_until: float = field(default=0.0, init=False)

    async def run(self) -> None:
        """Poll for notes in doubt, for ever."""
        while True:
            server_id = await self._next_server()
            if wait := await self._slot():
                await asyncio.sleep(wait)
                continue
            await self._poll(server_id)

    async def _next_server(self) -> int:
        """Wait until a poll is due, and return the CAD server to poll."""
        while True:
            self.queue.reconcile_changed.clear()
            for item in self.queue.to_reconcile():
                if not item.poll_at:
                    item.poll_at = loop_time() + min(
                        self.timing.first_poll, self.limits.settle_seconds / 2
                    )
            due = min(self.queue.to_reconcile(), key=lambda each: each.poll_at, default=None)
            if due is None:
                await self.queue.reconcile_changed.wait()
                continue
            pause = max(due.poll_at, self._hold_until) - loop_time()
            if pause <= 0:
                return due.record.note.server_id
            await set_within(self.queue.reconcile_changed, pause)

    async def _poll(self, server_id: int) -> None:
        """Look for the notes on a server: in its open calls first, in closed ones where needed."""
        began = loop_time()
        looked_for = [
            item for item in self.queue.to_reconcile() if item.record.note.server_id == server_id
        ]
        wanted = {item.record.note.call_id for item in looked_for}
        found: dict[int, ReadCall] = {}
        answered = await self._find_calls(server_id, OPEN_ALONE, wanted, found) is not None
        here = [item for item in looked_for if item.record.note.call_id in found]
        await self._judge_all(here, found, began, answered=answered)
        for page in CLOSED_PAGES if answered else ():
            if not wanted - found.keys():
                break
            await self._next_read()
            listed = await self._find_calls(server_id, page, wanted, found)
            answered = listed is not None
            if listed is None or listed < page.count:
                break
        rest = [item for item in looked_for if item not in here]
        await self._judge_all(rest, found, began, answered=answered)

    async def _slot(self) -> float:
        """Take a read of the call list; returns 0, or the seconds to wait before asking again."""
        try:
            return await self.read_slots.acquire()
        except StorageError:
            return 1.0

    async def _next_read(self) -> None:
        """Wait until the call list may be read once more."""
        while (held := self._hold_until - loop_time()) > 0:  # noqa: ASYNC110 - a clock, no event
            await asyncio.sleep(held)
        while wait := await self._slot():  # noqa: ASYNC110 - the database, no event
            await asyncio.sleep(wait)

    async def _find_calls(
        self, server_id: int, closed: ClosedCalls, wanted: set[int], found: dict[int, ReadCall]
    ) -> int | None:
        """Add to `found` what is listed of the wanted calls.

        Returns how many closed calls were listed, None if the list could not be read.
        """
        began = loop_time()
        calls = await self._read(server_id, closed)
        if calls is None:
            return None
        if closed is OPEN_ALONE:
            self.calls_read(self.community, calls, began)
        new = [each for each in calls.calls if each.call_id in wanted - found.keys()]
        try:
            made = await asyncio.to_thread(lambda: {each.call_id: ReadCall(each) for each in new})
        except Exception:  # what stands in a list is not ours, and must not end the process
            _log.exception("the call list cannot be compared")
            return None
        found |= made
        return sum(each.closed for each in calls.calls)

    async def _judge_all(
        self, items: list[WorkItem], found: dict[int, ReadCall], began: float, *, answered: bool
    ) -> None:
        for item in items:
            # Asked again of each, as a member may change one while another is judged.
            if item.record.state is NoteState.CHECKING and not item.busy:
                call = found.get(item.record.note.call_id)
                await self._judge(item, call, began, answered=answered)

    async def _read(self, server_id: int, closed: ClosedCalls) -> CallList | None:
        try:
            return await self.cad.get_calls(server_id, closed)
        except SonoranError as error:
            _log.warning("the call list cannot be read: %s", error)
            if isinstance(error, RateLimitedError):
                self.breaker.limited.add()
                if error.retry_after is not None:
                    self._hold_until = loop_time() + error.retry_after
        except Exception:
            _log.exception("reading the call list failed unexpectedly")
        return None

    async def _judge(
        self, item: WorkItem, call: ReadCall | None, began: float, *, answered: bool
    ) -> None:
        settled = began >= item.settled_at
        record = item.record
        verdict, confirmed_count = Verdict.UNKNOWN, 0
        if answered and call is not None:
            try:
                known = await with_retries(lambda: explained(self.database, record), self.timing)
                verdict, confirmed_count = await asyncio.to_thread(
                    judge,
                    call,
                    record.note,
                    sends=record.unconfirmed_sends,
                    explained=known,
                    settled=settled,
                )
            except Exception:  # what stands in a list, or a damaged file, must not keep others
                _log.exception("the call list told nothing of note %d", record.id)
        if item.record is not record:
            return  # a member was quicker
        match verdict:
            case Verdict.THERE:
                answer = added_text(record.note.call_id, record.note.text)
                await self.transitions.make(
                    item, NoteState.ADDED, answer=answer, confirmed_count=confirmed_count
                )
            case Verdict.NOT_THERE:
                await self.transitions.make(item, NoteState.QUEUED, failure=record.failure)
            case Verdict.UNKNOWN:
                counts = answered or self.breaker.allows_request
                await self._inconclusive(item, settled=settled, counts=settled and counts)

    async def _inconclusive(self, item: WorkItem, *, settled: bool, counts: bool) -> None:
        now = loop_time()
        item.inconclusive_polls += counts
        item.poll_at = now + 60.0 / self.limits.call_reads_per_minute
        if not settled:
            item.poll_at = max(item.settled_at, now)
        if item.inconclusive_polls >= INCONCLUSIVE_POLLS:
            await self.transitions.make(item, NoteState.UNCONFIRMED, failure=item.record.failure)
