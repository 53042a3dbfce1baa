"""Communities whose CADs nobody asks anything."""

from __future__ import annotations

from bot.communities.connections import Connections
from bot.communities.registry import Communities
from bot.communities.sealing import Sealer, new_key
from bot.communities.shards import Shards
from bot.settings.cache import SettingsCache
from bot.sonoran import Credentials, SonoranClient
from bot.storage import Database
from bot.timing import Timing

SEALER = Sealer([new_key()])
HOSTS = Credentials("key-of-the-host", "Rockford")


def communities_in(
    database: Database,
    sealer: Sealer | None = SEALER,
    host: Credentials | None = HOSTS,
) -> Communities:
    return Communities(
        database,
        sealer,
        host=host,
        new_client=lambda _: SonoranClient.__new__(SonoranClient),
        keep_secret=lambda _: None,
        timing=Timing(),
    )


def connections_of(
    settings: SettingsCache,
    communities: Communities,
    *,
    guild_ids: frozenset[int] = frozenset(),
    shards: Shards | None = None,
) -> Connections:
    return Connections(
        settings,
        communities,
        guild_ids=guild_ids,
        role_ids=frozenset(),
        shards=shards,
        timing=Timing(),
    )
