"""Durable delivery of notes: stored first, then sent; knows nothing of Discord."""

from bot.outbox.cleanup import Purge
from bot.outbox.errors import (
    AccessRefusedError,
    DuplicateInteractionError,
    OutboxFullError,
    ShareUsedError,
    StaleRevisionError,
    TooBusyError,
    TooOldError,
)
from bot.outbox.limits import Limits, Pace
from bot.outbox.models import Acknowledgement, NewNote, NoteRecord
from bot.outbox.read_slots import ReadSlots
from bot.outbox.repository import OutboxRepository
from bot.outbox.states import RETRY_SECONDS, NoteState
from bot.outbox.stored_failure import Failure, FailureKind, failure_of
from bot.outbox.waiting import WaitingNotes
from bot.outbox.worker import OutboxWorker

__all__ = [
    "RETRY_SECONDS",
    "AccessRefusedError",
    "Acknowledgement",
    "DuplicateInteractionError",
    "Failure",
    "FailureKind",
    "Limits",
    "NewNote",
    "NoteRecord",
    "NoteState",
    "OutboxFullError",
    "OutboxRepository",
    "OutboxWorker",
    "Pace",
    "Purge",
    "ReadSlots",
    "ShareUsedError",
    "StaleRevisionError",
    "TooBusyError",
    "TooOldError",
    "WaitingNotes",
    "failure_of",
]
