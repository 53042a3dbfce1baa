"""How the database is, for a health check."""

from __future__ import annotations

from dataclasses import dataclass

from bot.storage import DatabaseUrl


@dataclass(frozen=True, slots=True)
class DatabaseHealth:
    """How the database of this `kind` is: `down`, or `full` at the last change of a setting.

    `wiped_by` is the hosting platform that wipes the disk with the file, None if none does.
    """

    kind: str
    wiped_by: str | None = None
    down: bool = False
    full: bool = False

    @property
    def on_volume(self) -> bool:
        """Whether that platform can mount a persistent volume, which it does not wipe."""
        return self.wiped_by not in (None, "Heroku")


def database_health(
    address: DatabaseUrl, host: str | None, *, down: bool = False, full: bool = False
) -> DatabaseHealth:
    """Return how a database is; `host` is as in `Config`."""
    wiped_by = host if address.kind == "SQLite" else None
    return DatabaseHealth(address.kind, wiped_by, down=down, full=full)
