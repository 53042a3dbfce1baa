"""How the database is, for a health check."""

from __future__ import annotations

from dataclasses import dataclass

from bot.storage import DatabaseUrl


@dataclass(frozen=True, slots=True)
class StorageHealth:
    """How the database is: `kind` names it, `trouble` says what is wrong, None if nothing.

    `full` means that it had no room for the last change of a setting. `wiped_by` is the hosting
    platform that wipes the disk with the file, None if none does; `on_volume` means that the
    platform can mount a persistent volume.
    """

    kind: str
    trouble: str | None = None
    full: bool = False
    wiped_by: str | None = None
    on_volume: bool = False


def storage_health(
    address: DatabaseUrl, host: str | None, trouble: str | None = None, *, full: bool = False
) -> StorageHealth:
    """Return how a database is; `host` is as in `Config`."""
    wiped_by = host if address.kind == "SQLite" else None
    return StorageHealth(
        address.kind, trouble, full, wiped_by, on_volume=wiped_by not in (None, "Heroku")
    )
