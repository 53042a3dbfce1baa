"""Sends the notes whose turn it is, each stored as SENDING before its first byte goes."""

from __future__ import annotations

import asyncio
import logging
from contextlib import ExitStack
from dataclasses import dataclass, field

from bot.outbox.circuit_breaker import CircuitBreaker
from bot.outbox.errors import HeldUpError, OutOfOrderError, RateUsedError, StaleRevisionError
from bot.outbox.leases import Leases
from bot.outbox.limits import Limits
from bot.outbox.load_shedding import LoadShedder
from bot.outbox.models import Acknowledgement, NoteRecord
from bot.outbox.rate_limit import RateLimiter
from bot.outbox.repository import OutboxRepository
from bot.outbox.scheduler import FairScheduler
from bot.outbox.states import NoteState
from bot.outbox.stored_failure import Failure, failure_of
from bot.outbox.transitions import Transitions
from bot.outbox.work_queue import WorkItem, WorkQueue
from bot.sonoran import (
    CredentialsError,
    NoEffectError,
    OutcomeUnknownError,
    RateLimitedError,
    Reason,
    SonoranClient,
    SonoranError,
)
from bot.storage import StorageError
from bot.timing import Timing, end_tasks, loop_time, set_within

MOST_SENDS = 8
"""How many notes of a community are sent at the same time: several a second to a slow CAD, and with
thirty CADs that do not answer there are connections left for the others (`CONNECTIONS`)."""

MOST_TURNED_DOWN = 3
"""How often a note may be turned down for credentials that the CAD takes when it is asked, before
it is given up: something in front of the CAD, or the CAD server, does not want this very note."""

_log = logging.getLogger(__name__)


@dataclass(eq=False, repr=False, slots=True)
class Sender:
    """Sends notes of the work queue to the CAD and stores the outcome of each.

    `run` must be running, and the circuit breaker's too.
    """

    queue: WorkQueue
    store: OutboxRepository
    transitions: Transitions
    leases: Leases
    cad: SonoranClient
    breaker: CircuitBreaker
    load_shedder: LoadShedder
    limits: Limits
    timing: Timing
    last_refusal: tuple[Failure, float] | None = field(default=None, init=False)
    """What the last note met that the CAD answered, and when by the event loop's clock, if that
    was a refusal; None if it was added."""
    _rate_limiter: RateLimiter = field(init=False)
    _scheduler: FairScheduler = field(default_factory=FairScheduler, init=False)
    _sends: set[asyncio.Task[None]] = field(default_factory=set, init=False)
    _stores: set[asyncio.Task[None]] = field(default_factory=set, init=False)

    def __post_init__(self) -> None:
        limits = self.limits
        self._rate_limiter = RateLimiter(limits.notes_per_minute, limits.notes_burst)

    @property
    def used(self) -> int:
        """How many notes were sent in the last minute."""
        return self._rate_limiter.used

    async def run(self) -> None:
        """Send notes for ever; a cancellation lets those under way finish by themselves."""
        while True:
            await self._until_calm()
            while len(self._sends) >= MOST_SENDS:
                await asyncio.wait(set(self._sends), return_when=asyncio.FIRST_COMPLETED)
            self.queue.changed.clear()
            record = None
            if self.breaker.allows_request:
                record = self._scheduler.next(self.queue.sendable())
            if record is None or (item := self.queue.get(record.id)) is None:
                await self._news()
            elif self._rate_limiter.try_acquire():
                self._begin(item)
            else:
                await self._rate_limiter.free()

    async def acknowledged(self, item: WorkItem, acknowledgement: Acknowledgement) -> None:
        """Send a note whose member sees its message by now, or let it wait for its turn.

        One with nothing ahead of it is stored as SENDING at once. As most others soon are, one
        that waits is stored as QUEUED only after `Timing.store_queued`: until then, the next
        process would ask Discord for the acknowledgement.
        """
        item.acknowledgement = acknowledgement
        if not self.breaker.allows_request:
            await self._enqueue(item)
        elif self._may_go_first(item.record):
            self._begin(item)
        else:
            self.queue.put(item, item.record)
            self._store_later(item, self.timing.store_queued)

    def _may_go_first(self, record: NoteRecord) -> bool:
        """Whether a note is to be sent before it has waited at all; it is counted then."""
        return (
            self.load_shedder.calm.is_set()
            and len(self._sends) < MOST_SENDS
            and self.queue.can_go_first(record)
            and self._rate_limiter.try_acquire()
        )

    async def _until_calm(self) -> None:
        """Let others' acknowledgements go first, as Discord does not wait for them."""
        await set_within(self.load_shedder.calm, self.timing.longest_rush)

    def _begin(self, item: WorkItem) -> None:
        self._scheduler.record_turn(item.record)
        turn, failures = self.breaker.acquire_trial(), self.breaker.failure_count
        turn.enter_context(item.moving())
        send = asyncio.create_task(self._send(item, turn, failures))
        self._sends.add(send)
        send.add_done_callback(self._sends.discard)

    def _store_later(self, item: WorkItem, seconds: float) -> None:
        asyncio.get_running_loop().call_later(seconds, self._store_if_waiting, item)

    def _store_if_waiting(self, item: WorkItem) -> None:
        """Store an acknowledged note as QUEUED, in the background, if it still waits."""
        if self._waits_unstored(item):
            task = asyncio.create_task(self._store_waiting(item))
            self._stores.add(task)
            task.add_done_callback(self._stores.discard)

    async def _store_waiting(self, item: WorkItem) -> None:
        await self._until_calm()
        if self._waits_unstored(item):
            await self._enqueue(item)

    def _waits_unstored(self, item: WorkItem) -> bool:
        unstored = item.ready and item.record.state is NoteState.RECEIVED
        return unstored and not item.busy and self.queue.get(item.record.id) is item

    async def _enqueue(self, item: WorkItem) -> None:
        """Store an acknowledged note as QUEUED, however long the database takes.

        After an unexpected error that is tried again later, in the background.
        """
        with item.moving():
            try:
                record = await self.transitions.store(
                    item, NoteState.QUEUED, acknowledgement=item.acknowledgement
                )
            except StaleRevisionError as error:
                # Taken over by another process, which asks Discord for itself, and may have ended.
                _log.warning("note %d went on elsewhere before it was queued", item.record.id)
                await self.transitions.follow(item, error.record)
                return
            except Exception:
                _log.exception("note %d could not be queued", item.record.id)
                self._store_later(item, self.timing.begin_anew)
                return
        self.queue.put(item, record)
        if not self.breaker.allows_request:
            self.transitions.announce(item)

    async def finish(self, seconds: float) -> None:
        """Wait for what is under way, at most that long, then leave it to the next process."""
        for item in self.queue:
            self._store_if_waiting(item)
        await end_tasks(self._sends | self._stores, seconds)

    async def _news(self) -> None:
        """Wait until there may be something to send."""
        due = self.queue.next_try() if self.breaker.allows_request else None
        await set_within(self.queue.changed, None if due is None else due - loop_time())

    async def _send(self, item: WorkItem, turn: ExitStack, failures: int) -> None:
        """Send a note; whatever happens, the breaker and the queue go on with the others.

        Closing `turn` ends the breaker's trial, and that the note is busy.
        """
        with turn:
            try:
                if await self._start_sending(item, turn, failures):
                    await self._deliver(item)
            except Exception:
                _log.exception("note %d could not be sent", item.record.id)
                await self._hold_back(item, turn)

    async def _start_sending(self, item: WorkItem, turn: ExitStack, failures: int) -> bool:
        """Store a note as SENDING; returns whether it is to be delivered then.

        `failures` is the breaker's count when it was this note's turn.
        """
        began = loop_time()
        try:
            item.record = await self.store.transition(
                item.record,
                NoteState.SENDING,
                acknowledgement=item.acknowledgement,
                per_minute=self.limits.notes_per_minute,
            )
        except (StorageError, OutOfOrderError, RateUsedError) as error:
            level = logging.INFO if isinstance(error, RateUsedError) else logging.WARNING
            _log.log(level, "note %d is held back: %s", item.record.id, error)
            await self._hold_back(item, turn)
            return False
        except StaleRevisionError as error:
            if item.record.state is NoteState.RECEIVED:
                await self._hold_back(item, turn)
                return False
            turn.close()
            await self.transitions.follow(item, error.record)
            return False
        stale = loop_time() - began > self.timing.stale_send
        held_up = stale or not self.leases.held or self.breaker.failure_count > failures
        if held_up or not self.queue.may_send(item.record):
            turn.close()
            await self.transitions.make(item, NoteState.QUEUED)
            return False
        return True

    async def _hold_back(self, item: WorkItem, turn: ExitStack) -> None:
        """Let a note that could not be sent be tried again a little later, and others before."""
        item.not_before = loop_time() + self.timing.send_again
        turn.close()
        self.queue.changed.set()
        if item.record.state is NoteState.RECEIVED:
            await self._enqueue(item)

    async def _deliver(self, item: WorkItem) -> None:
        try:
            answer = await self._add(item.record)
        except HeldUpError:
            await self.transitions.make(item, NoteState.QUEUED)
        except OutcomeUnknownError as error:
            self.breaker.record_failure(error)
            item.start_settling(self.limits.settle_seconds)
            await self.transitions.make(item, NoteState.CHECKING, failure=failure_of(error))
        except (NoEffectError, RateLimitedError) as error:
            self.breaker.record_failure(error)
            await self.transitions.make(item, NoteState.QUEUED, failure=failure_of(error))
        except CredentialsError as error:
            self.last_refusal = failure_of(error), loop_time()
            self.breaker.record_failure(error)
            await self._turned_down(item, error)
        except SonoranError as error:
            self.last_refusal = failure_of(error), loop_time()
            self.breaker.record_success()
            # Refused now says nothing about an earlier send that may have been taken.
            doubt = item.record.unconfirmed_sends > 0
            target = NoteState.UNCONFIRMED if doubt else NoteState.REFUSED
            await self.transitions.make(item, target, failure=failure_of(error))
        else:
            self.last_refusal = None
            self.breaker.record_success()
            await self.transitions.make(item, NoteState.ADDED, answer=answer)

    async def _turned_down(self, item: WorkItem, error: CredentialsError) -> None:
        """Let a note wait for the credentials to be taken, or give it up if they are."""
        if self.breaker.credentials_pass and not error.remembered:
            item.turned_down += 1
        target = NoteState.QUEUED
        if item.turned_down >= MOST_TURNED_DOWN:
            doubt = item.record.unconfirmed_sends > 0
            target = NoteState.UNCONFIRMED if doubt else NoteState.FAILED
        await self.transitions.make(item, target, failure=failure_of(error))

    async def _add(self, record: NoteRecord) -> str:
        """Send a note; an unexpected error leaves it in doubt, as a lost answer does.

        Raises `HeldUpError` when it may be another process's by the time that it could go: the
        client lets other requests go before, and the process may be suspended meanwhile.
        """
        began = loop_time()

        def check() -> None:
            if not self.leases.held_since(began):
                raise HeldUpError

        try:
            return await self.cad.add_call_note(record.note, check=check)
        except (SonoranError, HeldUpError):
            raise
        except Exception as error:
            _log.exception("sending note %d failed unexpectedly", record.id)
            raise OutcomeUnknownError(Reason.UNCLEAR_REPLY) from error
