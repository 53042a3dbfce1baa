"""Looks in the CAD's call list for notes that were sent without an answer."""

from __future__ import annotations

import asyncio
import logging
import time

from bot.outbox.circuit_breaker import Line
from bot.outbox.leases import Custody
from bot.outbox.ledger import explained
from bot.outbox.limits import Limits
from bot.outbox.matching import Verdict, judge
from bot.outbox.sender import Sender, until_stored
from bot.outbox.states import NoteState
from bot.outbox.work_queue import Desk, Tracked
from bot.sonoran import CallList, RateLimitedError, SonoranClient, SonoranError
from bot.storage import Database, StorageError

FIRST_LOOK_SECONDS = 2.0
"""The pause between an uncertain send and the first look, which can only find the note."""

READINGS = 3
"""How many settled looks may tell nothing before the note is given up as unconfirmed, so that
the notes behind it for the same call do not wait for a quarter of an hour. In an outage, when
they could not go either, a look that fails does not count."""

_log = logging.getLogger(__name__)


class Checker:
    """The one reader of the call list.

    Each read serves all notes in doubt on that CAD server, and all processes together keep to
    `Limits.call_reads_per_minute`; a delay that the CAD asks for is waited out in full. `run` must
    be running.
    """

    def __init__(
        self,
        desk: Desk,
        custody: Custody,
        database: Database,
        cad: SonoranClient,
        sender: Sender,
        line: Line,
        limits: Limits,
    ) -> None:
        self._desk = desk
        self._custody = custody
        self._database = database
        self._cad = cad
        self._sender = sender
        self._line = line
        self._per_minute = limits.call_reads_per_minute
        self._first_look = min(FIRST_LOOK_SECONDS, limits.settle_seconds / 2)
        self._hold_until = 0.0

    def expect(self, tracked: Tracked, *, at_once: bool = False) -> None:
        """Plan the first look for a note that came into doubt."""
        tracked.check_at = time.monotonic() + (0.0 if at_once else self._first_look)
        self._desk.to_check.set()

    async def run(self) -> None:
        """Look for notes in doubt, for ever."""
        while True:
            server_id = await self._next_server()
            try:
                wait = await self._custody.take_read(self._per_minute)
            except StorageError:
                wait = 1.0
            if wait:
                await asyncio.sleep(wait)
                continue
            await self._look(server_id)

    async def _next_server(self) -> int:
        """Wait until a look is due and return the CAD server that it is due on."""
        while True:
            self._desk.to_check.clear()
            for tracked in self._desk.checking():
                if not tracked.check_at:
                    self.expect(tracked)
            due = min(self._desk.checking(), key=lambda each: each.check_at, default=None)
            if due is None:
                await self._desk.to_check.wait()
                continue
            pause = max(due.check_at, self._hold_until) - time.monotonic()
            if pause <= 0:
                return due.record.note.server_id
            try:
                async with asyncio.timeout(pause):
                    await self._desk.to_check.wait()
            except TimeoutError:
                continue

    async def _look(self, server_id: int) -> None:
        began = time.monotonic()
        calls = await self._read(server_id)
        for tracked in self._desk.checking():
            # Asked again of each, as a button may move one while another is judged.
            in_doubt = tracked.record.state is NoteState.CHECKING and not tracked.busy
            if in_doubt and tracked.record.note.server_id == server_id:
                await self._judge(tracked, calls, began)

    async def _read(self, server_id: int) -> CallList | None:
        try:
            return await self._cad.get_calls(server_id)
        except SonoranError as error:
            _log.warning("the call list cannot be read: %s", error)
            if isinstance(error, RateLimitedError) and error.retry_after is not None:
                self._hold_until = time.monotonic() + error.retry_after
        except Exception:
            _log.exception("reading the call list failed unexpectedly")
        return None

    async def _judge(self, tracked: Tracked, calls: CallList | None, began: float) -> None:
        settled = began >= tracked.settled_at
        record = tracked.record
        verdict, there = Verdict.UNKNOWN, 0
        if calls is not None:
            known = await until_stored(lambda: explained(self._database, record))
            try:
                verdict, there = judge(
                    calls.find(record.note.call_id),
                    record.note,
                    sends=record.uncertain,
                    explained=known,
                    settled=settled,
                )
            except Exception:  # what stands in a list is not ours, and must not end the process
                _log.exception("the call list told nothing of note %d", record.id)
        if tracked.record is not record:
            return  # a button was quicker
        match verdict:
            case Verdict.THERE:
                note = record.note
                answer = f"NOTE '{note.text}' added to call #{note.call_id}"
                await self._sender.record(tracked, NoteState.ADDED, answer=answer, there=there)
            case Verdict.NOT_THERE:
                await self._sender.record(tracked, NoteState.QUEUED, cause=record.cause)
            case Verdict.UNKNOWN:
                counts = calls is not None or self._line.may_go
                await self._nothing_told(tracked, settled=settled, counts=settled and counts)

    async def _nothing_told(self, tracked: Tracked, *, settled: bool, counts: bool) -> None:
        now = time.monotonic()
        tracked.readings += counts
        tracked.check_at = now + 60.0 / self._per_minute
        if not settled:
            tracked.check_at = max(tracked.settled_at, now)
        if tracked.readings >= READINGS:
            await self._sender.record(tracked, NoteState.UNCONFIRMED, cause=tracked.record.cause)
