"""What Callnote keeps, in SQLite or PostgreSQL; knows nothing of Discord."""

from bot.storage.database import Database
from bot.storage.database_url import DatabaseUrl
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
    "DatabaseInUseError",
    "DatabaseUrl",
    "NewerSchemaError",
    "StorageError",
    "StorageFullError",
    "StorageUnavailableError",
    "UnusableDatabaseError",
]
