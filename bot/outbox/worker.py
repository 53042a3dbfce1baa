"""All notes from the moment they are accepted until nothing is left to do."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from bot.observer import Observer
from bot.outbox.cleanup import LEAST_KEPT_SECONDS, Cleanup, Purge
from bot.outbox.deliveries import Deliveries
from bot.outbox.delivery import Delivery, keep_running
from bot.outbox.errors import AccessRefusedError
from bot.outbox.history import NoteHistory
from bot.outbox.leases import Leases
from bot.outbox.limits import Limits
from bot.outbox.load_shedding import LoadShedder
from bot.outbox.member_actions import MemberActions
from bot.outbox.models import Acknowledgement, NewNote, NoteRecord
from bot.outbox.read_slots import ReadSlots
from bot.outbox.reconciler import CallsRead
from bot.outbox.recovery import OrphanRecovery
from bot.outbox.repository import OutboxRepository
from bot.outbox.retries import with_retries
from bot.outbox.shown_marks import ShownMarks
from bot.outbox.states import NoteState
from bot.outbox.stored_failure import Failure, failure_of
from bot.outbox.upkeep import Upkeep
from bot.outbox.waiting import WaitingNotes
from bot.sonoran import SonoranClient
from bot.storage import Database, StorageError
from bot.timing import Timing, end_tasks

DAY_SECONDS = 86_400.0

_Result = TypeVar("_Result")
_log = logging.getLogger(__name__)


class OutboxWorker:
    """Accepts notes, sends them, looks for those in doubt, and gives up those out of time.

    `history_days` is how long finished notes are kept. `changed` is called with the record after
    every stored transition, and with a note recovered from a process that ended, whose message may
    be behind; one in the state RECEIVED may have been acknowledged or not. `cad_for` returns a
    community's CAD, and `waiting_notes` what is to become of a waiting note. `calls_read` takes the
    live calls that are read for notes in doubt, `purges` are as for `Cleanup`, and `observer` as
    for `OutboxRepository`. `run` must be running once the database is open.
    """

    def __init__(
        self,
        database: Database,
        cad_for: Callable[[str], SonoranClient],
        *,
        limits: Limits,
        history_days: int,
        changed: Callable[[NoteRecord], None],
        waiting_notes: Callable[[NoteRecord], WaitingNotes],
        calls_read: CallsRead,
        purges: Sequence[Purge],
        observer: Observer,
        timing: Timing,
    ) -> None:
        self.owner = owner = secrets.token_hex(8)
        """This process's id in the leases."""
        history_seconds = history_days * DAY_SECONDS
        kept_seconds = max(history_seconds, LEAST_KEPT_SECONDS)
        self.store = OutboxRepository(database, owner, observer=observer, kept_seconds=kept_seconds)
        self.history = NoteHistory(database, self.store.rows, kept=history_days > 0)
        self._database = database
        self._limits = limits
        self._timing = timing
        self._read_slots: dict[str, ReadSlots] = {}
        self._changed = changed
        self._leases = Leases(database, owner, self.store.rows, timing=timing)
        self._load_shedder = LoadShedder(timing.admit_within)
        self.admit = self._load_shedder.admit
        self.deliveries = Deliveries(
            lambda community: Delivery(
                community,
                cad_for(community),
                database=database,
                store=self.store,
                leases=self._leases,
                load_shedder=self._load_shedder,
                limits=limits,
                changed=changed,
                waiting_notes=waiting_notes,
                read_slots=self.read_slots(community),
                calls_read=calls_read,
                timing=timing,
            ),
            timing,
        )
        recovery = OrphanRecovery(
            self.deliveries,
            self._leases,
            self.store,
            limit=limits.waiting_limit,
            changed=changed,
            timing=timing,
        )
        self.marks = ShownMarks(database, timing=timing)
        self.member_actions = MemberActions(
            self.deliveries,
            self.store,
            waiting_limit=limits.waiting_limit,
            changed=changed,
            timing=timing,
        )
        self._upkeep = Upkeep(self._leases, recovery, self.member_actions, timing)
        self._cleanup = Cleanup(database, history_seconds, purges, timing=timing)
        self._discarding: set[asyncio.Task[bool]] = set()

    def read_slots(self, community: str) -> ReadSlots:
        """Return the reads of a community's call list, which all that read it share."""
        per_minute = self._limits.call_reads_per_minute
        return self._read_slots.setdefault(
            community, ReadSlots(self._database, community, per_minute)
        )

    @property
    def alone(self) -> bool:
        """Whether no other process can use the database."""
        return self._leases.alone

    @property
    def lease_held(self) -> bool:
        """Whether no other process can have taken over by now what this one owns."""
        return self._leases.held

    @property
    def storage_trouble(self) -> StorageError | None:
        """Why nothing can be stored, as when the lease was renewed last; None if it can."""
        return self._leases.trouble

    async def try_storage(self) -> None:
        """Find out now whether something can be stored, for `storage_trouble`.

        Until the lease is taken, the tries to take it tell.
        """
        if self._upkeep.registered.is_set():
            with contextlib.suppress(StorageError):
                await self._leases.heartbeat()

    async def registered(self) -> None:
        """Wait until the other processes know of this one."""
        await self._upkeep.registered.wait()

    @property
    def unreadable(self) -> int:
        """How many notes were set aside as their rows cannot be read."""
        return len(self.store.rows.unreadable)

    def last_failure(self, community: str) -> Failure | None:
        """Return why a community's CAD takes no notes at the moment, None while it does."""
        delivery = self.deliveries.known(community)
        return None if delivery is None else delivery.breaker.last_failure

    @property
    def longest_wait(self) -> float:
        """For how many seconds the oldest unfinished note has been there, 0 without any."""
        return max((item.waited for item in self.deliveries.items()), default=0.0)

    @property
    def waiting_count(self) -> int:
        """How many unfinished notes this process has."""
        return sum(len(delivery.queue) for delivery in self.deliveries)

    async def accept(
        self, new: NewNote, *, instead_of: int | None = None
    ) -> tuple[NoteRecord, float | None]:
        """Store a note before it is acknowledged; see `OutboxRepository.accept`.

        Raises `AccessRefusedError`, too, while the CAD's refusal of the credentials is confirmed.

        To be called within `admit`, which ends with the acknowledgement. Waits until the outbox
        knows of this process: the notes of one that it does not know count as left behind. A record
        in the state RECEIVED is to be followed by `acknowledged` or `discard`, in any case, by the
        same process.
        """
        if (refusal := self.deliveries.of(new.community).cad.refusal) is not None:
            raise AccessRefusedError(failure_of(refusal), new.community)
        await self._upkeep.registered.wait()
        if self._leases.age >= 2 * self._timing.heartbeat:
            # The database was away, so the lease may be over soon.
            await self._leases.heartbeat()
        record, ago = await self.store.accept(
            new, waiting_limit=self._limits.waiting_limit, instead_of=instead_of
        )
        if record.state is NoteState.RECEIVED:
            self.deliveries.of(record.community).queue.track(record)
        return record, ago

    async def acknowledged(self, record: NoteRecord, acknowledgement: Acknowledgement) -> None:
        """Send or queue a note whose member sees the message that will show its outcome."""
        delivery = self.deliveries.of(record.community)
        known = delivery.queue.get(record.id)
        if known is not None and (
            known.record.revision > record.revision or (known.acknowledgement and known.busy)
        ):
            return  # it has gone on already, or just does
        item = delivery.queue.track(record)
        if known is not None:  # the token that its message may need is as old as the command
            item.deadline = known.deadline
        await delivery.sender.acknowledged(item, acknowledgement)

    async def discard(self, record: NoteRecord) -> None:
        """Delete a note that was not acknowledged, unless it turns out to be queued."""
        if not await self._with_retries(lambda: self.store.discard(record.id)):
            await self._follow(record, await self._with_retries(lambda: self.store.get(record.id)))
        elif (item := self.deliveries.item(record)) is not None:
            self.deliveries.of(record.community).queue.remove(item)

    def discard_later(self, note_id: int) -> None:
        """Discard, in the background, a note whose storing was not confirmed in time."""
        task = asyncio.create_task(self._with_retries(lambda: self.store.discard(note_id)))
        self._discarding.add(task)
        task.add_done_callback(self._discarding.discard)

    async def run(self) -> None:
        """Deliver notes until cancelled; then `finish` is to be called.

        Raises `UnusableDatabaseError` when the database's file or tables are gone for good.
        """
        loops = (self._deliver, self.marks.run, self._cleanup.run)
        tasks = [asyncio.create_task(keep_running(loop, self._timing)) for loop in loops]
        try:
            await keep_running(self._upkeep.run, self._timing)  # the only one that can end
        finally:
            await end_tasks(tasks)

    async def _deliver(self) -> None:
        await self._upkeep.recovery_tried.wait()  # so that one read serves all notes in doubt
        await self.deliveries.run()

    async def finish(self, seconds: float) -> None:
        """After `run` has ended: let the sends under way end, at most that long.

        Meanwhile this process keeps its lease, so that no other one takes them over.
        """
        heartbeats = asyncio.create_task(self._upkeep.keep_lease())
        await self.deliveries.finish(seconds)
        await end_tasks({heartbeats, *self._discarding})  # the next process asks Discord instead

    async def hand_over(self) -> None:
        """Leave what is unfinished to the next process, if the database can be reached."""
        for step in (self.marks.flush, self._leases.release):
            try:
                await step()
            except StorageError:
                pass
            except Exception:  # the stop goes on
                _log.exception("handing over failed unexpectedly")

    async def _follow(self, record: NoteRecord, found: NoteRecord | None) -> None:
        """Go on from where a note was found that was thought to be RECEIVED still."""
        delivery = self.deliveries.of(record.community)
        item = delivery.queue.get(record.id) or delivery.queue.track(record)
        if not item.busy:  # else it came back, and is being moved
            await delivery.transitions.follow(item, found)

    async def _with_retries(self, operation: Callable[[], Awaitable[_Result]]) -> _Result:
        return await with_retries(operation, self._timing)
