"""Version 1 of the CAD's API: how its requests look and what its plain-text replies mean.

From the documentation's v1 pages (add-call-note, get-calls, get-servers, get-version).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from bot.sonoran import listings
from bot.sonoran.errors import CredentialsError, NoEffectError, OutcomeUnknownError, Reason
from bot.sonoran.models import AddedNote, CadServer, CallList, CallNote, Credentials
from bot.sonoran.wire import (
    REPLY_BYTES,
    Reply,
    Request,
    call_named_as_noted,
    error_of,
    nothing_took_it,
    unclear_read,
)

_PLANS: Final[Mapping[int, str]] = {
    0: "FREE",
    1: "STARTER",
    2: "STANDARD",
    3: "PLUS",
    4: "PRO",
    6: "SONORAN ONE",
}
"""The plans by the number that version 1 answers (official clients)."""


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


def read_added_note(reply: Reply, note: CallNote) -> AddedNote:
    """Read the plain-text reply to `ADD_CALL_NOTE`.

    Raises `NoEffectError` for the wrong-path placeholder, `OutcomeUnknownError` for any other 200
    that does not say the note was added to this call, else what the status means.
    """
    _raise_failure(reply)
    text = _text(reply)
    if reply.complete and call_named_as_noted(text) == note.call_id:
        return AddedNote(note.call_id, text, trace_id=reply.trace_id)
    raise OutcomeUnknownError(
        Reason.UNCLEAR_REPLY,
        status=reply.status,
        text=text,
        trace_id=reply.trace_id,
    )


def get_calls(credentials: Credentials, server_id: int) -> Request:
    """Build `GET_CALLS` for the dispatch calls of a server."""
    item = {"serverId": server_id, **listings.DISPATCH_CALLS}
    return _post("emergency", "GET_CALLS", credentials, item, reply_bytes=listings.CALL_LIST_BYTES)


def read_calls(reply: Reply, server_id: int) -> CallList:
    """Read the reply to `GET_CALLS`; raises as `read_added_note` does."""
    _raise_failure(reply)
    return listings.read_calls(reply, server_id)


def get_servers(credentials: Credentials) -> Request:
    """Build `GET_SERVERS`, which takes no data."""
    return _post("general", "GET_SERVERS", credentials)


def read_servers(reply: Reply) -> tuple[CadServer, ...]:
    """Read the reply to `GET_SERVERS`; raises as `read_added_note` does."""
    _raise_failure(reply)
    return listings.read_servers(reply)


def get_version(credentials: Credentials) -> Request:
    """Build `GET_VERSION`, which takes no data and works on every plan."""
    return _post("general", "GET_VERSION", credentials)


def read_plan(reply: Reply) -> str:
    """Read the plan's name from the digits that the reply begins with, as official clients do.

    Raises as `read_added_note` does.
    """
    _raise_failure(reply)
    number = re.match(r"[0-9]{1,4}(?![0-9])", _text(reply)) if reply.complete else None
    if number is None:
        raise unclear_read(reply)
    return _PLANS.get(int(number[0]), f"plan {int(number[0])}")


def _raise_failure(reply: Reply) -> None:
    """Raise what the reply amounts to unless it is a success."""
    if nothing_took_it(reply):
        raise NoEffectError(Reason.WRONG_ADDRESS, text=_text(reply), trace_id=reply.trace_id)
    if 200 <= reply.status < 300:
        return
    text = _text(reply)
    if reply.status == 400 and _is_about_credentials(text):
        raise CredentialsError(text, status=400, trace_id=reply.trace_id)
    raise error_of(reply, text)


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
        secret=credentials.api_key,
        reply_bytes=reply_bytes,
    )


def _text(reply: Reply) -> str:
    """Return the reply's line of text; a JSON string counts as the text within it."""
    value = reply.json
    return value.strip() if isinstance(value, str) else reply.words


def _is_about_credentials(text: str) -> bool:
    """Whether a 400 text would stand in the way of every request, not just this one.

    The documented texts, and the plan refusals that the official FiveM client treats as fatal.
    """
    upper = text.upper()
    return (
        "INVALID COMMUNITY ID" in upper
        or "INVALID API KEY" in upper
        or "IS NOT ENABLED FOR THIS COMMUNITY" in upper
        or (upper.startswith("VERSION ") and upper.endswith(" REQUIRED"))
    )
