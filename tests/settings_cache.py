"""The settings of guilds in a process that a test makes up."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from bot.settings.cache import SettingsCache
from bot.settings.repository import SettingsRepository
from bot.timing import Timing


async def _nothing(_: Mapping[int, int] | None) -> None:
    """Read nothing else with the settings."""


def cache_of(
    store: SettingsRepository,
    *,
    default_roles: frozenset[int] = frozenset(),
    refreshing: Callable[[Mapping[int, int] | None], Awaitable[None]] = _nothing,
    timing: Timing = Timing(),
) -> SettingsCache:
    return SettingsCache(store, default_roles, 1, refreshing, timing)
