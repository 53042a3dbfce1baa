"""Keeps this process's lease, and takes care of what processes that ended left behind."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field

from bot.outbox.leases import Leases
from bot.outbox.member_actions import MemberActions
from bot.outbox.recovery import OrphanRecovery
from bot.storage import UNUSABLE_AT_LAST, StorageError, UnusableDatabaseError
from bot.timing import Timing, back_off, end_tasks

_log = logging.getLogger(__name__)


@dataclass(eq=False, repr=False, slots=True)
class Upkeep:
    """Renews the lease, and recovers notes; `run` must be running, or else `keep_lease`."""

    leases: Leases
    recovery: OrphanRecovery
    actions: MemberActions
    timing: Timing
    registered: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    """Set once the other processes know of this one."""
    recovery_tried: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    """Set once notes were recovered for the first time, or could not be."""

    async def run(self) -> None:
        """Take and renew the lease, and recover the notes of processes that ended, for ever.

        Raises `UnusableDatabaseError` when the database's file or tables are gone for good.
        """
        alone, shared = self.timing.recovery_interval_alone, self.timing.recovery_interval
        unusable = 0
        retries = self._retries()
        while True:
            pause = alone if self.leases.alone else shared
            try:
                await self._renew_lease()
                await self._recover()
                await self.actions.resolve_unconfirmed()
                unusable = 0
                retries = self._retries()
            except StorageError as error:
                _log.warning("the lease cannot be renewed, nor notes recovered: %s", error)
                unusable = unusable + 1 if isinstance(error, UnusableDatabaseError) else 0
                if unusable == UNUSABLE_AT_LAST:
                    raise
                pause = shared if unusable else next(retries)
            await asyncio.sleep(pause)

    async def _renew_lease(self) -> None:
        if not self.registered.is_set():
            await self.leases.register()
            self.registered.set()
        elif self.leases.age >= self.timing.heartbeat:
            await self.leases.heartbeat()

    async def _recover(self) -> None:
        """Recover notes, each of which is tried until the database takes it, and keep the lease."""
        recovering = asyncio.create_task(self.recovery.recover())
        try:
            while not recovering.done():
                await asyncio.wait([recovering], timeout=self.timing.heartbeat)
                if not recovering.done():
                    await self._heartbeat()
            recovering.result()
        finally:
            await end_tasks({recovering})
            self.recovery_tried.set()

    def _retries(self) -> Iterator[float]:
        return back_off(self.timing.first_store_retry, self.timing.recovery_interval)

    async def keep_lease(self) -> None:
        """Renew the lease alone, for ever."""
        while True:
            await self._heartbeat()
            await asyncio.sleep(self.timing.heartbeat)

    async def _heartbeat(self) -> None:
        """Renew the lease, if it can be; the next one may succeed, before the lease is over."""
        try:
            await self.leases.heartbeat()
        except StorageError:
            pass
        except Exception:
            _log.exception("the lease could not be renewed")
