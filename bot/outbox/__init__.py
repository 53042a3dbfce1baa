"""Durable delivery of notes: stored first, then sent; knows nothing of Discord."""

from bot.outbox.cleanup import Purge
from bot.outbox.errors import (
    AccessRefusedError,
    DuplicateInteractionError,
    NotDoneError,
    OutboxFullError,
    ShareUsedError,
    StaleRevisionError,
    TooBusyError,
    TooOldError,
)
from bot.outbox.history import NoteHistory
from bot.outbox.limits import Limits, RateUsage
from bot.outbox.models import HOST, Acknowledgement, NewNote, NoteRecord
from bot.outbox.read_slots import ReadSlots
from bot.outbox.reconciler import CallsRead
from bot.outbox.repository import OutboxRepository
from bot.outbox.states import RETRY_SECONDS, NoteState
from bot.outbox.stored_failure import Failure, FailureKind, failure_of
from bot.outbox.waiting import WaitingNotes
from bot.outbox.worker import OutboxWorker

__all__ = [
    "HOST",
    "RETRY_SECONDS",
    "AccessRefusedError",
    "Acknowledgement",
    "CallsRead",
    "DuplicateInteractionError",
    "Failure",
    "FailureKind",
    "Limits",
    "NewNote",
    "NotDoneError",
    "NoteHistory",
    "NoteRecord",
    "NoteState",
    "OutboxFullError",
    "OutboxRepository",
    "OutboxWorker",
    "Purge",
    "RateUsage",
    "ReadSlots",
    "ShareUsedError",
    "StaleRevisionError",
    "TooBusyError",
    "TooOldError",
    "WaitingNotes",
    "failure_of",
]
