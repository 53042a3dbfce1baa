"""Communities whose CADs nobody asks anything."""

from __future__ import annotations

from bot.communities.registry import Communities
from bot.communities.sealing import Sealer, new_key
from bot.sonoran import Credentials, SonoranClient
from bot.storage import Database

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
    )
