"""Version 1 of the CAD's API: how its requests look and what its plain-text replies mean.

From the documentation's v1 pages (add-call-note, get-calls, get-servers, get-version).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from bot.sonoran import listings, wire
from bot.sonoran.errors import CredentialsError, OutcomeUnknownError
from bot.sonoran.exchange import REPLY_BYTES, Reply, Request
from bot.sonoran.models import CallNote, ClosedCalls, Credentials

_PLANS: Final[Mapping[int, str]] = {
    0: "FREE",
    1: "STARTER",
    2: "STANDARD",
    3: "PLUS",
    4: "PRO",
    6: "SONORAN ONE",
}
"""The plans by the number that version 1 answers (official clients)."""

_ABOUT_CREDENTIALS: Final = re.compile(
    r"INVALID COMMUNITY ID|INVALID API KEY"
    r"|[A-Z ]{1,40} IS NOT ENABLED FOR THIS COMMUNITY|VERSION [A-Z ]{1,20} REQUIRED",
    re.IGNORECASE,
)
"""The 400 texts that would stand in the way of every request, not just of this one.

The documented ones, and the refusals that the official FiveM client treats as fatal. Each is the
whole reply: any other text may quote the note.
"""


def add_call_note(credentials: Credentials, note: CallNote) -> Request:
    """Build `ADD_CALL_NOTE` with the fields its page documents."""
    return _post(
        "emergency",
        "ADD_CALL_NOTE",
        credentials,
        {
            "serverId": note.server_id,
            "callId": note.call_id,
            "note": note.text,
            "label": note.label,
        },
    )


def read_added_note(reply: Reply, note: CallNote) -> str:
    """Read the plain-text reply to `ADD_CALL_NOTE`, and return it as it came."""
    text = reply.words
    if reply.complete and wire.call_named_as_noted(text) == note.call_id:
        return text
    raise wire.unclear_note(reply)


def get_calls(credentials: Credentials, server_id: int, closed: ClosedCalls) -> Request:
    """Build `GET_CALLS` for the dispatch calls of a server."""
    item = {"serverId": server_id, **closed.parameters}
    return _post("emergency", "GET_CALLS", credentials, item, reply_bytes=listings.CALL_LIST_BYTES)


def get_servers(credentials: Credentials) -> Request:
    """Build `GET_SERVERS`, which takes no data."""
    return _post("general", "GET_SERVERS", credentials)


def get_version(credentials: Credentials) -> Request:
    """Build `GET_VERSION`, which takes no data and works on every plan."""
    return _post("general", "GET_VERSION", credentials)


def read_plan(reply: Reply) -> str:
    """Read the plan's name from the digits that the reply begins with, as official clients do."""
    number = re.match(r"[0-9]{1,4}(?![0-9])", reply.words) if reply.complete else None
    if number is None:
        raise wire.unclear_read(reply)
    return _PLANS.get(int(number[0]), f"plan {int(number[0])}")


def is_answer(reply: Reply) -> bool:
    """Whether this reply to `get_version` is one that only version 1 gives."""
    if reply.status == 400:
        said = reply.words.rstrip(" .!")
        return bool(_ABOUT_CREDENTIALS.fullmatch(said)) or said.upper() == "INVALID REQUEST TYPE"
    try:
        return reply.status == 200 and bool(read_plan(reply))
    except OutcomeUnknownError:
        return False


def raise_failure(reply: Reply) -> None:
    """Raise what a reply amounts to unless it is a success; a 400 may be about credentials."""
    if reply.status == 400 and _ABOUT_CREDENTIALS.fullmatch(reply.words.rstrip(" .!")):
        raise CredentialsError(reply.words, status=400, trace_id=reply.trace_id)
    wire.raise_failure(reply)


def _post(
    group: str,
    request_type: str,
    credentials: Credentials,
    *items: Mapping[str, Any],
    reply_bytes: int = REPLY_BYTES,
) -> Request:
    body = {
        "id": credentials.community_id,
        "key": credentials.api_key,
        "type": request_type,
        "data": [dict(item) for item in items],
    }
    return Request(
        "POST",
        f"/{group}/{request_type.lower()}",
        {"Content-Type": "application/json"},
        json.dumps(body).encode(),
        secrets=credentials.forms_of_key,
        reply_bytes=reply_bytes,
    )
