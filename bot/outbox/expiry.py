"""Gives notes up whose time is over or whose guild is gone, and has those shown that wait."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from bot.outbox.circuit_breaker import Line
from bot.outbox.limits import Limits
from bot.outbox.models import NoteRecord
from bot.outbox.sender import Sender
from bot.outbox.states import NoteState
from bot.outbox.work_queue import Desk, Tracked

TICK_SECONDS = 0.5
"""How often the notes are looked at."""

ANNOUNCE_SECONDS = 2.5
"""How long a note may wait for its turn before its member is told that it does."""

LAST_READING = 0.5
"""How long after its settling, as a part of that time, a note that was sent not long before it was
to be given up is still looked for; with the usual limits 30 s, in which a reading falls."""

GRACE_SECONDS = 45.0
"""The longest that this may take: what became of the note is to be said while the interaction's
token is good, as nothing else may lead to the message."""


class Deadlines:
    """Watches over how long the notes on the desk have waited.

    `changed` is called with a note that is to be shown as waiting. `run` must be running.
    """

    def __init__(
        self,
        desk: Desk,
        sender: Sender,
        line: Line,
        limits: Limits,
        changed: Callable[[NoteRecord], None],
    ) -> None:
        self._desk = desk
        self._sender = sender
        self._line = line
        self._settle_seconds = limits.settle_seconds
        self._changed = changed

    async def run(self) -> None:
        """Give notes up and announce them, for ever."""
        while True:
            now = time.monotonic()
            for tracked in self._desk:
                if self._desk.to_withdraw(tracked):
                    await self._withdraw(tracked)
                elif self._given_up_at(tracked) <= now and not tracked.busy:
                    await self._give_up(tracked)
                elif _waits_silently(tracked, now):
                    self.announce(tracked)
            await asyncio.sleep(TICK_SECONDS)

    def announce(self, tracked: Tracked) -> None:
        """Let a note be shown as queued, once, before anything has become of it."""
        tracked.announced = True
        self._changed(tracked.record)

    def _given_up_at(self, tracked: Tracked) -> float:
        """Return when a note is given up; one in doubt gets a reading that can tell first."""
        if tracked.record.state is not NoteState.CHECKING:
            return tracked.deadline
        last_reading = tracked.settled_at + self._settle_seconds * LAST_READING
        return min(max(tracked.deadline, last_reading), tracked.deadline + GRACE_SECONDS)

    async def _withdraw(self, tracked: Tracked) -> None:
        record = tracked.record
        await self._sender.record(tracked, NoteState.CANCELLED, cause=record.cause)

    async def _give_up(self, tracked: Tracked) -> None:
        record = tracked.record
        cause = record.cause or self._line.problem
        if record.state is NoteState.QUEUED and not record.uncertain:
            await self._sender.record(tracked, NoteState.FAILED, cause=cause)
        elif record.state in (NoteState.QUEUED, NoteState.CHECKING):
            await self._sender.record(tracked, NoteState.UNCONFIRMED, cause=cause)


def _waits_silently(tracked: Tracked, now: float) -> bool:
    return (
        tracked.record.state is NoteState.QUEUED
        and not tracked.announced
        and now - tracked.since >= ANNOUNCE_SECONDS
    )
