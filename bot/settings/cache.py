"""Each guild's settings, cached in memory."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Set
from dataclasses import dataclass, field, replace
from typing import Any

from bot.interactions.errors import Refusal
from bot.settings.problems import SettingProblem
from bot.settings.repository import Along, GuildSettings, SettingChange, SettingsRepository
from bot.storage import (
    UNUSABLE_AT_LAST,
    StorageError,
    StorageFullError,
    UnusableDatabaseError,
)
from bot.timing import Timing

_OLDER = "the database is older than before, reading all settings again"

_log = logging.getLogger(__name__)


@dataclass(eq=False, repr=False, slots=True)
class SettingsCache:
    """What each guild has chosen, with the host's defaults where it chose nothing.

    Reading never waits for the database; while it is down, the last known settings are used.
    `default_roles` and `default_server` are the host's. `refreshing` reads what other parts store
    with the settings: it is called with the versions of the guilds whose settings were found
    changed, or None after all were read, before any of them is used.
    """

    store: SettingsRepository
    default_roles: frozenset[int]
    default_server: int
    refreshing: Callable[[Mapping[int, int] | None], Awaitable[None]]
    timing: Timing
    known: bool = field(default=False, init=False)  # whether the settings have been read once
    down: bool = field(default=False, init=False)  # whether it failed when it was last read
    full: bool = field(default=False, init=False)  # whether it had no room for the last change
    _settings: dict[int, GuildSettings] = field(default_factory=dict, init=False)
    _version: int = field(default=0, init=False)
    _own_version: int = field(default=0, init=False)  # of the latest change here
    _read_all: bool = field(default=True, init=False)
    _latest: tuple[int, tuple[Any, ...] | None] = field(default=(0, None), init=False)
    _loaded: asyncio.Event = field(default_factory=asyncio.Event, init=False)

    async def loaded(self) -> None:
        """Wait until the settings have been read once."""
        await self._loaded.wait()

    def of(self, guild_id: int) -> GuildSettings:
        """Return what a guild has chosen; refuses with SETTINGS_UNKNOWN until they are `known`."""
        if not self.known:
            raise Refusal(SettingProblem.SETTINGS_UNKNOWN)
        return self._settings.get(guild_id) or GuildSettings(guild_id)

    def has_settings(self, guild_id: int) -> bool:
        """Whether a guild is known to have ever chosen anything."""
        return guild_id in self._settings

    def dispatcher_roles(self, guild_id: int) -> frozenset[int]:
        """Return the ids of the roles that may add notes in a guild; raises like `of`.

        A guild that chose no roles has none; only one that never chose gets the host's.
        """
        return self.with_default_roles(self.of(guild_id))

    def default_is_everyone(self, guild_id: int) -> bool:
        """Whether the host's roles include the guild's own id, which is that of @everyone."""
        return guild_id in self.default_roles

    def with_default_roles(self, settings: GuildSettings) -> frozenset[int]:
        """Return the roles of these settings, or else the host's."""
        return self.default_roles if settings.role_ids is None else settings.role_ids

    def server_id(self, guild_id: int) -> int:
        """Return the number of the CAD server that notes go to; raises like `of`."""
        return self.of(guild_id).server_id or self.default_server

    async def change(
        self,
        guild_id: int,
        member_id: int,
        edit: Callable[[GuildSettings], GuildSettings],
        describe: Callable[[GuildSettings, GuildSettings], str],
        along: Along | None = None,
    ) -> GuildSettings:
        """Save a change and return the new settings.

        Takes what `SettingsRepository.change` takes. Refuses like `of`, and with SETTING_NOT_SAVED
        or SETTINGS_FULL when the database does not confirm it; the cache is unchanged then.
        """
        self.of(guild_id)
        try:
            settings = await self.store.change(guild_id, member_id, edit, describe, along)
        except StorageError as error:
            _log.warning("guild=%d setting not saved: %s", guild_id, error)
            self.full = isinstance(error, StorageFullError)
            problem = SettingProblem.SETTING_NOT_SAVED
            if self.full:
                problem = SettingProblem.SETTINGS_FULL
            raise Refusal(problem) from None
        self.full = False
        if settings.version <= self._version and settings != self.of(guild_id):
            _log.warning(_OLDER)
            self._read_all = True
        self._own_version = max(self._own_version, settings.version)
        if settings.version:  # else nothing was changed, or ever chosen
            self._settings[guild_id] = settings
        return settings

    async def set(self, guild_id: int, member_id: int, what: str, **values: object) -> None:
        """Change fields of a guild's settings; `what` is for the record; refuses like `change`."""
        await self.change(
            guild_id,
            member_id,
            lambda settings: replace(settings, **values),  # type: ignore[arg-type]
            lambda _, __: what,
        )

    async def last_change(self, guild_id: int) -> SettingChange | None:
        """Return a guild's latest change; None if there was none or the database fails."""
        try:
            changes = await self.store.changes(guild_id, 1)
        except StorageError as error:
            self._lost(error)
            return None
        return changes[0] if changes else None

    async def refresh(self) -> None:
        """Read what has changed since the last refresh; raises as the repository does."""
        known = max(self._version, self._own_version)
        latest, row = await self.store.latest()
        version, before = self._latest
        self._latest = latest, row
        replaced = latest == version and None not in (row, before) and row != before
        if latest < known or replaced:
            _log.warning(_OLDER)
            self._read_all, self._own_version = True, 0
        everything, self._read_all = self._read_all, False
        if everything:
            self._version = 0
        try:
            if everything or latest != self._version:
                await self._read_changed(latest)
        except BaseException:
            self._read_all |= everything
            raise
        self.known = True
        self._loaded.set()

    async def _read_changed(self, latest: int) -> None:
        before = dict(self._settings)
        changed = {each.guild_id: each for each in await self.store.changed_since(self._version)}
        if changed or not self._version:
            versions = {guild_id: settings.version for guild_id, settings in changed.items()}
            await self.refreshing(versions if self._version else None)
        if self._version:  # else all were read
            # What was changed here meanwhile is newer than what was read.
            for guild_id, settings in changed.items():
                if self._settings.get(guild_id, settings).version <= settings.version:
                    self._settings[guild_id] = settings
        else:
            newer = {
                guild_id: settings
                for guild_id, settings in self._settings.items()
                if settings is not before.get(guild_id)
                and settings.version > changed.get(guild_id, GuildSettings(guild_id)).version
            }
            self._settings = changed | newer
        self._version = max(latest, *(each.version for each in changed.values()), 0)

    def notice_deletions(self, held: Set[int]) -> None:
        """Let the next refresh read all settings if some are cached of a guild not in `held`.

        A guild's settings that were deleted have no version by which a refresh would notice.
        """
        self._read_all |= not self._settings.keys() <= held

    async def keep_fresh(self) -> None:
        """Refresh every `Timing.settings_refresh` seconds until cancelled.

        Raises `UnusableDatabaseError` when it was found `UNUSABLE_AT_LAST` times in a row, and
        nothing else.
        """
        unusable = 0
        while True:
            try:
                await self.refresh()
            except Exception as error:  # the cache must outlive any other failure
                self._lost(error)
                unusable = unusable + 1 if isinstance(error, UnusableDatabaseError) else 0
                if unusable == UNUSABLE_AT_LAST:
                    raise
            else:
                unusable = 0
                if self.down:
                    _log.info("the database is up again")
                self.down = False
            await asyncio.sleep(self.timing.settings_refresh)

    def _lost(self, error: Exception) -> None:
        if not self.down:
            _log.error(
                "the database is down, using the last known settings: %s",
                error,
                exc_info=None if isinstance(error, StorageError) else error,
            )
        self.down = True
