"""Version 1 of the CAD's API: how its requests look and what its plain-text replies mean.

From the documentation's v1 pages, the Add Call Note page in particular.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from bot.sonoran.errors import CredentialsError, NoEffectError, OutcomeUnknownError, Reason
from bot.sonoran.models import AddedNote, CallNote, Credentials
from bot.sonoran.wire import Reply, Request, call_named_as_noted, error_of, nothing_took_it


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
    text = _text(reply)
    if nothing_took_it(reply):
        raise NoEffectError(Reason.WRONG_ADDRESS, text=text, trace_id=reply.trace_id)
    if 200 <= reply.status < 300:
        if reply.complete and call_named_as_noted(text) == note.call_id:
            return AddedNote(note.call_id, text, trace_id=reply.trace_id)
        raise OutcomeUnknownError(
            Reason.UNCLEAR_REPLY,
            status=reply.status,
            text=text,
            trace_id=reply.trace_id,
        )
    if reply.status == 400 and _is_about_credentials(text):
        raise CredentialsError(text, status=400, trace_id=reply.trace_id)
    raise error_of(reply, text)


def _post(
    group: str, request_type: str, credentials: Credentials, item: Mapping[str, Any]
) -> Request:
    body = {
        "id": credentials.community_id,
        "key": credentials.api_key,
        "type": request_type,
        "data": [dict(item)],
    }
    return Request(
        "POST",
        f"/{group}/{request_type.lower()}",
        {"Content-Type": "application/json"},
        json.dumps(body).encode(),
        secret=credentials.api_key,
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
