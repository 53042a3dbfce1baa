"""What Callnote keeps, in SQLite or PostgreSQL; knows nothing of Discord."""

from bot.storage import journal_schema as _journal_schema  # noqa: F401 - its tables count, too
from bot.storage.address import DatabaseAddress
from bot.storage.database import Database
from bot.storage.errors import (
    DatabaseInUseError,
    NewerSchemaError,
    StorageError,
    StorageFullError,
    StorageUnavailableError,
    UnusableDatabaseError,
)
from bot.storage.guild_settings import (
    FROM_DISCORD,
    GuildSettings,
    GuildSettingsStore,
    SettingChange,
)

__all__ = [
    "FROM_DISCORD",
    "Database",
    "DatabaseAddress",
    "DatabaseInUseError",
    "GuildSettings",
    "GuildSettingsStore",
    "NewerSchemaError",
    "SettingChange",
    "StorageError",
    "StorageFullError",
    "StorageUnavailableError",
    "UnusableDatabaseError",
]
