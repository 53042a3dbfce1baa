"""Notes written down before they are sent, and their delivery; knows nothing of Discord."""

from bot.journal.record import NewNote, NoteRecord
from bot.journal.states import NoteState

__all__ = ["NewNote", "NoteRecord", "NoteState"]
