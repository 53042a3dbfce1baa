"""Keeps each note's message in step with the outbox, also after a restart."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace

import discord

from bot.calls.live_calls import LiveCalls
from bot.interactions.discord_answers import RouteDelays
from bot.notes.attempts import Attempts
from bot.notes.composer import NoteComposer
from bot.notes.hidden_notes import HiddenNotes
from bot.notes.message_editor import MessageEditor
from bot.notes.outcome_log import log_outcome
from bot.notes.status_message import EditResult
from bot.notes.texts import expired, text_unless_shown
from bot.outbox import RETRY_SECONDS, Acknowledgement, NoteRecord, NoteState, OutboxWorker
from bot.timing import Timing, back_off, end_tasks, loop_time, set_within

_log = logging.getLogger(__name__)


class StatusUpdater:
    """Shows the newest state of each note passed to `changed`, with one task for each note.

    `client` is the present connection to Discord and may be replaced; while it is None nothing is
    shown. `post_to_log_channel` records a finished note in its guild's log channel, and returns
    False when it has to be tried again. `connected` is as in `MessageEditor`, and `delays` are
    those that Discord asked for.
    """

    def __init__(
        self,
        outbox: OutboxWorker,
        post_to_log_channel: Callable[[discord.Client, NoteRecord], Awaitable[bool]],
        composer: NoteComposer,
        live_calls: LiveCalls,
        connected: Callable[[NoteRecord], bool],
        *,
        delays: RouteDelays,
        timing: Timing,
    ) -> None:
        self._outbox = outbox
        self.delays = delays
        self.client: discord.Client | None = None
        self._attempts = Attempts()
        self._editor = MessageEditor(
            outbox,
            live_calls,
            connected,
            lambda: self.client,
            self._attempts,
            delays=delays,
            timing=timing,
        )
        self._post_to_log_channel = post_to_log_channel
        self._composer = composer
        self._timing = timing
        self._latest: dict[int, NoteRecord] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._hidden = HiddenNotes()
        self._left: list[NoteRecord] = []  # for the next client
        self._connected = asyncio.Event()
        self._news = asyncio.Event()

    def connect(self, client: discord.Client | None) -> None:
        """Show everything through this client from now on; None while there is none."""
        self.client = client
        if client is None:
            self._connected.clear()
        else:
            self._connected.set()
            left, self._left = self._left, []
            for record in left:
                self.changed(record)

    def show_hidden(self, guild: discord.Guild) -> None:
        """Show the notes that could not be shown in channels that the bot can see now."""
        for record in self._hidden.visible_again(guild):
            self.changed(record)

    def find_out(self, record: NoteRecord, *, after: discord.Client | None) -> None:
        """Find out whether Discord has the acknowledgement, and continue from there.

        `after` is a client that is being closed, so that this is left to the next one. When the
        process is stopping, it is left to the next process.
        """
        if self.client is None or self.client is after:
            self._left.append(record)
        else:
            self.changed(record)

    def changed(self, record: NoteRecord) -> None:
        """Show a record in its note's message, unless a newer one is known."""
        known = self._latest.get(record.id)
        if known is not None and known.revision > record.revision:
            return
        self._latest[record.id] = record
        self._hidden.discard(record.id)
        self._news.set()
        if record.id not in self._tasks:
            self._tasks[record.id] = asyncio.create_task(self._keep_shown(record.id))

    async def finish(self, seconds: float) -> None:
        """Wait until all is shown that can be within `seconds`; the next process shows the rest.

        A message that waits for another attempt is tried at once.
        """
        self._attempts.stop(seconds)
        self._news.set()
        await end_tasks(self._tasks.values(), 0.0 if self.client is None else seconds)

    async def _keep_shown(self, note_id: int) -> None:
        """Show a note's state until it is the newest."""
        pauses = self._pauses()
        try:
            while True:
                await self._wait_between_edits(note_id)
                await self._connected.wait()
                record = self._latest[note_id]
                if self.client is None:
                    continue
                if await self._try_to_show(self.client, record) is EditResult.RETRY:
                    if not await self._attempts.pause(note_id, next(pauses)):
                        return
                elif self._latest[note_id] is record:
                    return
        finally:
            # No `await` since the check above, so no newer state is missed.
            record = self._latest.pop(note_id)
            del self._tasks[note_id]
            self._attempts.forget(note_id)
            if not record.state.waiting:
                self._editor.forget(note_id)

    def _pauses(self) -> Iterator[float]:
        return back_off(self._timing.first_show_retry, self._timing.longest_show_retry)

    async def _wait_between_edits(self, note_id: int) -> None:
        """Wait out the pause between two edits, unless the newest state is final."""
        until = self._editor.edited_at(note_id) + self._timing.edit_interval
        while not self._latest[note_id].state.final and (left := until - loop_time()) > 0:
            self._news.clear()
            await set_within(self._news, left)

    async def _try_to_show(self, client: discord.Client, record: NoteRecord) -> EditResult:
        """Show a record; an unexpected error, such as a closed client, means another attempt."""
        try:
            return await self._show(client, record)
        except Exception:
            _log.exception("note=%d message not updated yet", record.id)
            return EditResult.RETRY

    async def _show(self, client: discord.Client, record: NoteRecord) -> EditResult:
        """Do what a note's state needs; returns RETRY if that is not done yet."""
        changes = self._hidden.permission_changes
        if record.state is NoteState.RECEIVED:
            found = await self._find_acknowledgement(client, record)
            if found is EditResult.HIDDEN:
                self._hide(record, changes, logged=record.logged)
            return found
        shown = await self._editor.show(client, record)
        hidden = shown is EditResult.HIDDEN
        logged = record.logged
        if shown is None:  # another process shows it
            self._editor.forget(record.id)
        elif shown is not EditResult.RETRY and record.state.final:
            log_outcome(record, shown=shown is EditResult.DONE)
            if await self._finish_note(client, record, hidden=hidden):
                logged = record.revision
        if hidden:
            self._hide(record, changes, logged=logged)
        return EditResult.RETRY if shown is EditResult.RETRY else EditResult.DONE

    async def _finish_note(
        self, client: discord.Client, record: NoteRecord, *, hidden: bool
    ) -> bool:
        """Post a finished note to the log channel, and mark it as shown, if it is, and logged.

        One that is `hidden` stays unsettled, so that the next process tries to show it, too.
        Returns whether it is logged; it is not if there is newer news of it.
        """
        entry = self._editor.with_message(record)
        logged = record.logged >= record.revision or await self._post_to_log_channel(client, entry)
        self._outbox.marks.add(record, logged=logged, shown=not hidden)
        if logged:
            return True
        pauses = self._pauses()
        until = loop_time() + next(pauses)
        while self._latest[record.id] is record:
            open_again = loop_time() + self.delays.left(RouteDelays.CHANNELS)
            if self._attempts.too_late(max(until, open_again)):
                break
            self._news.clear()
            if await set_within(self._news, until - loop_time()):
                continue  # perhaps news of another note
            client = self.client or client
            until = loop_time() + next(pauses)
            if await self._post_to_log_channel(client, entry):
                self._outbox.marks.add(record, logged=True, shown=not hidden)
                return True
        return False

    def _hide(self, record: NoteRecord, changes: int, *, logged: int) -> None:
        """Keep a note for when the bot gets back the permission that it lacks, perhaps just now.

        `changes` is how often permissions had changed before the attempt. Always hands on a copy,
        as the record that was tried itself counts as shown.
        """
        if self._latest[record.id].revision > record.revision:
            return
        hidden = replace(self._editor.as_known(record), logged=logged)
        if self._hidden.permission_changes == changes:
            self._hidden.add(hidden)
        else:
            self.changed(hidden)

    async def _find_acknowledgement(self, client: discord.Client, record: NoteRecord) -> EditResult:
        """Find out whether the process that stored a note got to acknowledge it, and go on."""
        message = self._editor.message(client, record)
        found, message_id = await message.find()
        if found is not EditResult.RETRY and message_id is None and message.token_over:
            content, plain = expired(record), expired(record, with_text=False)
            attachment = text_unless_shown(content, record.note.text)
            found = await message.post(content, attachment, plain=plain)
        self._attempts.block(record.id, message.retry_in)
        if found is EditResult.RETRY or (found is EditResult.HIDDEN and not _too_old(record)):
            return found
        if message_id is None:
            await self._outbox.discard(record)
            return EditResult.DONE
        guild = client.get_guild(record.guild_id)
        if (guild is None or guild.unavailable) and not client.is_ready():
            return EditResult.RETRY  # the names in the note are not known yet
        as_sent = await self._composer.text_as_sent(record, guild)
        await self._outbox.acknowledged(record, Acknowledgement(message_id, as_sent))
        return EditResult.DONE


def _too_old(record: NoteRecord) -> bool:
    """Whether nobody waits any more to hear of a note that was never sent."""
    return time.time() - record.accepted_at > RETRY_SECONDS
