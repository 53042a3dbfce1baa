"""What a member is told when the outbox did not do what was asked for."""

from __future__ import annotations

from bot.interactions.errors import Refusal
from bot.notes.problems import NoteProblem
from bot.outbox import (
    HOST,
    AccessRefusedError,
    NotDoneError,
    OutboxFullError,
    ShareUsedError,
    TooBusyError,
    TooOldError,
)


def refusal_of(error: NotDoneError) -> Refusal:
    """Return the refusal that tells of an error of the outbox."""
    match error:
        case ShareUsedError():
            return Refusal(NoteProblem.SHARE_USED)
        case OutboxFullError():
            return Refusal(NoteProblem.TOO_MANY_WAITING, limit=error.limit)
        case AccessRefusedError():
            own = error.community != HOST
            return Refusal(NoteProblem.ACCESS_REFUSED, failure=error.failure, own=own)
        case TooBusyError():
            return Refusal(NoteProblem.TOO_BUSY)
        case TooOldError():
            return Refusal(NoteProblem.NOTE_TOO_OLD)
        case _:  # the note has another state by now, or an earlier action answered its question
            return Refusal(NoteProblem.NOTE_MOVED_ON)
