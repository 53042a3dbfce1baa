"""Requests and replies as plain values.

Nothing here touches the network, so every rule can be tried with three values and no server.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

REPLY_BYTES = 64 * 1024  # how much of a reply's body is read; no refusal is longer

LONG_REPLY = 128 * 1024
"""Bytes of a reply that are not read within the event loop: they can take longer than 5 ms."""

LONGEST_DELAY = 86_400.0
"""The longest delay in seconds that is believed; no limit of either version is longer than that."""

_UNIX_TIME_FROM = 1e9
"""Seconds from which a delay must be a Unix time (2001), as it would be one of 31 years."""

_MILLISECONDS_FROM = 1e11
"""What a Unix time in seconds reaches in the year 5138, and one in milliseconds did in 1973."""

_TRACE_ID = re.compile(r"[\w.:|/+=-]{1,100}", re.ASCII)
_EDGE_CODE = re.compile(r"error code: [0-9]{3,5}", re.IGNORECASE)
"""Cloudflare's answer where no page is wanted, such as `error code: 1020` (its 1xxx errors)."""


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request to the CAD; headers and body may hold the key, so `repr` omits them.

    `secrets` are the forms of the key, which are blotted out of the reply should the CAD repeat it.
    `reply_bytes` is how much of a success's body is read, of any other body `REPLY_BYTES`.
    """

    method: str
    path: str
    query: Mapping[str, int] = field(default_factory=dict, kw_only=True)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)
    secrets: frozenset[str] = field(default=frozenset(), repr=False)
    reply_bytes: int = field(default=REPLY_BYTES, kw_only=True)


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: headers, found by names in lower case, and as much of the body as was read.

    `complete` is false when the body was cut, by the connection or by our own size limit. The
    body may hold calls and addresses of game servers, so `repr` omits it.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    complete: bool = True

    def without(self, secrets: Iterable[str]) -> Reply:
        """Return the reply with these texts blotted out."""
        reply, values = self, "\n".join(self.headers.values())
        for secret in secrets:
            if secret in values or secret.encode() in self.body:
                headers = {
                    name.lower(): value.replace(secret, "[redacted]")
                    for name, value in reply.headers.items()
                }
                body = reply.body.replace(secret.encode(), b"[redacted]")
                reply = replace(reply, headers=headers, body=body)
        return reply

    @property
    def text(self) -> str:
        """The body for people: UTF-8, undecodable bytes replaced, an HTML page only named."""
        if self.is_html:
            return f"(a web page instead of an API reply, status {self.status})"
        return self.body.decode("utf-8", errors="replace").strip()

    @property
    def words(self) -> str:
        """The service's own words: a problem's detail or title, a gateway's message, or the text.

        A rate limit comes from the gateway in front, as JSON with `message` and no problem
        document, whichever version was spoken to. A JSON string counts as the text within it.
        """
        if isinstance(self.json, str):
            return self.json.strip()
        for name in ("detail", "message", "title"):
            value = self.json_object.get(name)
            if isinstance(value, str) and value.strip():
                return value.strip()
        return self.text

    @property
    def is_html(self) -> bool:
        """Whether the body is a web page, judged by the body too as content types are unreliable.

        Version 1 documents no content type, so the header alone is not to be trusted.
        """
        start = self.body[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
        if start.startswith((b"<!doctype html", b"<html", b"<head", b"<body")):
            return True
        return "html" in self.headers.get("content-type", "").lower() and start.startswith(b"<")

    @property
    def is_from_edge(self) -> bool:
        """Whether a firewall or proxy in front of the CAD answered, by a page or a bare code."""
        return self.is_html or _EDGE_CODE.fullmatch(self.text) is not None

    @property
    def is_from_in_front(self) -> bool:
        """Whether this refusal is none of the CAD's: a page, or a gateway that found no address."""
        by_gateway = self.json_object.keys() >= {"message", "request_id"}
        refused = 400 <= self.status < 500 and self.status != 408
        return refused and (self.is_from_edge or (self.status in (404, 405) and by_gateway))

    @property
    def json(self) -> Any:
        """The body as JSON, whatever its content type; None when it is not JSON.

        Bytes that are no UTF-8, of which JSON can have some within texts alone, are replaced.
        """
        return json_of(self.body.decode("utf-8", "replace") if self.damaged else self.body)

    @property
    def damaged(self) -> bool:
        """Whether some of the body is no UTF-8."""
        try:
            self.body.decode("utf-8", "surrogatepass")
        except UnicodeDecodeError:
            return True
        return False

    @property
    def json_object(self) -> dict[str, Any]:
        """The JSON object with its outermost keys in lower case; empty when it is none.

        The API's casing is mixed and has changed before (documentation of 2026-04-27), so keys
        are compared without case.
        """
        return fields_of(self.json)

    @property
    def trace_id(self) -> str | None:
        """The service's own reference: body members or headers, as the official clients read it.

        Only what looks like one, as it goes into the log: no white space, 100 characters at most.
        """
        fields = self.json_object
        for value in (
            fields.get("traceid"),
            fields.get("requestid"),
            fields.get("request_id"),
            self.headers.get("x-trace-id"),
            self.headers.get("x-kong-request-id"),
        ):
            if isinstance(value, str) and _TRACE_ID.fullmatch(value):
                return value
        return None

    def retry_after(self, now: datetime) -> float | None:
        """Return the delay in seconds that the service asked for, None when it named none.

        `Retry-After` in seconds or as an HTTP date, else the reset headers that the official Lua
        client falls back to; a billion seconds or more are taken for a Unix time. It is at most
        `LONGEST_DELAY`.
        """
        for name in ("retry-after", "ratelimit-reset", "x-ratelimit-reset"):
            value = self.headers.get(name, "").strip()
            if not value:
                continue
            try:
                seconds = float(value)
            except ValueError:
                try:
                    moment = parsedate_to_datetime(value)
                except (ValueError, OverflowError):
                    continue
                if moment.tzinfo is None:
                    moment = moment.replace(tzinfo=UTC)
                seconds = (moment - now).total_seconds()
            if seconds > _MILLISECONDS_FROM:
                seconds /= 1000
            if seconds > _UNIX_TIME_FROM:
                seconds -= now.timestamp()
            if math.isfinite(seconds):
                return min(max(0.0, seconds), LONGEST_DELAY)
        return None


def json_of(text: str | bytes) -> Any:
    """Return a text's JSON, None when it is none.

    Reading a long one does not keep the event loop waiting, if it is done in another thread: that
    gets its turn at each object, where Python's own code is run.
    """
    try:
        return json.loads(text, object_hook=_same)
    except (ValueError, RecursionError):
        return None


def _same(value: dict[str, Any]) -> dict[str, Any]:
    return value


def fields_of(value: Any) -> dict[str, Any]:
    """Return a JSON object with its own keys in lower case; empty for any other value."""
    if not isinstance(value, dict):
        return {}
    return {str(key).lower(): item for key, item in value.items()}
