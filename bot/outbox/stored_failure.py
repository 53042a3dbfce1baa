"""What the CAD said to a note in place of "added", as data that the outbox keeps."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from bot.sonoran import Reason, SonoranError

STORED_TEXT_LIMIT = 4000
"""How many characters of the CAD's own text are kept; a reply may have 64 KiB."""


class FailureKind(StrEnum):
    """What a caller may do next; the values, which the outbox stores, name the CAD's errors."""

    REFUSED = "RefusedError"
    CREDENTIALS = "CredentialsError"
    RATE_LIMITED = "RateLimitedError"
    NO_EFFECT = "NoEffectError"
    OUTCOME_UNKNOWN = "OutcomeUnknownError"


_KINDS: dict[Any, FailureKind] = {kind.value: kind for kind in FailureKind}
_FIELDS: dict[str, Callable[[Any], Any]] = {
    "text": str,
    "status": int,
    "retry_after": float,
    "retry_in": float,
    "remembered": bool,
    "trace_id": str,
}


@dataclass(frozen=True, slots=True)
class Failure:
    """An error of the CAD's as data; the fields mean what they mean in `bot.sonoran.errors`.

    What the error does not have is None, and its text empty.
    """

    kind: FailureKind
    reason: Reason | None = None
    text: str = ""
    status: int | None = None
    retry_after: float | None = None
    retry_in: float | None = None
    remembered: bool = False
    trace_id: str | None = None

    @property
    def key(self) -> Reason | FailureKind:
        """What its words are looked up by: the reason where there is one, else the kind."""
        return self.reason or self.kind

    @property
    def about_credentials(self) -> bool:
        """Whether the CAD refused the credentials, and not a firewall in front of it."""
        return self.key is FailureKind.CREDENTIALS

    @property
    def refused(self) -> bool:
        """Whether the CAD, or a firewall in front of it, said no."""
        return self.kind in (FailureKind.REFUSED, FailureKind.CREDENTIALS)


STOPPED = Failure(FailureKind.OUTCOME_UNKNOWN, reason=Reason.STOPPED)
"""What came of a send whose process was stopped before the answer came."""


def failure_of(error: SonoranError) -> Failure:
    """Return an error of the CAD's as data."""
    known = {name: getattr(error, name, None) for name in ("reason", *_FIELDS)}
    return Failure(
        FailureKind(type(error).__name__),
        **{name: value for name, value in known.items() if value is not None},
    )


def dump_failure(failure: Failure | None) -> str | None:
    """Return a failure as JSON for the outbox; None for none."""
    if failure is None:
        return None
    fields = {name: value for name, value in asdict(failure).items() if value is not None}
    fields["error"] = fields.pop("kind")
    fields["text"] = failure.text[:STORED_TEXT_LIMIT]
    if failure.reason is not None:
        fields["reason"] = failure.reason.name
    return json.dumps(fields)


def load_failure(text: str | None) -> Failure | None:
    """Return the failure that `dump_failure` made JSON of.

    What cannot be read, or a later version of Callnote wrote and this one does not know, becomes
    OUTCOME_UNKNOWN, the most careful reading.
    """
    if text is None:
        return None
    try:
        return _read(json.loads(text))
    except Exception:  # whatever stands there, the note must be read
        return Failure(FailureKind.OUTCOME_UNKNOWN, reason=Reason.UNCLEAR_REPLY)


def _read(fields: dict[str, Any]) -> Failure:
    kind = _KINDS.get(fields.get("error"), FailureKind.OUTCOME_UNKNOWN)
    needed = kind in (FailureKind.NO_EFFECT, FailureKind.OUTCOME_UNKNOWN)
    unknown = Reason.UNCLEAR_REPLY if needed else None
    reason = Reason.__members__.get(str(fields.get("reason")), unknown)
    found = {name: value for name, value in fields.items() if value is not None}
    known = {name: read(found[name]) for name, read in _FIELDS.items() if name in found}
    return Failure(kind, reason=reason, **known)
