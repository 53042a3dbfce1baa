"""Notes written down before they are sent, and their delivery; knows nothing of Discord."""

from bot.journal.delivery import Delivery
from bot.journal.limits import Limits
from bot.journal.record import NewNote, NoteRecord
from bot.journal.states import NoteState
from bot.journal.store import (
    JournalFullError,
    JournalStore,
    MovedOnError,
    TakenError,
    TooOldError,
)
from bot.journal.waiting import WaitingNotes

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
