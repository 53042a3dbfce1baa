"""Deletes what nobody needs any more, without ever keeping a note waiting for it."""

from __future__ import annotations

import asyncio
import logging

from bot.outbox.leases import Leases
from bot.storage import StorageError
from bot.timing import Timing

MOST_BATCHES = 1000
"""How many batches are deleted at one time; the rest waits for the next."""

_log = logging.getLogger(__name__)


async def delete_old(leases: Leases, history_seconds: float, timing: Timing) -> None:
    """Delete what is old now and every `timing.purge_interval`, for ever.

    `history_seconds` is how long finished notes are kept.
    """
    while True:
        try:
            for _ in range(MOST_BATCHES):
                if not await leases.purge(history_seconds):
                    break
                await asyncio.sleep(timing.purge_pause)
        except StorageError as error:
            _log.warning("old notes cannot be deleted: %s", error)
        await asyncio.sleep(timing.purge_interval)
