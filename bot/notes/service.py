"""Everything about notes in one process: the outbox, its worker, and the status messages."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence

import discord

from bot.calls.live_calls import LiveCalls
from bot.interactions.discord_answers import RouteDelays
from bot.notes.composer import NoteComposer
from bot.notes.status_updater import StatusUpdater
from bot.observer import Observer
from bot.outbox import CallsRead, Limits, NoteRecord, OutboxWorker, Purge, WaitingNotes
from bot.sonoran import SonoranClient
from bot.storage import Database
from bot.timing import Timing, end_tasks, loop_time


class NoteService:
    """Delivers notes and keeps their messages up to date, across connections to Discord.

    `post_to_log_channel`, `composer`, `live_calls` and `delays` are as for `StatusUpdater`,
    `cad_for`, `waiting_notes`, `calls_read`, `purges` and `observer` as for `OutboxWorker`. Nothing
    is delivered unless `run` is running.
    """

    def __init__(
        self,
        database: Database,
        cad_for: Callable[[str], SonoranClient],
        *,
        limits: Limits,
        history_days: int,
        post_to_log_channel: Callable[[discord.Client, NoteRecord], Awaitable[bool]],
        composer: NoteComposer,
        live_calls: LiveCalls,
        delays: RouteDelays,
        waiting_notes: Callable[[NoteRecord], WaitingNotes],
        calls_read: CallsRead,
        purges: Sequence[Purge],
        observer: Observer,
        timing: Timing,
    ) -> None:
        self.outbox = OutboxWorker(
            database,
            cad_for,
            limits=limits,
            history_days=history_days,
            changed=self._show,
            waiting_notes=waiting_notes,
            calls_read=calls_read,
            purges=purges,
            observer=observer,
            timing=timing,
        )
        self.messages = StatusUpdater(
            self.outbox, post_to_log_channel, composer, live_calls, delays=delays, timing=timing
        )
        self._timing = timing
        self._running: asyncio.Task[None] | None = None

    def _show(self, record: NoteRecord) -> None:
        self.messages.changed(record)

    async def run(self, opened: asyncio.Event) -> None:
        """Deliver notes once the database is `opened`, until cancelled or finished."""
        await opened.wait()
        running = self._running = asyncio.create_task(self.outbox.run())
        try:
            await asyncio.wait({running})
        finally:
            await end_tasks({running})
        if not running.cancelled():
            running.result()

    async def finish(self, seconds: float) -> None:
        """Start nothing new, let sends in flight finish and be shown, and hand over the rest.

        Takes at most `seconds` and `Timing.hand_over`; the next process recovers what did not
        finish.
        """
        deadline = loop_time() + seconds
        if self._running is None:
            return
        running, self._running = self._running, None
        await end_tasks({running})
        marking = asyncio.create_task(self.outbox.marks.run())
        await self.outbox.finish(max(0.0, deadline - loop_time()))
        await self.messages.finish(max(0.0, deadline - loop_time()))
        await end_tasks({marking})
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._timing.hand_over):
                await self.outbox.hand_over()
