"""The unfinished notes that this process looks after, in memory."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bot.outbox.models import NoteRecord
from bot.outbox.states import RECEIVED_SECONDS, NoteState
from bot.outbox.waiting import WaitingNotes

ASK_AGAIN_SECONDS = 0.5
"""The pause before it is asked again whether a guild's notes may be sent."""


@dataclass(eq=False, slots=True)
class Tracked:
    """One note on the desk; times are of the process's monotonic clock, in seconds.

    It came at `since`; at `deadline` it is given up; before `not_before` it is not tried. From
    `settled_at` on a reading of the call list can prove that it is not there, at `check_at` the
    next one is due; `readings` counts the settled ones that told nothing. `busy` while a move is
    being made; `announced` when its member was told that it waits.
    """

    record: NoteRecord
    since: float
    deadline: float
    not_before: float = 0.0
    settled_at: float = 0.0
    check_at: float = 0.0
    readings: int = 0
    busy: bool = False
    announced: bool = False


class Desk:
    """Holds at most as many notes as may wait; the rest of the journal stays in the database.

    `waiting_notes` tells what is to become of the waiting notes of a guild, by its id.
    """

    def __init__(
        self, waiting_notes: Callable[[int], WaitingNotes] = lambda _: WaitingNotes.SEND
    ) -> None:
        self._waiting_notes = waiting_notes
        self._notes: dict[int, Tracked] = {}
        self.changed = asyncio.Event()
        """Set whenever there may be something new to do; whoever waits for it clears it."""
        self.to_check = asyncio.Event()
        """The same for notes that are to be looked for in the call list."""

    def __contains__(self, note_id: int) -> bool:
        return note_id in self._notes

    def __len__(self) -> int:
        return len(self._notes)

    def __iter__(self) -> Iterator[Tracked]:
        return iter(list(self._notes.values()))

    def put(self, tracked: Tracked, record: NoteRecord) -> bool:
        """Keep a note's newest record, or forget the note when nothing is left to do.

        Returns False, with nothing changed, when the note has come back with a newer one.
        """
        other = self._notes.get(record.id)
        if other is not None and other.record.revision > record.revision:
            return False
        tracked.record = record
        if record.state.waiting:
            self._notes[record.id] = tracked
        else:
            self._notes.pop(record.id, None)
        self.changed.set()
        self.to_check.set()
        return True

    def get(self, note_id: int) -> Tracked | None:
        """Return a note on the desk."""
        return self._notes.get(note_id)

    def forget(self, tracked: Tracked) -> None:
        """Take a note off the desk; somebody else has it.

        When it has come back meanwhile, its new entry stays.
        """
        if self._notes.get(tracked.record.id) is tracked:
            del self._notes[tracked.record.id]
        self.changed.set()

    def sendable(self) -> list[NoteRecord]:
        """Return the notes that may be sent now: of each call, only the first one waiting."""
        now = time.monotonic()
        return [
            tracked.record
            for tracked in self._first_of_each_call()
            if tracked.record.state is NoteState.QUEUED
            and not tracked.busy
            and tracked.not_before <= now < tracked.deadline
            and self.may_send(tracked.record)
        ]

    def next_try(self) -> float | None:
        """Return when, by the monotonic clock, a note that is held back may be tried.

        Whether a guild's notes may be sent is asked again every `ASK_AGAIN_SECONDS`.
        """
        now = time.monotonic()
        times = [
            tracked.not_before
            if self.may_send(tracked.record)
            else max(tracked.not_before, now + ASK_AGAIN_SECONDS)
            for tracked in self._first_of_each_call()
            if tracked.record.state is NoteState.QUEUED
            and not tracked.busy
            and now < tracked.deadline
        ]
        return min(times, default=None)

    def may_send(self, record: NoteRecord) -> bool:
        """Whether the guild's waiting notes are to be sent."""
        return self._waiting_notes(record.guild_id) is WaitingNotes.SEND

    def to_withdraw(self, tracked: Tracked) -> bool:
        """Whether a note is to be cancelled, as its guild's waiting notes are withdrawn."""
        return (
            tracked.record.state in (NoteState.QUEUED, NoteState.CHECKING)
            and not tracked.busy
            and self._waiting_notes(tracked.record.guild_id) is WaitingNotes.WITHDRAW
        )

    def checking(self) -> list[Tracked]:
        """Return the notes that are to be looked for in the call list."""
        return [
            tracked
            for tracked in self._notes.values()
            if tracked.record.state is NoteState.CHECKING and not tracked.busy
        ]

    def _first_of_each_call(self) -> list[Tracked]:
        first: dict[tuple[int, int], Tracked] = {}
        overdue = time.monotonic() - RECEIVED_SECONDS
        for tracked in self._notes.values():
            if tracked.record.state is NoteState.RECEIVED and tracked.since <= overdue:
                continue
            other = first.get(tracked.record.call)
            if other is None or tracked.record.position < other.record.position:
                first[tracked.record.call] = tracked
        return list(first.values())
