"""Opens the database, however long that takes, and keeps the settings cache fresh."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, wait_exponential_jitter

from bot.health.lines import Line
from bot.health.texts import database_line, wiped_line
from bot.settings.cache import SettingsCache
from bot.storage import Database, StorageError, StorageFullError, StorageUnavailableError
from bot.timing import Timing

_log = logging.getLogger(__name__)


@dataclass(eq=False, repr=False, slots=True)
class DatabaseSupervisor:
    """Supervises the database as long as the process runs.

    `wiped_by` is as in `Config`, and `storage_trouble` tells why nothing can be stored.
    """

    database: Database
    settings: SettingsCache
    wiped_by: str | None
    storage_trouble: Callable[[], StorageError | None]
    timing: Timing
    opened: asyncio.Event = field(default_factory=asyncio.Event, init=False)

    async def run(self) -> None:
        """Open the database, retrying while it is unavailable, and refresh until cancelled.

        Sets `opened` in between. Raises `UnusableDatabaseError` when retrying cannot help.
        """
        if (wiped := wiped_line(self.wiped_by, to_host=True)) is not None:
            _log.warning("%s", wiped.text)
        async for attempt in AsyncRetrying(
            retry=retry_if_exception_type((StorageUnavailableError, StorageFullError)),
            wait=wait_exponential_jitter(
                multiplier=self.timing.first_database_retry,
                max=self.timing.longest_database_retry,
                jitter=2 * self.timing.first_database_retry,
            ),
            before_sleep=self._failed,
            reraise=True,
        ):
            with attempt:
                await self.database.open()
        self.opened.set()
        _log.info("opened the %s", self.database.address.shown)
        await self.settings.keep_fresh()

    @property
    def down(self) -> bool:
        """Whether the database could not be read, or took nothing, at the last request."""
        lost = self.settings.down or not self.opened.is_set()
        return lost or self.storage_trouble() is not None

    def health_line(self) -> Line:
        """Return the line about the database as it was at the last request, some seconds ago."""
        down = self.down
        full = isinstance(self.storage_trouble(), StorageFullError) if down else self.settings.full
        return database_line(self.database.address.kind, self.wiped_by, down=down, full=full)

    @staticmethod
    def _failed(state: RetryCallState) -> None:
        if state.attempt_number == 1 and state.outcome:
            _log.error("the database cannot be opened, trying again: %s", state.outcome.exception())
