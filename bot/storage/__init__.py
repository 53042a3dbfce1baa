"""What Callnote keeps, in SQLite or PostgreSQL; knows nothing of Discord."""

from bot.storage.database import Database
from bot.storage.database_url import DatabaseAddress
from bot.storage.errors import (
    DatabaseInUseError,
    NewerSchemaError,
    StorageError,
    StorageFullError,
    StorageUnavailableError,
    UnusableDatabaseError,
)

__all__ = [
    "Database",
    "DatabaseAddress",
    "DatabaseInUseError",
    "NewerSchemaError",
    "StorageError",
    "StorageFullError",
    "StorageUnavailableError",
    "UnusableDatabaseError",
]
