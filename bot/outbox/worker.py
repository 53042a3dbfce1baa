"""A community's notes from the moment they are accepted until nothing is left to do."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from bot.outbox.admission import Admission
from bot.outbox.circuit_breaker import CircuitBreaker
from bot.outbox.cleanup import Cleanup, Purge
from bot.outbox.errors import AccessRefusedError
from bot.outbox.expiry import Expiry
from bot.outbox.leases import Leases
from bot.outbox.limits import Limits, Pace
from bot.outbox.marks import Marks
from bot.outbox.models import Acknowledgement, NewNote, NoteRecord
from bot.outbox.presses import Presses
from bot.outbox.read_slots import ReadSlots
from bot.outbox.reconciler import Reconciler
from bot.outbox.recovery import OrphanRecovery
from bot.outbox.repository import OutboxRepository
from bot.outbox.retries import until_stored
from bot.outbox.sender import Sender
from bot.outbox.states import NoteState
from bot.outbox.stored_failure import Failure, failure_of
from bot.outbox.waiting import WaitingNotes
from bot.outbox.work_queue import WorkQueue
from bot.sonoran import CallList, SonoranClient
from bot.storage import UNUSABLE_AT_LAST, Database, StorageError, UnusableDatabaseError
from bot.timing import Timing

DAY_SECONDS = 86_400.0

_Result = TypeVar("_Result")
_log = logging.getLogger(__name__)


class OutboxWorker:
    """Accepts notes, sends them, looks for those in doubt, and gives up those out of time.

    `history_days` is how long finished notes are kept. `changed` is called with the record after
    every stored transition, and with a note recovered from a process that ended, whose message may
    be behind; one in the state RECEIVED may have been acknowledged or not. `waiting_notes` tells
    what is to become of the waiting notes of a guild. `purges` are as for `Cleanup`. `run` must be
    running once the database is open.
    """

    def __init__(
        self,
        database: Database,
        cad: SonoranClient,
        *,
        limits: Limits,
        history_days: int = 30,
        changed: Callable[[NoteRecord], None],
        waiting_notes: Callable[[int], WaitingNotes] = lambda _: WaitingNotes.SEND,
        calls_read: Callable[[CallList, float], None] = lambda _calls, _began: None,
        purges: Sequence[Purge] = (),
        timing: Timing = Timing(),
    ) -> None:
        owner = secrets.token_hex(8)
        self.store = OutboxRepository(database, owner)
        self._cad = cad
        self._limits = limits
        self._timing = timing
        self._history_seconds = history_days * DAY_SECONDS
        self._changed = changed
        self._leases = Leases(database, owner, self.store.rows, timing=timing)
        self._queue = WorkQueue(waiting_notes, limits=limits, ask_again=timing.ask_guild_again)
        self._breaker = CircuitBreaker(
            cad,
            self._queue.changed,
            first_pause=timing.first_probe_pause,
            longest_pause=limits.longest_pause_seconds,
        )
        self._admission = Admission(timing.admit_within)
        self.admit = self._admission.admit
        self._sender = Sender(
            self._queue,
            self.store,
            self._leases,
            cad,
            self._breaker,
            self._admission,
            limits,
            changed,
            timing,
        )
        self.read_slots = ReadSlots(database, limits.call_reads_per_minute)
        self._reconciler = Reconciler(
            self._queue,
            database,
            cad,
            self._sender,
            self._breaker,
            limits,
            self.read_slots,
            calls_read,
            timing,
        )
        self._expiry = Expiry(self._queue, self._sender, self._breaker, limits, timing)
        self._recovery = OrphanRecovery(
            self._queue,
            self._leases,
            self.store,
            self._breaker,
            limit=limits.waiting_notes,
            changed=changed,
            timing=timing,
        )
        self.marks = Marks(database, timing=timing)
        self.presses = Presses(
            self._queue,
            self.store,
            waiting_limit=limits.waiting_notes,
            changed=changed,
            timing=timing,
        )
        self._cleanup = Cleanup(database, self._history_seconds, purges, timing=timing)
        self._registered = asyncio.Event()
        self._forgetting: set[asyncio.Task[bool]] = set()

    @property
    def keeps_history(self) -> bool:
        """Whether finished notes are kept for looking back."""
        return self._history_seconds > 0

    @property
    def alone(self) -> bool:
        """Whether no other process can use the database."""
        return self._leases.alone

    @property
    def unreadable(self) -> int:
        """How many notes were set aside as their rows cannot be read."""
        return len(self.store.rows.unreadable)

    @property
    def held_back(self) -> bool:
        """Whether the CAD asked for a delay that is not over yet."""
        return self._breaker.held_back

    @property
    def last_failure(self) -> Failure | None:
        """Why the CAD takes no notes at the moment, None while it does."""
        return self._breaker.last_failure

    @property
    def pace(self) -> Pace:
        """How much of the CAD's limits is used."""
        return Pace(self._sender.used, self._limits.notes_per_minute, self._breaker.limited_count)

    @property
    def last_refusal(self) -> tuple[Failure, float] | None:
        """What the CAD refused the last note with and when, by the event loop's clock.

        None if it added the last note that it answered.
        """
        return self._sender.last_refusal

    def __len__(self) -> int:
        return len(self._queue)

    async def accept(
        self, new: NewNote, *, instead_of: int | None = None
    ) -> tuple[NoteRecord, float | None]:
        """Store a note before it is acknowledged; see `OutboxRepository.accept`.

        Raises `AccessRefusedError`, too, while the CAD's refusal of the credentials is confirmed.

        To be called within `admit`, which ends with the acknowledgement. Waits until the outbox
        knows of this process: the notes of one that it does not know count as left behind. A record
        in the state RECEIVED is to be followed by `acknowledged` or `withdraw`, in any case, by the
        same process.
        """
        if (refusal := self._cad.refusal) is not None:
            raise AccessRefusedError(failure_of(refusal))
        await self._registered.wait()
        if self._leases.age >= 2 * self._timing.heartbeat:
            # The database was away, so the lease may be over soon.
            await self._leases.heartbeat()
        record, ago = await self.store.accept(
            new, waiting_limit=self._limits.waiting_notes, instead_of=instead_of
        )
        if record.state is NoteState.RECEIVED:
            self._queue.track(record)
        return record, ago

    async def acknowledged(self, record: NoteRecord, acknowledgement: Acknowledgement) -> None:
        """Send or queue a note whose member sees the message that will tell its fate."""
        known = self._queue.get(record.id)
        if known is not None and (
            known.record.revision > record.revision or (known.acknowledgement and known.busy)
        ):
            return  # it has gone on already, or just does
        await self._sender.acknowledged(self._queue.track(record), acknowledgement)

    async def withdraw(self, record: NoteRecord) -> None:
        """Delete a note that was not acknowledged, unless it turns out to be queued."""
        if not await self._until_stored(lambda: self.store.withdraw(record.id)):
            await self._follow(record, await self._until_stored(lambda: self.store.get(record.id)))
        elif (item := self._queue.get(record.id)) is not None:
            self._queue.remove(item)

    def forget(self, note_id: int) -> None:
        """See to it that a note is not sent whose writing down was not confirmed in time."""
        task = asyncio.create_task(self._until_stored(lambda: self.store.withdraw(note_id)))
        self._forgetting.add(task)
        task.add_done_callback(self._forgetting.discard)

    async def run(self) -> None:
        """Deliver notes until cancelled; then `finish` is to be called.

        Raises `UnusableDatabaseError` when the database's file or tables are gone for good.
        """
        await self._until_stored(self._leases.register)
        self._registered.set()
        await self._until_stored(self._recovery.recover)
        loops = (
            self._breaker.run,
            self._sender.run,
            self._reconciler.run,
            self._expiry.run,
            self._housekeeping,
            self.marks.run,
            self._cleanup.run,
        )
        try:
            async with asyncio.TaskGroup() as group:
                for loop in loops:
                    group.create_task(self._kept_running(loop))
        except BaseExceptionGroup as errors:
            unusable = errors.subgroup(UnusableDatabaseError)
            if unusable is None:
                raise
            raise unusable.exceptions[0] from None

    async def _kept_running(self, loop: Callable[[], Awaitable[None]]) -> None:
        """Run one of the loops, and again after an unexpected error."""
        while True:
            try:
                await loop()
            except UnusableDatabaseError:
                raise
            except Exception:
                _log.exception("a part of the outbox failed and begins anew")
                await asyncio.sleep(self._timing.begin_anew)

    async def finish(self, seconds: float) -> None:
        """After `run` has ended: let the sends under way end, at most that long.

        Meanwhile this process keeps its lease, so that no other one takes them over.
        """
        heartbeats = asyncio.create_task(self._keep_lease())
        await self._sender.finish(seconds)
        heartbeats.cancel()
        forgetting = set(self._forgetting)
        for task in forgetting:
            task.cancel()  # the next process asks Discord instead
        if forgetting:
            await asyncio.wait(forgetting)

    async def hand_over(self) -> None:
        """Leave what is unfinished to the next process, if the database can be reached."""
        with contextlib.suppress(StorageError):
            await self.marks.flush()
        with contextlib.suppress(StorageError):
            await self._leases.release()

    async def _keep_lease(self) -> None:
        while True:
            with contextlib.suppress(StorageError):
                await self._leases.heartbeat()
            await asyncio.sleep(self._timing.heartbeat)

    async def _follow(self, record: NoteRecord, found: NoteRecord | None) -> None:
        """Go on from where a note was found that was thought to be RECEIVED still."""
        item = self._queue.get(record.id) or self._queue.track(record)
        if not item.busy:  # else it came back, and is being moved
            await self._sender.follow(item, found)

    async def _housekeeping(self) -> None:
        """Renew the lease, and recover the notes of processes that ended."""
        alone, shared = self._timing.recovery_interval_alone, self._timing.recovery_interval
        unusable = 0
        while True:
            pause = alone if self._leases.alone else shared
            try:
                if self._leases.age >= self._timing.heartbeat:
                    await self._leases.heartbeat()
                await self._recovery.recover()
                await self.presses.settle_doubts()
                unusable = 0
            except StorageError as error:
                _log.warning("the lease cannot be renewed, nor notes recovered: %s", error)
                unusable = unusable + 1 if isinstance(error, UnusableDatabaseError) else 0
                if unusable == UNUSABLE_AT_LAST:
                    raise
                pause = shared
            await asyncio.sleep(pause)

    async def _until_stored(self, operation: Callable[[], Awaitable[_Result]]) -> _Result:
        return await until_stored(operation, self._timing)
