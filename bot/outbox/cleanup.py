"""Deletes old rows and tokens, in batches that do not keep notes waiting."""

from __future__ import annotations

import asyncio
import functools
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Delete, update

from bot.outbox.read_slots import READ_WINDOW_SECONDS
from bot.outbox.schema import (
    call_list_reads,
    delivery_ledger,
    is_open,
    leases,
    notes,
    send_times,
)
from bot.outbox.shared_rate_limit import SEND_WINDOW_SECONDS
from bot.outbox.states import RETRY_SECONDS, TAKEN_UP, NoteState
from bot.storage import NOW, Database, StorageError
from bot.storage.batches import batch_of, delete_batch
from bot.timing import Timing

HELD_SECONDS = 900.0
"""How long a held note waits for its member; the private question is gone by then."""

TOKEN_SECONDS = 900.0
"""How long an interaction's token works (Discord API docs, Receiving and Responding to
Interactions)."""

LEDGER_SECONDS = 90 * 86_400.0
"""How long the delivery ledger keeps what a call has, far longer than a call lives."""

LEAST_KEPT_SECONDS = 900.0
"""How long a finished note stays at least, so that a repetition of it is noticed, and one that the
database lost is not taken for one that was deleted."""

MOST_BATCHES = 1000
"""How many batches are deleted at one time; the rest waits for the next."""

_TAKEN_UP = [state.value for state in TAKEN_UP]

_USELESS_TOKENS = (
    update(notes)
    # Of a clock that was set back, a note's time lies in the future.
    .where(
        notes.c.token.is_not(None),
        ~notes.c.round_started_at.between(NOW - TOKEN_SECONDS, NOW + 60.0),
    )
    .values(token=None)
)

Purge = Callable[[], Awaitable[int]]
"""Deletes a batch of old rows and returns how many, 0 at the end; raises as `Database.run` does."""

_log = logging.getLogger(__name__)


@dataclass(eq=False, repr=False, slots=True)
class Cleanup:
    """Deletes old rows; finished notes are kept for `history_seconds`.

    Notes that can be taken up again are kept for a day at least, and leases for a day. The ledger
    is kept for 90 days, reads of the call list and times of sends for two minutes, and tokens for
    the 15 minutes that they work. `purges` delete what other parts keep.
    """

    database: Database
    history_seconds: float
    purges: Sequence[Purge]
    timing: Timing

    async def run(self) -> None:
        """Delete old rows every `timing.purge_interval`, and tokens more often, for ever.

        Both begin after `timing.first_purge`.
        """
        await asyncio.sleep(self.timing.first_purge)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._purge_for_ever())
            group.create_task(self._delete_tokens_for_ever())

    async def _purge_for_ever(self) -> None:
        while True:
            try:
                for _ in range(MOST_BATCHES):
                    if not await self.purge():
                        break
                    await asyncio.sleep(self.timing.purge_pause)
            except StorageError as error:
                _log.warning("old rows cannot be deleted: %s", error)
            await asyncio.sleep(self.timing.purge_interval)

    async def _delete_tokens_for_ever(self) -> None:
        while True:
            try:
                await self.delete_tokens()
            except StorageError as error:
                _log.warning("old tokens cannot be deleted: %s", error)
            await asyncio.sleep(self.timing.token_interval)

    async def delete_tokens(self) -> None:
        """Delete the interactions' tokens that no longer work; raises as `Database.run` does."""
        await self.database.execute(_USELESS_TOKENS)

    async def purge(self) -> int:
        """Delete a batch of old rows of each table; returns how many, 0 at the end.

        Raises as `Database.run` does.
        """
        batches = _batches(self.history_seconds)
        counts = [await self.database.run(delete_batch, batch) for batch in batches]
        return sum(counts + [await purge() for purge in self.purges])


@functools.lru_cache(maxsize=4)
def _batches(history: float) -> tuple[Delete, ...]:
    """Return the statements that delete a batch each of what is old."""
    state, done = notes.c.state, notes.c.settled
    kept_for_buttons = _older_than(max(history, RETRY_SECONDS))
    return (
        # Each by the index of `settled` and `updated_at`, as others keep most of the rows.
        batch_of(notes, ~done & (state == NoteState.HELD.value) & _older_than(HELD_SECONDS)),
        batch_of(notes, ~done & ~is_open() & kept_for_buttons),
        batch_of(notes, done & kept_for_buttons),
        batch_of(
            notes,
            done & state.not_in(_TAKEN_UP) & _older_than(max(history, LEAST_KEPT_SECONDS)),
        ),
        batch_of(delivery_ledger, delivery_ledger.c.updated_at < NOW - LEDGER_SECONDS),
        batch_of(leases, leases.c.heartbeat_at < NOW - RETRY_SECONDS),
        batch_of(call_list_reads, call_list_reads.c.read_at < NOW - 2 * READ_WINDOW_SECONDS),
        batch_of(send_times, send_times.c.updated_at < NOW - 2 * SEND_WINDOW_SECONDS),
    )


def _older_than(seconds: float) -> ColumnElement[bool]:
    return notes.c.updated_at < NOW - seconds
