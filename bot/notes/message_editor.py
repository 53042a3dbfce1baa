"""Shows a note's state in the message that the note has now."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import discord

from bot.calls.live_calls import LiveCalls
from bot.interactions.discord_answers import RouteDelays
from bot.notes.attempts import Attempts
from bot.notes.buttons import buttons_for
from bot.notes.call_facts import facts_of
from bot.notes.call_texts import CallFacts
from bot.notes.status_message import EditResult, StatusMessage
from bot.notes.texts import content_of, text_to_attach
from bot.outbox import Failure, NoteRecord, NoteState, OutboxWorker
from bot.storage import StorageError
from bot.timing import Timing, back_off, loop_time

_log = logging.getLogger(__name__)


@dataclass(eq=False, repr=False, slots=True)
class MessageEditor:
    """Edits notes' messages, and remembers what they show and which were replaced.

    `connected` says whether a note's guild may see its community's calls now; until it may, nothing
    is told of its call. `present_client` returns the connection to Discord, None while there is
    none. `attempts` are told when a note cannot be shown for a while. `delays` are those that
    Discord asked for.
    """

    outbox: OutboxWorker
    live_calls: LiveCalls
    connected: Callable[[NoteRecord], bool]
    present_client: Callable[[], discord.Client | None]
    attempts: Attempts
    delays: RouteDelays
    timing: Timing
    _shown: dict[int, tuple[float, str]] = field(default_factory=dict, init=False)
    """When and what, for unfinished notes."""
    _replaced: dict[int, tuple[int | None, int]] = field(default_factory=dict, init=False)
    """The old and the new message's id."""
    _expired: dict[int, str] = field(default_factory=dict, init=False)
    """The tokens that do not work any more."""

    def edited_at(self, note_id: int) -> float:
        """Return when a note's message was edited last, by the event loop's clock; 0 for never."""
        edited, _ = self._shown.get(note_id, (0.0, ""))
        return edited

    def forget(self, note_id: int) -> None:
        """Forget a note's message."""
        self._shown.pop(note_id, None)
        self._replaced.pop(note_id, None)
        self._expired.pop(note_id, None)

    async def show(self, client: discord.Client, record: NoteRecord) -> EditResult | None:
        """Let a note's message say what it should; None if another process now shows the note."""
        if record.shown >= record.revision:
            return EditResult.DONE
        facts = await facts_of(record, self.live_calls, self.connected)
        problem = self.outbox.last_failure(record.community)
        content = content_of(record, problem, facts=facts)
        _, in_message = self._shown.get(record.id, (0.0, ""))
        if content is None or content == in_message:
            return EditResult.DONE
        if await self._elsewhere(record) is not None:
            return None
        shown = await self._edit(client, record, content, facts, problem)
        if shown in (EditResult.RETRY, EditResult.HIDDEN):
            return shown
        self._shown[record.id] = (loop_time(), content)
        if (newer := await self._elsewhere(record)) is not None:
            # discord.py may have delayed our edit until after the other process's.
            await self._show_again(client, newer)
            return None
        return shown

    async def _edit(
        self,
        client: discord.Client,
        record: NoteRecord,
        content: str,
        facts: CallFacts,
        problem: Failure | None,
    ) -> EditResult:
        message = self.message(client, record)
        plain = content_of(record, problem, with_text=False) or content
        shown = await message.show(
            content, buttons_for(record, facts), text_to_attach(record, facts), plain=plain
        )
        if message.token_over and record.token is not None:
            self._expired[record.id] = record.token
        if shown is EditResult.RETRY:
            self.attempts.block(record.id, message.retry_in)
        elif message.moved_to is not None:
            await self._store_message(record, message.moved_to)
        return shown

    async def _elsewhere(self, record: NoteRecord) -> NoteRecord | None:
        """Return the newer record of a note that another process has taken over, and now shows."""
        newer = await self._newer(record)
        return None if newer is None or newer.owner == record.owner else newer

    async def _newer(self, record: NoteRecord) -> NoteRecord | None:
        if record.state is NoteState.ADDED or self.outbox.alone:
            return None  # it is final, or nobody else can have changed it
        try:
            now = await self.outbox.store.get(record.id)
        except StorageError:
            return None
        return None if now is None or now.revision <= record.revision else now

    async def _show_again(self, client: discord.Client, record: NoteRecord) -> None:
        """Show another process's record again, which this process's edit overwrote."""
        pauses = back_off(self.timing.first_show_retry, self.timing.longest_show_retry)
        while True:
            facts = await facts_of(record, self.live_calls, self.connected)
            problem = self.outbox.last_failure(record.community)
            if (content := content_of(record, problem, facts=facts)) is None:
                return
            shown = await self._edit(client, record, content, facts, problem)
            if shown is EditResult.RETRY:
                if not await self.attempts.pause(record.id, next(pauses)):
                    return
                client = self.present_client() or client
            newer = await self._newer(record)
            if newer is None and shown is not EditResult.RETRY:
                return
            record = newer or record

    def message(self, client: discord.Client, record: NoteRecord) -> StatusMessage:
        """Return a note's present message, without a token that is known to be over."""
        return StatusMessage(client, self.as_known(record), delays=self.delays, timing=self.timing)

    def as_known(self, record: NoteRecord) -> NoteRecord:
        """Return a record with its present message, and without a token that is over."""
        record = self.with_message(record)
        if record.token is not None and record.token == self._expired.get(record.id):
            record = replace(record, token=None)
        return record

    def with_message(self, record: NoteRecord) -> NoteRecord:
        """Return a record with the id of the note's present message, which may be newer."""
        old, new = self._replaced.get(record.id, (None, None))
        if new is not None and record.message_id == old:
            return replace(record, message_id=new)
        return record

    async def _store_message(self, record: NoteRecord, message_id: int) -> None:
        self._replaced[record.id] = (record.message_id, message_id)
        try:
            await self.outbox.store.set_message(record, message_id)
        except StorageError as error:
            _log.warning("note=%d new message not stored: %s", record.id, error)
