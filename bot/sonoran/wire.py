"""What each API version offers, and how to read what both share."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Protocol

from bot.sonoran.errors import (
    CredentialsError,
    NoEffectError,
    OutcomeUnknownError,
    RateLimitedError,
    Reason,
    RefusedError,
    SonoranError,
)
from bot.sonoran.exchange import Reply, Request
from bot.sonoran.models import CallNote, ClosedCalls, Credentials

NOTHING_THERE = "Backend Service Reached"
"""Version 1's 200 for a path it does not know; nothing was done (official FiveM client, v3)."""

_TOO_LARGE = (413, 414, 431)  # which the same request always is, whoever says so
_ADDED_TAIL = re.compile(r"' added to call #(\d{1,16})\.?\s*\Z", re.IGNORECASE)


class Wire(Protocol):
    """What a module for one API version offers: build a request, read its reply if a success.

    Every read raises `OutcomeUnknownError` for a success that says nothing usable.
    """

    def raise_failure(self, reply: Reply) -> None:
        """Raise the `SonoranError` that a reply amounts to unless it is a success."""

    def add_call_note(self, credentials: Credentials, note: CallNote) -> Request:
        """Build the request that adds a note."""

    def read_added_note(self, reply: Reply, note: CallNote) -> str:
        """Return the CAD's word that it was added to this call."""

    def get_calls(self, credentials: Credentials, server_id: int, closed: ClosedCalls) -> Request:
        """Build the request that lists a server's dispatch calls; see `listings.read_calls`."""

    def get_servers(self, credentials: Credentials) -> Request:
        """Build the request that lists the community's servers; see `listings.read_servers`."""

    def get_version(self, credentials: Credentials) -> Request:
        """Build the request for the community's plan, the cheapest there is."""

    def read_plan(self, reply: Reply) -> str:
        """Return the plan's name."""


def call_named_as_noted(text: str) -> int | None:
    """Return the call id in `NOTE '<note>' added to call #<id>`, None for any other text.

    Only start and tail are judged, as the note stands unescaped between the apostrophes.
    """
    if not text.upper().startswith("NOTE '"):
        return None
    found = _ADDED_TAIL.search(text[-64:])
    return int(found[1]) if found else None


def nothing_took_it(reply: Reply) -> bool:
    """Whether the reply is the placeholder that means a wrong path and no effect."""
    text = reply.body[:200].decode("utf-8", errors="replace").strip().lower()
    return text.removeprefix("sonoran cad: ") == NOTHING_THERE.lower()


def raise_failure(reply: Reply) -> None:
    """Raise what a reply amounts to in either version unless it is a success."""
    if nothing_took_it(reply):
        raise NoEffectError(Reason.WRONG_ADDRESS, text=reply.words, trace_id=reply.trace_id)
    if not 200 <= reply.status < 300:
        raise error_of(reply)


def unclear_note(reply: Reply) -> OutcomeUnknownError:
    """Return the error for a success that does not say that the note was added to its call."""
    return OutcomeUnknownError(
        Reason.UNCLEAR_REPLY, status=reply.status, text=reply.words, trace_id=reply.trace_id
    )


def unclear_read(reply: Reply) -> OutcomeUnknownError:
    """Return the error for a successful read that says nothing usable.

    Without the reply's text, which may hold calls and addresses of game servers.
    """
    return OutcomeUnknownError(Reason.UNCLEAR_REPLY, status=reply.status, trace_id=reply.trace_id)


def error_of(reply: Reply) -> SonoranError:
    """Return the error that a reply which is no success amounts to, for both versions.

    A firewall or gateway in front that knows no such address says nothing of the CAD's calls. A
    server error may come from a service that had already stored the note, and so may a 301 to
    303, which can follow a completed request (RFC 9110, section 15.4); 307 and 308 ask for the
    request to be made elsewhere.
    """
    status, text, trace_id = reply.status, reply.words, reply.trace_id
    if status == 429:
        delay = reply.retry_after(datetime.now(UTC))
        return RateLimitedError(text, retry_after=delay, trace_id=trace_id)
    if status in (401, 402, 403):
        edge = reply.is_from_edge
        return CredentialsError(text, status=status, trace_id=trace_id, from_edge=edge)
    if status in (307, 308) or (status not in _TOO_LARGE and reply.is_from_in_front):
        return NoEffectError(Reason.WRONG_ADDRESS, text=text, trace_id=trace_id)
    if 400 <= status < 500 and status != 408:
        return RefusedError(text, status=status, trace_id=trace_id)
    return OutcomeUnknownError(Reason.SERVER_ERROR, status=status, text=text, trace_id=trace_id)
