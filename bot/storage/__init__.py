"""What Callnote keeps, in SQLite or PostgreSQL; knows nothing of Discord."""

from bot.storage.database import Database
from bot.storage.database_url import DatabaseUrl
from bot.storage.errors import (
    UNUSABLE_AT_LAST,
    DatabaseInUseError,
    NewerSchemaError,
    StorageError,
    StorageFullError,
    StorageUnavailableError,
    UnusableDatabaseError,
)
from bot.storage.statements import NOW, CompiledStatement

__all__ = [
    "NOW",
    "UNUSABLE_AT_LAST",
    "CompiledStatement",
    "Database",
    "DatabaseInUseError",
    "DatabaseUrl",
    "NewerSchemaError",
    "StorageError",
    "StorageFullError",
    "StorageUnavailableError",
    "UnusableDatabaseError",
]
