"""What can go wrong at the CAD, cut by what a caller may do next.

SonoranError
├── RefusedError            the CAD said no: final, show its words
│   └── CredentialsError    the key, community or plan was turned down: an administrator must act
├── RateLimitedError        nothing happened; may be sent again after the delay
├── NoEffectError           nothing happened; may be sent again
└── OutcomeUnknownError     it was sent and no usable answer came: look before sending again
"""

from __future__ import annotations

from enum import Enum, auto


class Reason(Enum):
    """Why a request had no effect, or none that is known; the words for it are the caller's."""

    NO_CONNECTION = auto()  # no connection to the CAD could be made
    UNVERIFIED_CERTIFICATE = auto()  # what answered could not prove to be the CAD
    NO_ANSWER = auto()  # no answer came in time
    BROKEN_CONNECTION = auto()  # the connection broke before a status came
    SERVER_ERROR = auto()  # the CAD, or something in front of it, answered with an error of its own
    UNCLEAR_REPLY = auto()  # the CAD answered something that does not settle the question
    WRONG_ADDRESS = auto()  # there is no such request at this address, or it redirects elsewhere
    STOPPED = auto()  # the process was stopped before the answer came
    TURNED_AWAY = auto()  # a firewall in front of the CAD refused it, whatever the credentials
    NO_CREDENTIALS = auto()  # there are no credentials for the community, so nothing was sent


class SonoranError(Exception):
    """Root of the family; never raised itself.

    `trace_id` is the service's own reference for the request, when it gave one, for the log.
    No message of this family contains a key.
    """

    def __init__(self, message: str, *, trace_id: str | None = None) -> None:
        super().__init__(message)
        self.trace_id = trace_id


class RefusedError(SonoranError):
    """The CAD refused the request, which had no effect.

    `text` is the CAD's own error text (at most 64 KiB, possibly empty), `status` the HTTP status.
    """

    def __init__(self, text: str, *, status: int, trace_id: str | None = None) -> None:
        super().__init__(f"refused with status {status}", trace_id=trace_id)
        self.text = text
        self.status = status


class CredentialsError(RefusedError):
    """The key, the community or its plan was turned down, or so it seems.

    `retry_in` is the time in seconds during which the client answers from memory instead of
    asking again; it is 0 while nothing but this answer says so. `remembered` is true when this
    very error came from memory, with nothing sent. `from_edge` is true when a firewall in front of
    the CAD answered, which knows nothing of the credentials.
    """

    def __init__(
        self,
        text: str,
        *,
        status: int,
        trace_id: str | None = None,
        retry_in: float = 0.0,
        remembered: bool = False,
        from_edge: bool = False,
    ) -> None:
        super().__init__(text, status=status, trace_id=trace_id)
        self.retry_in = retry_in
        self.remembered = remembered
        self.from_edge = from_edge

    @property
    def reason(self) -> Reason | None:
        """TURNED_AWAY where a firewall answered, else None."""
        return Reason.TURNED_AWAY if self.from_edge else None

    @property
    def may_be_about_reading(self) -> bool:
        """Whether a key or plan that meets this when it reads something may still add notes."""
        return self.status in (402, 403) or self.text.upper().startswith("VERSION ")


class RateLimitedError(SonoranError):
    """Too many requests, without effect; `retry_after` is the delay in seconds, None if unnamed."""

    def __init__(
        self, text: str, *, retry_after: float | None, trace_id: str | None = None
    ) -> None:
        super().__init__("rate limited", trace_id=trace_id)
        self.text = text
        self.retry_after = retry_after


class NoEffectError(SonoranError):
    """The request certainly had no effect: it never left, or nothing took it up.

    `text` is what the CAD answered, None where no answer came.
    """

    def __init__(
        self, reason: Reason, *, text: str | None = None, trace_id: str | None = None
    ) -> None:
        super().__init__(reason.name, trace_id=trace_id)
        self.reason = reason
        self.text = text


class OutcomeUnknownError(SonoranError):
    """The request was sent, and what came back does not tell whether it took effect.

    `status` and `text` are what the CAD answered, None where no answer came; `text` is None for
    an unusable read, too. A read changes nothing and may be sent again, anything else could be
    done twice.
    """

    def __init__(
        self,
        reason: Reason,
        *,
        status: int | None = None,
        text: str | None = None,
        trace_id: str | None = None,
    ) -> None:
        super().__init__(
            reason.name if status is None else f"{reason.name}, status {status}", trace_id=trace_id
        )
        self.reason = reason
        self.status = status
        self.text = text
