"""Notes written down before they are sent, and their delivery; knows nothing of Discord."""

from bot.outbox.limits import Limits
from bot.outbox.models import NewNote, NoteRecord
from bot.outbox.repository import (
    JournalFullError,
    JournalStore,
    MovedOnError,
    TakenError,
    TooOldError,
)
from bot.outbox.states import NoteState
from bot.outbox.waiting import WaitingNotes
from bot.outbox.worker import Delivery

__all__ = [
    "Delivery",
    "JournalFullError",
    "JournalStore",
    "Limits",
    "MovedOnError",
    "NewNote",
    "NoteRecord",
    "NoteState",
    "TakenError",
    "TooOldError",
    "WaitingNotes",
]
