"""Keeps the messages of notes true: each says what the outbox says, also after a restart."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace

import discord

from bot.notes.buttons import buttons_for
from bot.notes.composer import NoteComposer
from bot.notes.outcome_log import note_outcome
from bot.notes.status_message import EditResult, StatusMessage
from bot.notes.texts import content_of, copy_beside, loose_copy, lost
from bot.outbox import NoteRecord, NoteState, OutboxWorker
from bot.storage import StorageError
from bot.timing import Timing, back_off, loop_time, set_within

_log = logging.getLogger(__name__)


class StatusMessages:
    """Shows what `changed` tells of, one task for each note, only the newest state of it.

    `client` is the present connection to Discord and may be replaced; while it is None nothing is
    shown. `post_to_log_channel` records a finished note in its guild's log channel, and returns
    False when it has to be tried again.
    """

    def __init__(
        self,
        outbox: OutboxWorker,
        post_to_log_channel: Callable[[discord.Client, NoteRecord], Awaitable[bool]],
        composer: NoteComposer,
        *,
        timing: Timing,
    ) -> None:
        self._outbox = outbox
        self.client: discord.Client | None = None
        self._post_to_log_channel = post_to_log_channel
        self._composer = composer
        self._timing = timing
        self._latest: dict[int, NoteRecord] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._said: dict[int, tuple[float, str]] = {}  # when and what, of unfinished notes
        self._moved: dict[int, tuple[int | None, int]] = {}  # from and to which message
        self._left: list[NoteRecord] = []
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

    def find_out(self, record: NoteRecord, *, after: discord.Client | None = None) -> None:
        """Find out what became of an acknowledgement, and go on from there.

        `after` is a client that is being closed, so that only the one that follows it can. A
        process that is stopping has no next client; then the process after it finds out.
        """
        if self.client is None or self.client is after:
            self._left.append(record)
        else:
            self.changed(record)

    def changed(self, record: NoteRecord) -> None:
        """See to it that a note's message says what the record says."""
        known = self._latest.get(record.id)
        if known is not None and known.revision > record.revision:
            return
        self._latest[record.id] = record
        self._news.set()
        if record.id not in self._tasks:
            self._tasks[record.id] = asyncio.create_task(self._keep_true(record.id))

    async def finish(self, seconds: float) -> None:
        """Wait until everything is shown, at most that long; the rest is for the next process."""
        running = set(self._tasks.values())
        if running and self.client is not None:
            _, running = await asyncio.wait(running, timeout=seconds)
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running)

    async def _keep_true(self, note_id: int) -> None:
        """Show a note's newest state until there is none newer."""
        pauses = self._pauses()
        try:
            while True:
                await self._wait_between_edits(note_id)
                await self._connected.wait()
                record = self._latest[note_id]
                if self.client is None:
                    continue
                if await self._tried(self.client, record) is EditResult.RETRY:
                    await asyncio.sleep(next(pauses))
                elif self._latest[note_id] is record:
                    return
        finally:
            # Before anything else can run, so that no newer state is missed.
            record = self._latest.pop(note_id)
            del self._tasks[note_id]
            if not record.state.waiting:
                self._let_go(note_id)

    def _pauses(self) -> Iterator[float]:
        return back_off(self._timing.first_show_retry, self._timing.longest_show_retry)

    def _let_go(self, note_id: int) -> None:
        """Forget what a note's message said and where it is; the outbox has it from now on."""
        self._said.pop(note_id, None)
        self._moved.pop(note_id, None)

    async def _wait_between_edits(self, note_id: int) -> None:
        """Let a message stand a while, unless there is something final to say."""
        edited, _ = self._said.get(note_id, (0.0, ""))
        until = edited + self._timing.edit_interval
        while not self._latest[note_id].state.final and (left := until - loop_time()) > 0:
            self._news.clear()
            await set_within(self._news, left)

    async def _tried(self, client: discord.Client, record: NoteRecord) -> EditResult:
        """Show a record; what nobody foresaw, such as a client closed meanwhile, is tried again."""
        try:
            return await self._show(client, record)
        except Exception:
            _log.exception("the message of note %d could not be kept true yet", record.id)
            return EditResult.RETRY

    async def _show(self, client: discord.Client, record: NoteRecord) -> EditResult:
        """Do for a note what its state asks for; returns RETRY where that is not done yet."""
        if record.state is NoteState.RECEIVED:
            return await self._ask_discord(client, record)
        shown: EditResult | None = EditResult.DONE
        if (content := self._untold(record)) is not None:
            shown = await self._tell(client, record, content)
        if shown is None:  # it is another process's
            self._let_go(record.id)
        elif shown is not EditResult.RETRY and record.state.final:
            note_outcome(record, shown=shown is EditResult.DONE)
            await self._conclude(client, record)
        return EditResult.RETRY if shown is EditResult.RETRY else EditResult.DONE

    def _untold(self, record: NoteRecord) -> str | None:
        """Return what a note's message is to say, None where it says that already."""
        content = content_of(record, self._outbox.last_failure)
        _, said = self._said.get(record.id, (0.0, ""))
        return None if content == said or record.shown >= record.revision else content

    async def _tell(
        self, client: discord.Client, record: NoteRecord, content: str
    ) -> EditResult | None:
        """Let a note's message say `content`; None if another process shows the note by now."""
        if await self._elsewhere(record) is not None:
            return None
        shown = await self._edit(client, record, content)
        if shown is EditResult.RETRY:
            return shown
        self._said[record.id] = (loop_time(), content)
        if (newer := await self._elsewhere(record)) is not None:
            # discord.py may have held the edit back, and it came after that of the other.
            await self._put_right(client, newer)
            return None
        return shown

    async def _edit(self, client: discord.Client, record: NoteRecord, content: str) -> EditResult:
        message = StatusMessage(client, self._where_it_is(record), timing=self._timing)
        shown = await message.show(content, buttons_for(record), loose_copy(record))
        if shown is not EditResult.RETRY:
            await self._note_move(record, message.moved_to)
        return shown

    async def _elsewhere(self, record: NoteRecord) -> NoteRecord | None:
        """Return what a note is if another process has moved it on by now, and shows it.

        One that was held up for long must not put its old news over those of the other.
        """
        newer = await self._newer(record)
        return None if newer is None or newer.owner == record.owner else newer

    async def _newer(self, record: NoteRecord) -> NoteRecord | None:
        if record.state is NoteState.ADDED:
            return None  # nothing becomes of it any more
        try:
            now = await self._outbox.store.get(record.id)
        except StorageError:
            return None
        return None if now is None or now.revision <= record.revision else now

    async def _put_right(self, client: discord.Client, record: NoteRecord) -> None:
        """Show a note of another process, over whose news those of this one were put."""
        pauses = self._pauses()
        while (content := content_of(record, self._outbox.last_failure)) is not None:
            shown = await self._edit(client, record, content)
            if shown is EditResult.RETRY:
                await asyncio.sleep(next(pauses))
                client = self.client or client
            newer = await self._newer(record)
            if newer is None and shown is not EditResult.RETRY:
                return
            record = newer or record

    async def _conclude(self, client: discord.Client, record: NoteRecord) -> None:
        """Record a finished note in the log channel, and note that all is done about it."""
        logged = record.logged >= record.revision or await self._post_to_log_channel(client, record)
        await self._mark(record, logged=logged)
        pauses = self._pauses()
        until = loop_time() + next(pauses)
        while not logged and self._latest[record.id] is record:
            self._news.clear()
            if await set_within(self._news, until - loop_time()):
                continue  # of any note, perhaps of another one
            client = self.client or client
            until = loop_time() + next(pauses)
            if logged := await self._post_to_log_channel(client, record):
                await self._mark(record, logged=True)

    async def _ask_discord(self, client: discord.Client, record: NoteRecord) -> EditResult:
        """Find out whether the process that stored a note got to acknowledge it, and go on."""
        message = StatusMessage(client, record, timing=self._timing)
        found, message_id = await message.find()
        if found is EditResult.RETRY:
            return found
        if message_id is None:
            if message.too_late:
                content = lost(record)
                copy = copy_beside(content, record.note.text)
                if await message.post(content, copy) is EditResult.RETRY:
                    return EditResult.RETRY
            await self._outbox.withdraw(record)
            return EditResult.DONE
        guild = client.get_guild(record.guild_id)
        if (guild is None or guild.unavailable) and not client.is_ready():
            return EditResult.RETRY  # the names in the note are not known yet
        as_sent = None if guild is None else await self._composer.text_as_sent(record, guild)
        await self._outbox.acknowledged(record, message_id, as_sent)
        return EditResult.DONE

    def _where_it_is(self, record: NoteRecord) -> NoteRecord:
        """Return a record with the note's present message, which may be newer than the record."""
        old, new = self._moved.get(record.id, (None, None))
        if new is not None and record.message_id == old:
            return replace(record, message_id=new)
        return record

    async def _note_move(self, record: NoteRecord, message_id: int | None) -> None:
        if message_id is not None:
            self._moved[record.id] = (record.message_id, message_id)
            try:
                await self._outbox.store.set_message(record, message_id)
            except StorageError as error:
                _log.warning("the new message of note %d is not noted: %s", record.id, error)

    async def _mark(self, record: NoteRecord, *, logged: bool) -> None:
        try:
            await self._outbox.store.mark(record, shown=True, logged=logged)
        except StorageError as error:
            # At worst it is shown once more after the next restart.
            _log.warning("note %d is not noted as shown: %s", record.id, error)
