"""A request as it arrived, and what it asks for."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from aiohttp import web

ADD_CALL_NOTE = "ADD_CALL_NOTE"

V1_KINDS: Mapping[str, str] = {
    "/emergency/add_call_note": "note",
    "/emergency/get_calls": "calls",
    "/general/get_servers": "servers",
    "/general/get_version": "version",
}
"""The v1 paths served and the kind of each (v1 pages: group, then the type in lower case)."""

V2_KINDS: Mapping[str, str] = {
    "/v2/general/servers": "servers",
    "/v2/general/version": "version",
    "/v2/general/info": "info",
    "/v2/general/accounts/account": "account",
}
"""The v2 paths without parameters and the kind of each (v2 pages of general/configuration, and
get-account)."""

V2_NOTES = re.compile(r"/v2/emergency/servers/([^/]+)/dispatch-calls/([^/]+)/notes")
"""Path of v2 page add-call-note: server ID, call ID."""

V2_IDENTIFIERS = re.compile(r"/v2/emergency/accounts/([^/]+)/identifiers")
"""Path of v2 page get-identifiers: account."""

V2_CALLS = re.compile(r"/v2/emergency/servers/([^/]+)/calls")
"""Path of v2 page get-calls: server ID."""


@dataclass
class RecordedRequest:
    """A request as it arrived, and how it was answered.

    `path` is decoded and without the query. `json` is the body read as JSON, or None where it
    is not JSON. `kind` is `note`, `calls`, `servers`, `version`, `info`, `account`,
    `identifiers` or `other`. `status` is the status of the answer, None as long as (or if)
    none was begun. `community` is the id of the community whose credentials it had, None for
    those of none. What may hold a key is left out of the printed form.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    json: object = field(repr=False)
    kind: str
    status: int | None = None
    community: str | None = None

    @property
    def bearer(self) -> str:
        """The key in the header that version 2 wants, empty without one."""
        scheme, _, key = self.headers.get("Authorization", "").partition(" ")
        return key.strip() if scheme.lower() == "bearer" else ""


async def read_request(request: web.Request) -> RecordedRequest:
    """Read a request to its end and return what it was; it has not been answered yet."""
    body = await request.read()
    value = _json_of(body)
    return RecordedRequest(
        method=request.method,
        path=request.path,
        query=request.query,
        headers=request.headers,
        body=body,
        json=value,
        kind=_kind_of(request.method, request.path, value),
    )


def _json_of(body: bytes) -> object:
    try:
        value: object = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value


def _kind_of(method: str, path: str, value: object) -> str:
    """Say what a request asks for, generously: a note sent to a wrong path is still a note."""
    if method == "POST":
        if path.startswith("/v2/") and path.endswith("/notes"):
            return "note"
        if isinstance(value, dict) and value.get("type") == ADD_CALL_NOTE:
            return "note"
        return V1_KINDS.get(path, "other")
    if V2_CALLS.fullmatch(path):
        return "calls"
    if V2_IDENTIFIERS.fullmatch(path):
        return "identifiers"
    return V2_KINDS.get(path, "other")
