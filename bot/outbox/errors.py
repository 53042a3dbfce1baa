"""Why a note was not accepted, or a transition not made."""

from __future__ import annotations

from bot.outbox.models import NoteRecord
from bot.outbox.stored_failure import Failure


class NotDoneError(Exception):
    """The outbox did not do what a member asked for; a base of those below."""


class DuplicateInteractionError(Exception):
    """The interaction's note is in the outbox already: another instance of Callnote has it."""


class OutboxFullError(NotDoneError):
    """`limit` notes are waiting already, so nothing was accepted."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"{limit} notes are waiting")
        self.limit = limit


class ShareUsedError(OutboxFullError):
    """The guild, or the member, has as many notes waiting as may, so that others have room."""


class AccessRefusedError(NotDoneError):
    """The CAD refuses a community's credentials, which is confirmed: nothing new is accepted."""

    def __init__(self, failure: Failure, community: str) -> None:
        super().__init__(f"the CAD refuses the credentials, status {failure.status}")
        self.failure = failure
        self.community = community


class TooBusyError(NotDoneError):
    """So many notes are being accepted that this one might not be acknowledged in time."""


class StaleRevisionError(NotDoneError):
    """The note is not where it was, so the transition was not made.

    `record` is what it is now, None when it is gone.
    """

    def __init__(self, record: NoteRecord | None) -> None:
        super().__init__("the note has moved on")
        self.record = record


class TooOldError(NotDoneError):
    """The note was given up more than `RETRY_SECONDS` ago, so it is not taken up again."""


class OutOfOrderError(Exception):
    """An earlier note for the same call is still on its way."""

    def __init__(self) -> None:
        super().__init__("an earlier note for the same call is on its way")


class HeldUpError(Exception):
    """A send waited so long that another process may have the note by now, so it was not begun."""


class RateUsedError(Exception):
    """All processes together have sent as many notes of the community as may go in a minute."""

    def __init__(self, per_minute: int) -> None:
        super().__init__(f"{per_minute} notes of its community were sent in the last minute")
