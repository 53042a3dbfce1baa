"""Keeps what the CAD said to a note as text in the outbox, and gives it back as the same error."""

from __future__ import annotations

import json
from typing import Any

from bot.sonoran import (
    CredentialsError,
    NoEffectError,
    OutcomeUnknownError,
    RateLimitedError,
    Reason,
    RefusedError,
    SonoranError,
)

STORED_TEXT_LIMIT = 4000
"""How many characters of the CAD's own text are kept; a reply may have 64 KiB."""


def dump_failure(error: SonoranError | None) -> str | None:
    """Return an error as JSON for the outbox; None for none."""
    if error is None:
        return None
    fields: dict[str, Any] = {"error": type(error).__name__}
    text = getattr(error, "text", None)
    if isinstance(text, str):
        fields["text"] = text[:STORED_TEXT_LIMIT]
    for name in ("status", "retry_after", "retry_in", "remembered", "trace_id"):
        value = getattr(error, name, None)
        if value is not None:
            fields[name] = value
    reason = getattr(error, "reason", None)
    if isinstance(reason, Reason):
        fields["reason"] = reason.name
    return json.dumps(fields)


def load_failure(text: str | None) -> SonoranError | None:
    """Return the error that `dump_failure` put down.

    What a later version of Callnote wrote and this one does not know becomes an
    `OutcomeUnknownError`, the most careful reading.
    """
    if text is None:
        return None
    fields: dict[str, Any] = json.loads(text)
    error = _error_of(fields)
    error.trace_id = fields.get("trace_id")
    return error


def _error_of(fields: dict[str, Any]) -> SonoranError:
    said = str(fields.get("text") or "")
    status = int(fields.get("status") or 0)
    reason = Reason.__members__.get(str(fields.get("reason")), Reason.UNCLEAR_REPLY)
    match fields.get("error"):
        case "CredentialsError":
            return CredentialsError(
                said,
                status=status,
                retry_in=float(fields.get("retry_in") or 0.0),
                remembered=bool(fields.get("remembered")),
            )
        case "RefusedError":
            return RefusedError(said, status=status)
        case "RateLimitedError":
            return RateLimitedError(said, retry_after=fields.get("retry_after"))
        case "NoEffectError":
            return NoEffectError(reason, text=fields.get("text"), retry_in=fields.get("retry_in"))
    return OutcomeUnknownError(reason, status=fields.get("status"), text=fields.get("text"))
