"""Version 2 of the CAD's API: how its requests look and what its JSON replies mean.

From the documentation's v2 pages (authentication, add-call-note, get-calls, get-servers,
get-version, get-info) of 2026-08.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from bot.sonoran import listings
from bot.sonoran.exchange import REPLY_BYTES, Reply, Request, fields_of
from bot.sonoran.models import (
    CallNote,
    ClosedCalls,
    CommunityInfo,
    Credentials,
    VersionSign,
    added_text,
)
from bot.sonoran.wire import nothing_took_it, unclear_note, unclear_read
from bot.sonoran.wire import raise_failure as raise_failure

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
        secrets=credentials.forms_of_key,
    )


def read_added_note(reply: Reply, note: CallNote) -> str:
    """Read the reply, an object with `callId` and `note`, and return it in version 1's words."""
    fields = reply.json_object if reply.complete else {}
    if str(fields.get("callid")) != str(note.call_id):
        raise unclear_note(reply)
    stored = fields.get("note")
    shown = stored if isinstance(stored, str) and not reply.damaged else note.text
    return added_text(note.call_id, shown)


def get_calls(credentials: Credentials, server_id: int, closed: ClosedCalls) -> Request:
    """Build the request that lists the dispatch calls of a server."""
    path = f"/v2/emergency/servers/{server_id:d}/calls"
    size = listings.CALL_LIST_BYTES
    return get(credentials, path, query=closed.parameters, reply_bytes=size)


def get_servers(credentials: Credentials) -> Request:
    """Build the request that lists the community's servers."""
    return get(credentials, "/v2/general/servers")


def get_info(credentials: Credentials) -> Request:
    """Build the request for the community's description."""
    return get(credentials, "/v2/general/info")


def read_community(reply: Reply) -> CommunityInfo:
    """Read the community's id, its name, or the id again, and its time zone from the reply."""
    community = fields_of(reply.json_object.get("community")) if reply.complete else {}
    found = [community.get(name) for name in ("comid", "name", "timezone")]
    community_id, name, zone = (value.strip() if isinstance(value, str) else "" for value in found)
    if not (name or community_id):
        raise unclear_read(reply)
    return CommunityInfo(community_id, name or community_id, zone)


def get_version(credentials: Credentials) -> Request:
    """Build the cheapest read, which tells whether version 2 is there and takes the key."""
    return get(credentials, "/v2/general/version")


def read_plan(reply: Reply) -> str:
    """Return the plan's name; its number is not read, as the page pairs PLUS with 2, not 3."""
    name = reply.json_object.get("name") if reply.complete else None
    if not isinstance(name, str) or not name.strip():
        raise unclear_read(reply)
    return name.strip()


def read_version_sign(reply: Reply) -> VersionSign | None:
    """Return what the reply to `get_version` shows; None if that settles nothing.

    An outage, a rate limit or a redirect says nothing about which versions exist, nor does a page
    of a firewall.
    """
    if nothing_took_it(reply):
        return VersionSign.PLACEHOLDER
    status = reply.status
    if 300 <= status < 400 or status in (408, 429) or status >= 500 or not reply.complete:
        return None
    if status in (401, 402, 403) and reply.is_from_edge:
        return None
    if reply.is_html:
        return VersionSign.WEB_PAGE
    fields = reply.json_object
    if 200 <= status < 300 and fields.keys() & {"version", "name"}:
        return VersionSign.ANSWERED
    is_problem = "problem+json" in reply.headers.get("content-type", "").lower()
    if is_problem or ("title" in fields and "status" in fields) or status in (401, 402, 403):
        return VersionSign.REFUSED
    return VersionSign.NO_ADDRESS if status in (400, 404, 405) else None


def get(
    credentials: Credentials,
    path: str,
    *,
    query: Mapping[str, int] | None = None,
    reply_bytes: int = REPLY_BYTES,
) -> Request:
    """Build a request that reads."""
    return Request(
        "GET",
        path,
        _headers(credentials),
        secrets=credentials.forms_of_key,
        query=query or {},
        reply_bytes=reply_bytes,
    )


def _headers(credentials: Credentials) -> dict[str, str]:
    """Return the headers with which a request proves itself."""
    return {"Authorization": f"Bearer {credentials.api_key}", "Accept": "application/json"}
