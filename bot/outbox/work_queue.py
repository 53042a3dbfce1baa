"""The unfinished notes of this process, in memory."""

from __future__ import annotations

import asyncio
from bisect import insort
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bot.outbox.limits import Limits
from bot.outbox.models import Acknowledgement, NoteRecord
from bot.outbox.states import RECEIVED_SECONDS, NoteState
from bot.outbox.waiting import WaitingNotes
from bot.timing import loop_time

FINISHED_NOTES = 1000
"""How many finished notes are kept: those of a quarter of an hour, at one a second."""


@dataclass(eq=False, repr=False, slots=True)
class WorkItem:
    """One note in the work queue; times are of the event loop's clock, in seconds.

    It was last taken up at `enqueued_at`; this process has had it without a break since
    `known_since`. At `deadline` it is given up; before `not_before` it is not tried. A poll of the
    call list begun from `settled_at` on can prove that it is not there; the next poll is due at
    `poll_at`; `inconclusive_polls` counts settled polls without a result. `turned_down` counts the
    sends that were answered with a refusal of the credentials which the cheapest read did not
    confirm. `busy` counts the transitions being made; `announced` when its member was told that it
    waits. `acknowledgement` is what a note in the state RECEIVED is to be stored with when it goes
    on. `may_have_ended` is whether it may have been finished before it was taken up.
    """

    record: NoteRecord
    enqueued_at: float
    deadline: float
    known_since: float = 0.0
    not_before: float = 0.0
    settled_at: float = 0.0
    poll_at: float = 0.0
    inconclusive_polls: int = 0
    turned_down: int = 0
    busy: int = 0
    announced: bool = False
    acknowledgement: Acknowledgement | None = None
    may_have_ended: bool = False

    @property
    def accepted(self) -> bool:
        """Whether its acknowledgement is known, so that it keeps its place while it waits."""
        return self.record.state is not NoteState.RECEIVED or self.acknowledgement is not None

    @property
    def ready(self) -> bool:
        """Whether it waits for its turn: as QUEUED, or acknowledged and not stored as that yet."""
        return self.accepted and self.record.state in (NoteState.RECEIVED, NoteState.QUEUED)

    @property
    def waited(self) -> float:
        """For how many seconds it has been in the queue."""
        return loop_time() - self.enqueued_at

    @contextmanager
    def moving(self) -> Iterator[None]:
        """Count it as busy until the end of the block, which may overlap with others."""
        self.busy += 1
        try:
            yield
        finally:
            self.busy -= 1

    def start_settling(self, seconds: float) -> None:
        """Count its polls anew; only those begun `seconds` from now can prove it absent."""
        self.settled_at = loop_time() + seconds
        self.poll_at = 0.0
        self.inconclusive_polls = 0


class WorkQueue:
    """Holds at most as many notes as may wait; the rest of the outbox stays in the database.

    `limits` say how long a note is tried. `waiting_notes` tells what is to become of a waiting
    note; it is asked again every `ask_again` seconds.
    """

    def __init__(
        self,
        waiting_notes: Callable[[NoteRecord], WaitingNotes],
        *,
        limits: Limits,
        ask_again: float,
    ) -> None:
        self._waiting_notes = waiting_notes
        self._limits = limits
        self._ask_again = ask_again
        self._notes: dict[int, WorkItem] = {}
        self._ready: set[int] = set()
        self._calls: defaultdict[tuple[int, int], list[WorkItem]] = defaultdict(list)
        self.last_left = loop_time()
        """When, by the event loop's clock, a note left the queue last, or this was made."""
        self.finished: OrderedDict[int, WorkItem] = OrderedDict()
        """The latest `FINISHED_NOTES` notes that were finished, in case the database loses them."""
        self.changed = asyncio.Event()
        """Set whenever there may be something new to do; the sender clears it."""
        self.reconcile_changed = asyncio.Event()
        """The same for notes that are to be looked for in the call list."""

    def __len__(self) -> int:
        return len(self._notes)

    def __iter__(self) -> Iterator[WorkItem]:
        return iter(list(self._notes.values()))

    def track(self, record: NoteRecord, *, age: float = 0.0, at_once: bool = False) -> WorkItem:
        """Take a note up whose present round of tries began `age` seconds ago.

        One in doubt is polled for `at_once`, or after `Timing.first_poll`.
        """
        now = loop_time()
        give_up = self._limits.give_up_seconds
        known = self._notes.get(record.id)
        item = WorkItem(
            record,
            enqueued_at=now,
            deadline=now + min(max(give_up - age, 0.0), give_up),
            known_since=now if known is None else known.known_since,
            may_have_ended=record.state is not NoteState.RECEIVED,
        )
        if record.state is NoteState.CHECKING:
            item.settled_at = now + self._limits.settle_seconds
            item.poll_at = now if at_once else 0.0
        self.put(item, record)
        return item

    def put(self, item: WorkItem, record: NoteRecord) -> bool:
        """Keep a note's newest record, or forget the note when nothing is left to do.

        Returns False, with nothing changed, when the note has come back with a newer one.
        """
        other = self._notes.get(record.id)
        if other is not None and other.record.revision > record.revision:
            return False
        self._take_out(record.id)
        item.record = record
        if record.state.waiting:
            self._notes[record.id] = item
            insort(self._calls[record.call], item, key=lambda each: each.record.position)
            if item.ready:
                self._ready.add(record.id)
        else:
            self.last_left = loop_time()
            self.finished[record.id] = item
            if len(self.finished) > FINISHED_NOTES:
                self.finished.popitem(last=False)
        self._tell_news()
        if record.state is NoteState.CHECKING:
            self.reconcile_changed.set()
        return True

    def get(self, note_id: int) -> WorkItem | None:
        """Return a note in the work queue."""
        return self._notes.get(note_id)

    def remove(self, item: WorkItem) -> None:
        """Take a note off the work queue; another process has it.

        When it has come back meanwhile, its new entry stays.
        """
        if self._notes.get(item.record.id) is item:
            self.last_left = loop_time()
            self._take_out(item.record.id)
        self._tell_news()

    def _tell_news(self) -> None:
        if self._ready:
            self.changed.set()

    def _take_out(self, note_id: int) -> None:
        item = self._notes.pop(note_id, None)
        if item is None:
            return
        self._ready.discard(note_id)
        call = item.record.call
        self._calls[call].remove(item)
        if not self._calls[call]:
            del self._calls[call]

    def can_go_first(self, record: NoteRecord) -> bool:
        """Whether a note may be sent without waiting for any other: none has to wait already."""
        alone = len(self._calls.get(record.call, ())) == 1
        return not self._ready and alone and self.may_send(record)

    def sendable(self) -> list[NoteRecord]:
        """Return the notes that may be sent now: of each call, only the first one waiting."""
        now = loop_time()
        records = [
            item.record
            for item in self._first_of_each_call()
            if item.ready and not item.busy and item.not_before <= now < item.deadline
        ]
        one_of_each_guild = {record.guild_id: record for record in records}.values()
        guild_ids = {record.guild_id for record in one_of_each_guild if self.may_send(record)}
        return [record for record in records if record.guild_id in guild_ids]

    def next_try(self) -> float | None:
        """Return when, by the event loop's clock, a note that is held back may be tried."""
        now = loop_time()
        times = []
        for item in self._first_of_each_call():
            if item.accepted:
                if item.ready and not item.busy and now < item.deadline:
                    asked = now if self.may_send(item.record) else now + self._ask_again
                    times.append(max(item.not_before, asked))
            else:  # which holds up others only so long
                times.append(item.enqueued_at + RECEIVED_SECONDS)
        return min(times, default=None)

    def may_send(self, record: NoteRecord) -> bool:
        """Whether the guild's waiting notes are to be sent."""
        return self._waiting_notes(record) is WaitingNotes.SEND

    def to_withdraw(self, item: WorkItem) -> bool:
        """Whether a note is to be cancelled, as its guild's waiting notes are withdrawn."""
        return (
            item.record.state in (NoteState.QUEUED, NoteState.CHECKING)
            and not item.busy
            and self._waiting_notes(item.record) is WaitingNotes.WITHDRAW
        )

    def to_reconcile(self) -> list[WorkItem]:
        """Return the notes that are to be looked for in the call list."""
        return [
            item
            for item in self._notes.values()
            if item.record.state is NoteState.CHECKING and not item.busy
        ]

    def _first_of_each_call(self) -> Iterator[WorkItem]:
        overdue = loop_time() - RECEIVED_SECONDS
        for items in self._calls.values():
            for item in items:
                if item.accepted or item.enqueued_at > overdue:
                    yield item
                    break
