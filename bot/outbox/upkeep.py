"""Keeps this process's lease, and takes care of what processes that ended left behind."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

from bot.outbox.leases import Leases
from bot.outbox.member_actions import MemberActions
from bot.outbox.recovery import OrphanRecovery
from bot.storage import UNUSABLE_AT_LAST, StorageError, UnusableDatabaseError
from bot.timing import Timing

_log = logging.getLogger(__name__)


@dataclass(eq=False, repr=False, slots=True)
class Upkeep:
    """Renews the lease, and recovers notes; `run` must be running, or else `keep_lease`."""

    leases: Leases
    recovery: OrphanRecovery
    actions: MemberActions
    timing: Timing

    async def run(self) -> None:
        """Renew the lease, and recover the notes of processes that ended, for ever.

        Raises `UnusableDatabaseError` when the database's file or tables are gone for good.
        """
        alone, shared = self.timing.recovery_interval_alone, self.timing.recovery_interval
        unusable = 0
        while True:
            pause = alone if self.leases.alone else shared
            try:
                if self.leases.age >= self.timing.heartbeat:
                    await self.leases.heartbeat()
                await self.recovery.recover()
                await self.actions.resolve_unconfirmed()
                unusable = 0
            except StorageError as error:
                _log.warning("the lease cannot be renewed, nor notes recovered: %s", error)
                unusable = unusable + 1 if isinstance(error, UnusableDatabaseError) else 0
                if unusable == UNUSABLE_AT_LAST:
                    raise
                pause = shared
            await asyncio.sleep(pause)

    async def keep_lease(self) -> None:
        """Renew the lease alone, for ever."""
        while True:
            try:
                await self.leases.heartbeat()
            except StorageError:
                pass
            except Exception:  # the next one may succeed, before the lease is over
                _log.exception("the lease could not be renewed")
            await asyncio.sleep(self.timing.heartbeat)
