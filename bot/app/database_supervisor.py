"""Opens the database, however long that takes, and keeps the settings cache fresh."""

from __future__ import annotations

import asyncio
import logging
import random
from dataclasses import dataclass, field

from bot.health.lines import Line
from bot.health.texts import database_line, wiped_line
from bot.settings.cache import SettingsCache
from bot.storage import Database, StorageFullError, StorageUnavailableError
from bot.timing import Timing, back_off

_log = logging.getLogger(__name__)


@dataclass(eq=False, slots=True)
class DatabaseSupervisor:
    """Supervises the database as long as the process runs; `wiped_by` is as in `Config`."""

    database: Database
    settings: SettingsCache
    wiped_by: str | None
    timing: Timing
    opened: asyncio.Event = field(default_factory=asyncio.Event, init=False)

    async def run(self) -> None:
        """Open the database, retrying while it is unavailable, and refresh until cancelled.

        Sets `opened` in between. Raises `UnusableDatabaseError` when retrying cannot help.
        """
        if (wiped := wiped_line(self.wiped_by, to_host=True)) is not None:
            _log.warning("%s", wiped.text)
        await self._open()
        self.opened.set()
        _log.info("opened the %s", self.database.address.shown)
        await self.settings.keep_fresh()

    def health_line(self) -> Line:
        """Return the line about the database as it was at the last request, some seconds ago."""
        down = self.settings.down or not self.opened.is_set()
        kind = self.database.address.kind
        return database_line(kind, self.wiped_by, down=down, full=self.settings.full)

    async def _open(self) -> None:
        failed = False
        for pause in back_off(self.timing.first_database_retry, self.timing.longest_database_retry):
            try:
                await self.database.open()
                return
            except (StorageUnavailableError, StorageFullError) as error:
                if not failed:
                    _log.error("the database cannot be opened, trying again: %s", error)
                failed = True
                await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311
