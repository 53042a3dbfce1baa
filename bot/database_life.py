"""Opens the database, however long it takes, and keeps the settings in step with it."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, wait_exponential_jitter

from bot.guild_settings import SettingsInForce
from bot.storage import Database, StorageFullError, StorageUnavailableError

FIRST_RETRY_SECONDS = 0.5
LONGEST_RETRY_SECONDS = 15.0
"""The first and the longest pause between two tries to open the database."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StorageHealth:
    """How the database does: `shown` names it, `trouble` says what is wrong, None if nothing.

    `wiped_by` is the hosting platform on whose disk the file does not last, None if it does.
    `sometimes` tells that it lasts on a mounted volume.
    """

    shown: str
    trouble: str | None = None
    wiped_by: str | None = None
    sometimes: bool = False


class DatabaseLife:
    """A database from the first try to open it until the process ends.

    `host` is the hosting platform, if it is one that is known to wipe disks.
    """

    def __init__(self, database: Database, settings: SettingsInForce, host: str | None) -> None:
        self.database = database
        self.opened = asyncio.Event()
        self._settings = settings
        self._host = host if database.address.kind == "SQLite" else None
        self._trouble: str | None = "It has not been opened yet."

    async def run(self) -> None:
        """Open the database, trying again while it is out of reach, and follow it until cancelled.

        `opened` is set in between. Raises `UnusableDatabaseError` when no further try can help.
        """
        if self._host is not None:
            _log.warning(
                "the database is a file, which %s %s: set DATABASE_URL to a PostgreSQL database",
                self._host,
                "wipes at every restart" if self._host == "Heroku" else "wipes without a volume",
            )
        async for attempt in AsyncRetrying(
            retry=retry_if_exception_type((StorageUnavailableError, StorageFullError)),
            wait=wait_exponential_jitter(multiplier=FIRST_RETRY_SECONDS, max=LONGEST_RETRY_SECONDS),
            before_sleep=self._failed,
            reraise=True,
        ):
            with attempt:
                await self.database.open()
        self._trouble = None
        self.opened.set()
        _log.info("opened the %s", self.database.address.shown)
        await self._settings.keep_fresh()

    @property
    def health(self) -> StorageHealth:
        """How the database did when it was last asked, some seconds ago."""
        return StorageHealth(
            shown=self.database.address.shown,
            trouble=self._trouble or self._settings.trouble,
            wiped_by=self._host,
            sometimes=self._host != "Heroku",
        )

    def _failed(self, state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        if state.attempt_number == 1:
            _log.error("the database cannot be opened, trying until it can: %s", error)
        self._trouble = str(error)
