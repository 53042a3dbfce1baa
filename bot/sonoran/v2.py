"""Version 2 of the CAD's API: how its requests look and what its JSON replies mean.

From the documentation's v2 pages (authentication, add-call-note, get-version) of 2026-08.
"""

from __future__ import annotations

import json
from enum import Enum, auto

from bot.sonoran.errors import NoEffectError, OutcomeUnknownError, Reason
from bot.sonoran.models import AddedNote, CallNote, Credentials
from bot.sonoran.wire import Reply, Request, error_of, nothing_took_it

NOTE_TYPE = "text"
"""The type in every documented example; the other known one, `link`, has no documented format."""


def add_call_note(credentials: Credentials, note: CallNote) -> Request:
    """Build the request that adds a note to a dispatch call."""
    body = {"note": note.text, "noteType": NOTE_TYPE, "label": note.label}
    return Request(
        "POST",
        f"/v2/emergency/servers/{note.server_id:d}/dispatch-calls/{note.call_id:d}/notes",
        {**_headers(credentials), "Content-Type": "application/json"},
        json.dumps(body).encode(),
        secret=credentials.api_key,
    )


def read_added_note(reply: Reply, note: CallNote) -> AddedNote:
    """Read the reply: an object with `callId` and `note`, or a problem document.

    Raises `OutcomeUnknownError` for a success that does not name this call, `NoEffectError` for
    the wrong-path placeholder, else what the status means.
    """
    text = reply.words
    if nothing_took_it(reply):
        raise NoEffectError(Reason.WRONG_ADDRESS, text=text, trace_id=reply.trace_id)
    if not 200 <= reply.status < 300:
        raise error_of(reply, text)
    fields = reply.json_object if reply.complete else {}
    if str(fields.get("callid")) != str(note.call_id):
        raise OutcomeUnknownError(
            Reason.UNCLEAR_REPLY,
            status=reply.status,
            text=text,
            trace_id=reply.trace_id,
        )
    stored = fields.get("note")
    shown = stored if isinstance(stored, str) else note.text
    return AddedNote(
        note.call_id, f"NOTE '{shown}' added to call #{note.call_id}", trace_id=reply.trace_id
    )


class Presence(Enum):
    """Whether a reply shows that version 2 is there."""

    PRESENT = auto()
    ABSENT = auto()
    UNCLEAR = auto()


def get_version(credentials: Credentials) -> Request:
    """Build the cheapest read, which tells whether version 2 is there and takes the key."""
    return Request("GET", "/v2/general/version", _headers(credentials), secret=credentials.api_key)


def read_presence(reply: Reply) -> tuple[Presence, str]:
    """Judge the reply to `get_version`; returns the verdict and its reason in a few words.

    An outage, a rate limit or a redirect says nothing about which versions exist, nor does a page
    of a firewall.
    """
    if nothing_took_it(reply):
        return Presence.ABSENT, "it answered 'Backend Service Reached' on a version 2 address"
    status = reply.status
    if 300 <= status < 400 or status in (408, 429) or status >= 500 or not reply.complete:
        return Presence.UNCLEAR, f"it answered with status {status}"
    if reply.is_html:
        if status in (401, 402, 403):
            return Presence.UNCLEAR, f"it answered with a web page, status {status}"
        return Presence.ABSENT, f"it answered with a web page, status {status}"
    fields = reply.json_object
    if 200 <= status < 300 and "version" in fields:
        return Presence.PRESENT, "it answered the version 2 request"
    is_problem = "problem+json" in reply.headers.get("content-type", "").lower()
    if is_problem or ("title" in fields and "status" in fields) or status in (401, 402, 403):
        return Presence.PRESENT, f"it refused in the manner of version 2, status {status}"
    if status in (400, 404, 405):
        return Presence.ABSENT, f"it has no version 2 address, status {status}"
    return Presence.UNCLEAR, f"it gave an answer of neither version, status {status}"


def _headers(credentials: Credentials) -> dict[str, str]:
    return {"Authorization": f"Bearer {credentials.api_key}", "Accept": "application/json"}
